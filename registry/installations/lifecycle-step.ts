/**
 * One step of the life of an installation. A state is written down before its hook runs and after it, each in a short
 * transaction under the organization's lock; hooks run outside, so that a slow guest holds up nobody. A step that its
 * server did not finish is found by its deadline (reconcile.ts).
 */
import { appendAudit, type Transaction } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Fault, Refusal } from '../../spec/refusal.ts';
import {
  announceChange,
  underOrgLock,
  type Acting,
  type InstallationsContext,
  type RuntimeVerdict,
} from './context.ts';
import type { Installation } from './entities/index.ts';
import { loadRows } from './organization-rows.ts';
import { SOURCE_STOPPED, type Seat } from './seat.ts';
import { settleSeats } from './seats.ts';
import { stateAfter, type LifecycleStep } from './state.ts';
import { stepDeadline } from './step-deadline.ts';

/** A step begins: the state says so, with a deadline for whoever does it. */
export async function enter(
  tx: Transaction,
  context: InstallationsContext,
  acting: Acting,
  row: Installation,
  step: 'activate' | 'deactivate',
  hooks: number,
): Promise<void> {
  moveTo(row, step);
  row.stepDeadlineAt = stepDeadline(context.now(), hooks);
  await tx.em.flush();
  await announceChange(context, tx, acting.orgId, row.pluginId);
}

/** A step ends. One that somebody else has ended meanwhile (by its deadline) is left as it is. */
export async function leave(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
  step: 'activated' | 'activationFailed' | 'activationUndone' | 'deactivated',
  reason: string | null,
): Promise<void> {
  await underOrgLock(context, acting.orgId, async (tx) => {
    const row = (await loadRows(tx, acting.orgId)).get(plugin);
    if (!row?.stepDeadlineAt) return;
    moveTo(row, step);
    row.reason = reason;
    row.stepDeadlineAt = null;
    row.servingSnapshotId = null;
    if (row.seat) followWish(row, row.seat, step);
    row.updatedAt = context.now();
    await announceChange(context, tx, acting.orgId, plugin);
    await appendAudit(tx, {
      scope: { kind: 'org', orgId: acting.orgId },
      actor: acting.actor,
      action: AUDIT_ACTIONS[step],
      subject: `plugin:${plugin}`,
      detail: { version: row.version, digest: row.digest, ...(row.reason ? { reason: row.reason } : {}) },
    });
    if (tx.scope.kind === 'instance') await settleSeats(tx, context, acting.actor);
  });
}

/** A seat remembers what its organization wants; its source may have stopped during the step. */
function followWish(row: Installation, seat: Seat, step: keyof typeof AUDIT_ACTIONS): void {
  const wish = step === 'activated' ? 'run' : 'stop';
  row.seat = { ...seat, wish };
  row.revision += 1;
  if (row.state !== 'active' || seat.source === 'runs') return;
  row.state = 'inactive';
  row.reason = SOURCE_STOPPED;
}

const AUDIT_ACTIONS = {
  activated: 'installation.activated',
  activationFailed: 'installation.activation-failed',
  activationUndone: 'installation.activation-undone',
  deactivated: 'installation.deactivated',
} as const;

function moveTo(row: Installation, step: LifecycleStep): void {
  const next = stateAfter(row.state, step, row.pluginId);
  if (next === 'gone') throw new Fault('a step that keeps an installation made it go');
  row.state = next;
}

/** Runs a hook. A reason is cut and made storable here, because a guest chooses the text of its errors. */
export async function verdictOf(run: () => Promise<RuntimeVerdict>): Promise<RuntimeVerdict> {
  try {
    const verdict = await run();
    if (verdict.kind === 'done') return verdict;
    const reason = verdict.reason.slice(0, REASON_CHARS_MAX).toWellFormed().replaceAll('\0', '\uFFFD');
    return { kind: 'failed', reason };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'failed', reason: error.message };
    return { kind: 'failed', reason: 'Souk could not run the plugin; the log of the server has the reason.' };
  }
}

const REASON_CHARS_MAX = 1_000;

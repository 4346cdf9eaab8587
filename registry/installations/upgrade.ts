/**
 * What follows a plan that replaced active plugins: the new versions are activated, while the ones before them serve.
 * If one fails, the plan is undone as a whole.
 */
import { appendAudit, type Transaction } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Fault } from '../../spec/refusal.ts';
import type { ReplacedStep, StepOutcome } from './apply-plan.ts';
import { writeReceipt } from './receipt.ts';
import { announceChange, underOrgLock, type Acting, type InstallationsContext } from './context.ts';
import { dependencyClosure, inActivationOrder } from './dependency-graph.ts';
import { InstallationEntity, InstallationSnapshotEntity } from './entities/index.ts';
import { activationFailed, requireReady, runActivation } from './activation.ts';
import { takeDown } from './deactivation.ts';
import { enter, leave } from './lifecycle-step.ts';
import { graphOfRows, loadRows, requireInstalled } from './organization-rows.ts';
import { requireSafe, type Dangers } from './danger.ts';
import { requireRunning } from './safe-mode.ts';
import { keptColumns } from './snapshots.ts';
import { stateAfter } from './state.ts';

/** What has to be activated for a plan to hold, in order. */
export type Upgrade = {
  readonly outcomes: readonly StepOutcome[];
  /** Replaced while it was active: the version before serves until the new one is active. */
  readonly begun: readonly PluginId[];
  /** Those among `begun` that were not active before: added now, or idle, and needed by what was replaced. */
  readonly started: readonly PluginId[];
};

/**
 * Called in the plan's own transaction, so that a crash leaves no doubt about what was under way.
 * @throws Refusal `config_invalid` where something that has to start with the upgrade is not configured
 */
export async function beginUpgrade(
  tx: Transaction,
  context: InstallationsContext,
  acting: Acting,
  outcomes: readonly StepOutcome[],
  dangers: Dangers,
): Promise<Upgrade> {
  const replaced = outcomes.flatMap((outcome) =>
    outcome.kind === 'replaced' && outcome.wasActive === 'yes' ? [outcome.plugin] : [],
  );
  if (replaced.length === 0) return { outcomes, begun: [], started: [] };
  await requireRunning(tx);
  const rows = await loadRows(tx, acting.orgId);
  const graph = graphOfRows(rows);
  const needed = new Set(replaced.flatMap((plugin) => dependencyClosure(graph, plugin)));
  const begun = inActivationOrder(graph).filter(
    (plugin) => needed.has(plugin) && (replaced.includes(plugin) || rows.get(plugin)?.state !== 'active'),
  );
  const started = begun.filter((plugin) => !replaced.includes(plugin));
  const starting = started.map((plugin) => requireInstalled(rows, plugin));
  await requireSafe(tx, acting.orgId, starting, dangers);
  for (const plugin of started) {
    const row = requireInstalled(rows, plugin);
    await requireReady(tx, context, row);
    await enter(tx, context, acting, row, 'activate', begun.length);
  }
  return { outcomes, begun, started };
}

/** @throws Refusal `activation_failed`, after the plan has been undone */
export async function finishUpgrade(
  context: InstallationsContext,
  acting: Acting,
  upgrade: Upgrade,
): Promise<void> {
  for (const plugin of upgrade.begun) {
    const verdict = await runActivation(context, acting, plugin);
    if (verdict.kind === 'done') continue;
    await undoPlan(context, acting, upgrade, { failed: plugin, reason: verdict.reason });
    throw activationFailed(plugin, verdict.reason);
  }
}

type Failure = { readonly failed: PluginId; readonly reason: string };

async function undoPlan(
  context: InstallationsContext,
  acting: Acting,
  { outcomes, begun, started }: Upgrade,
  { failed, reason }: Failure,
): Promise<void> {
  const because = `The upgrade was undone: ${failed} could not be activated: ${reason}`;
  if (outcomes.some(({ kind }) => kind === 'removed')) {
    // The data of what was removed is gone, so the set before the plan cannot come back: what failed stays so.
    for (const plugin of begun.slice(begun.indexOf(failed))) {
      await leave(
        context,
        acting,
        plugin,
        plugin === failed ? 'activationFailed' : 'activationUndone',
        because,
      );
    }
    return;
  }
  // The versions before come back first: they do not need what was started for the new ones.
  await underOrgLock(context, acting.orgId, async (tx) => {
    for (const outcome of outcomes) {
      if (outcome.kind === 'replaced') await putBack(tx, context, acting, outcome, because);
    }
  });
  await stopStarted(context, acting, started, because);
  await underOrgLock(context, acting.orgId, (tx) => takeAway(tx, context, acting, outcomes));
}

async function stopStarted(
  context: InstallationsContext,
  acting: Acting,
  started: readonly PluginId[],
  because: string,
): Promise<void> {
  const states = await context.database.transaction({ kind: 'org', orgId: acting.orgId }, async (tx) => {
    const rows = await loadRows(tx, acting.orgId);
    return started.map((plugin) => ({ plugin, state: rows.get(plugin)?.state }));
  });
  for (const { plugin, state } of states.toReversed()) {
    if (state === 'active') await takeDown(context, acting, plugin, because);
    if (state === 'activating') await leave(context, acting, plugin, 'activationUndone', because);
  }
}

/** What the plan added goes, but for what somebody has activated meanwhile. */
async function takeAway(
  tx: Transaction,
  context: InstallationsContext,
  { orgId }: Acting,
  outcomes: readonly StepOutcome[],
): Promise<void> {
  const added = outcomes.filter(({ kind }) => kind === 'added').map(({ plugin }) => plugin);
  const idle = ['installed', 'inactive', 'failed'] as const;
  await tx.em.nativeDelete(InstallationEntity, {
    orgId,
    pluginId: { $in: added },
    state: { $in: [...idle] },
  });
  for (const plugin of added) await announceChange(context, tx, orgId, plugin);
}

async function putBack(
  tx: Transaction,
  context: InstallationsContext,
  acting: Acting,
  { plugin, snapshotId }: ReplacedStep,
  because: string,
): Promise<void> {
  const row = requireInstalled(await loadRows(tx, acting.orgId), plugin);
  const snapshot = await tx.em.findOne(InstallationSnapshotEntity, { id: snapshotId, installation: row.id });
  if (!snapshot) throw new Fault('the version before an upgrade was not kept');
  const state = stateAfter(row.state, 'upgradeUndone', plugin);
  if (state === 'gone') throw new Fault('an undone upgrade made an installation go');
  Object.assign(row, keptColumns(snapshot), {
    state,
    reason: because,
    stepDeadlineAt: null,
    servingSnapshotId: null,
  });
  row.revision += 1;
  row.updatedAt = context.now();
  tx.em.remove(snapshot);
  writeReceipt(tx, acting, row, row.updatedAt);
  await announceChange(context, tx, acting.orgId, plugin);
  await appendAudit(tx, {
    scope: { kind: 'org', orgId: acting.orgId },
    actor: acting.actor,
    action: 'installation.upgrade-undone',
    subject: `plugin:${plugin}`,
    detail: { version: row.version, digest: row.digest, reason: because.slice(0, 1_000) },
  });
}

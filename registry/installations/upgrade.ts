/**
 * What follows a plan that replaced active plugins: the new versions are activated, while the ones before them serve.
 * If one fails, the plan is undone as a whole.
 */
import { appendAudit, type Transaction } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Fault } from '../../spec/refusal.ts';
import { writeReceipt, type ReplacedStep, type StepOutcome } from './apply-plan.ts';
import { announceChange, underOrgLock, type Acting, type InstallationsContext } from './context.ts';
import { dependencyClosure, graphOf } from './dependency-graph.ts';
import { InstallationEntity, InstallationSnapshotEntity } from './entities/index.ts';
import {
  activationFailed,
  deactivateOne,
  enter,
  leave,
  loadRows,
  requireInstalled,
  runActivation,
} from './lifecycle.ts';
import { stateAfter } from './state.ts';

/**
 * Finds what has to be activated for the plan to hold, in order: what was replaced while it was active, and what was
 * added because that needs it. Called in the plan's own transaction, so that a crash leaves no doubt about it.
 */
export async function beginUpgrade(
  tx: Transaction,
  context: InstallationsContext,
  acting: Acting,
  outcomes: readonly StepOutcome[],
): Promise<PluginId[]> {
  const replaced = outcomes.filter((outcome) => outcome.kind === 'replaced' && outcome.wasActive === 'yes');
  if (replaced.length === 0) return [];
  const rows = await loadRows(tx, acting.orgId);
  const graph = graphOf([...rows.values()].map(({ pluginId, manifest }) => ({ plugin: pluginId, manifest })));
  const needed = new Set(replaced.flatMap(({ plugin }) => dependencyClosure(graph, plugin)));
  // The steps of a plan are in the order of activation.
  const begun = outcomes.filter(
    (outcome) => replaced.includes(outcome) || (outcome.kind === 'added' && needed.has(outcome.plugin)),
  );
  for (const { plugin, kind } of begun) {
    if (kind === 'added')
      await enter(tx, context, acting, requireInstalled(rows, plugin), 'activate', begun.length);
  }
  return begun.map(({ plugin }) => plugin);
}

/** @throws Refusal `activation_failed`, after the plan has been undone */
export async function finishUpgrade(
  context: InstallationsContext,
  acting: Acting,
  outcomes: readonly StepOutcome[],
  begun: readonly PluginId[],
): Promise<void> {
  for (const plugin of begun) {
    const verdict = await runActivation(context, acting, plugin);
    if (verdict.kind === 'done') continue;
    await undoPlan(context, acting, outcomes, { begun, failed: plugin, reason: verdict.reason });
    throw activationFailed(plugin, verdict.reason);
  }
}

type Failure = { readonly begun: readonly PluginId[]; readonly failed: PluginId; readonly reason: string };

async function undoPlan(
  context: InstallationsContext,
  acting: Acting,
  outcomes: readonly StepOutcome[],
  { begun, failed, reason }: Failure,
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
  const added = outcomes.filter(({ kind }) => kind === 'added').map(({ plugin }) => plugin);
  await stopAdded(context, acting, added, because);
  await underOrgLock(context, acting.orgId, async (tx) => {
    for (const outcome of outcomes) {
      if (outcome.kind === 'replaced') await putBack(tx, context, acting, outcome, because);
    }
    await tx.em.flush();
    await tx.em.nativeDelete(InstallationEntity, { orgId: acting.orgId, pluginId: { $in: added } });
    for (const plugin of added) await announceChange(context, tx, acting.orgId, plugin);
  });
}

async function stopAdded(
  context: InstallationsContext,
  acting: Acting,
  added: readonly PluginId[],
  because: string,
): Promise<void> {
  const states = await context.database.transaction({ kind: 'org', orgId: acting.orgId }, async (tx) => {
    const rows = await loadRows(tx, acting.orgId);
    return added.map((plugin) => ({ plugin, state: rows.get(plugin)?.state }));
  });
  for (const { plugin, state } of states.toReversed()) {
    if (state === 'active') await deactivateOne(context, acting, plugin, because);
    if (state === 'activating') await leave(context, acting, plugin, 'activationUndone', because);
  }
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
  const { version, digest, manifest, signature, keyIds, ownerOrgId, range, isPinned, grants, config } =
    snapshot;
  Object.assign(row, {
    version,
    digest,
    manifest,
    signature,
    keyIds,
    ownerOrgId,
    range,
    isPinned,
    grants,
    config,
  });
  Object.assign(row, { state, reason: because, stepDeadlineAt: null, servingSnapshotId: null });
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
    detail: { version, digest, reason: because.slice(0, 1_000) },
  });
}

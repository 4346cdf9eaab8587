/** Activation: what a plugin needs comes up before it, all or none. */
import type { Transaction } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { requireFittingConfig } from '../../spec/plugin-config.ts';
import { Fault, Refusal } from '../../spec/refusal.ts';
import { configInEffect } from './config-in-effect.ts';
import { underOrgLock, type Acting, type InstallationsContext, type RuntimeVerdict } from './context.ts';
import { findDangers, requireSafe } from './danger.ts';
import { takeDown } from './deactivation.ts';
import { dependencyClosure } from './dependency-graph.ts';
import { InstallationEntity, InstallationSnapshotEntity, type Installation } from './entities/index.ts';
import type { InstalledGuest } from './guest.ts';
import { enter, leave, verdictOf } from './lifecycle-step.ts';
import { loadGuest } from './load-guest.ts';
import { graphOfRows, loadRows, requireInstalled, type Rows } from './organization-rows.ts';
import { loadInstanceConfig } from './planning/load-world.ts';
import type { OthersInvolved } from './planning/plan.ts';
import { requireRunning } from './safe-mode.ts';
import { requireSourceRuns, type Seat } from './seat.ts';
import { requireSecrets } from './secrets.ts';
import { stateAfter } from './state.ts';

/**
 * Activates a plugin, what it needs first. If one fails, all that were activated on the way go back.
 * @throws Refusal `plugin_not_installed`, `transition_not_allowed`, `transition_in_progress`, `dependency_not_active`,
 * `config_invalid`, `secret_missing`, `safe_mode_on`, `version_unsafe`, `activation_failed`
 */
export async function activate(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
  dependencies: OthersInvolved,
): Promise<void> {
  const begun = await beginActivation(context, acting, plugin, dependencies);
  const ran = await runActivations(context, acting, begun);
  if (ran.kind === 'failed') await undoActivation(context, acting, ran);
}

/** Writes down, in one transaction, that the plugin and what it needs are being activated. @returns them in order */
async function beginActivation(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
  dependencies: OthersInvolved,
): Promise<readonly PluginId[]> {
  const dangers = await findDangers(context, acting.orgId);
  return underOrgLock(context, acting.orgId, async (tx) => {
    const rows = await loadRows(tx, acting.orgId);
    const order = activationOf(rows, plugin, dependencies);
    await requireRunning(tx);
    await requireSafe(tx, acting.orgId, order, dangers);
    for (const row of order) await requireReady(tx, context, row);
    for (const row of order) await enter(tx, context, acting, row, 'activate', order.length);
    return order.map(({ pluginId }) => pluginId);
  });
}

/** Runs the hooks in order, up to the first that fails. */
async function runActivations(
  context: InstallationsContext,
  acting: Acting,
  begun: readonly PluginId[],
): Promise<{ readonly kind: 'done' } | FailedActivation> {
  const done: PluginId[] = [];
  for (const id of begun) {
    const verdict = await runActivation(context, acting, id);
    if (verdict.kind === 'failed') return { kind: 'failed', begun, done, failed: id, verdict };
    done.push(id);
  }
  return { kind: 'done' };
}

/** What has to be activated, dependencies first, the plugin last. */
function activationOf(rows: Rows, plugin: PluginId, dependencies: OthersInvolved): Installation[] {
  const wanted = requireInstalled(rows, plugin);
  // The plugin's own state is judged before its dependencies', so that an active one says so.
  stateAfter(wanted.state, 'activate', plugin);
  const closure = dependencyClosure(graphOfRows(rows), plugin);
  const idle = closure.filter((id) => id !== plugin && rows.get(id)?.state !== 'active');
  if (idle.length > 0 && dependencies === 'refuse') {
    throw new Refusal('dependency_not_active', {
      detail: `${plugin} needs ${idle.join(', ')}.`,
      extensions: { plugin, dependencies: idle },
    });
  }
  return [...idle, plugin].map((id) => requireInstalled(rows, id));
}

/** @throws Refusal `plugin_is_global`, `config_invalid`, `secret_missing` */
export async function requireReady(
  tx: Transaction,
  { heldSecrets }: InstallationsContext,
  row: Installation,
): Promise<void> {
  requireSourceRuns(row.pluginId, row.seat);
  const instance = (await loadInstanceConfig(tx, [row.pluginId])).get(row.pluginId) ?? {};
  requireFittingConfig(row.pluginId, row.manifest, configInEffect(row, instance));
  // What the organization does not set, a seat reads from its source, which is active.
  if (row.seat) return;
  requireSecrets({ id: row.id, plugin: row.pluginId }, row.manifest, await heldSecrets(tx, row.orgId));
}

/** Runs the hooks of a plugin that is `activating`, and writes down that it is active. */
export async function runActivation(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
): Promise<RuntimeVerdict> {
  const next = await readNext(context, acting.orgId, plugin);
  const verdict = await runHooks(context, next);
  if (verdict.kind === 'failed') return verdict;
  // A global plugin that plugins of organizations do not go with is found by the last step, and fails it.
  return verdictOf(async () => {
    await leave(context, acting, plugin, 'activated', null);
    return verdict;
  });
}

/** Those of a global plugin ran for its source. */
async function runHooks(
  { runtime }: InstallationsContext,
  { guest, upgradeFrom, seat }: NextGuest,
): Promise<RuntimeVerdict> {
  return seat ? { kind: 'done' } : verdictOf(() => runtime.activate(guest, upgradeFrom));
}

type NextGuest = {
  readonly guest: InstalledGuest;
  readonly upgradeFrom: string | null;
  readonly seat: Seat | null;
};

async function readNext(
  { database, trustedPublishers }: InstallationsContext,
  orgId: string,
  plugin: PluginId,
): Promise<NextGuest> {
  return database.transaction({ kind: 'org', orgId }, async (tx) => {
    const next = await loadGuest(tx, orgId, plugin, 'next', trustedPublishers);
    const row = await tx.em.findOne(InstallationEntity, { orgId, pluginId: plugin });
    if (!next || !row) throw new Fault('an installation went while it was being activated');
    const past = row.servingSnapshotId;
    const snapshot = past ? await tx.em.findOne(InstallationSnapshotEntity, { id: past }) : null;
    return { guest: next.guest, upgradeFrom: snapshot?.version ?? null, seat: row.seat ?? null };
  });
}

type FailedActivation = {
  readonly kind: 'failed';
  readonly begun: readonly PluginId[];
  readonly done: readonly PluginId[];
  readonly failed: PluginId;
  readonly verdict: Extract<RuntimeVerdict, { kind: 'failed' }>;
};

/** @throws Refusal `activation_failed`, after everything that was begun is back where it was */
async function undoActivation(
  context: InstallationsContext,
  acting: Acting,
  { begun, done, failed, verdict }: FailedActivation,
): Promise<never> {
  await leave(context, acting, failed, 'activationFailed', verdict.reason);
  const because = `${failed} could not be activated: ${verdict.reason}`;
  for (const id of begun) {
    if (id !== failed && !done.includes(id)) await leave(context, acting, id, 'activationUndone', because);
  }
  for (const id of done.toReversed()) await takeDown(context, acting, id, because);
  throw activationFailed(failed, verdict.reason);
}

export function activationFailed(plugin: PluginId, reason: string): Refusal {
  return new Refusal('activation_failed', {
    detail: `${plugin} could not be activated: ${reason}`,
    extensions: { plugin, reason },
  });
}

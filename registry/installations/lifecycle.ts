/**
 * Activation and deactivation. A state is written down before its hook runs and after it, each in a short transaction
 * under the organization's lock; hooks run outside, so that a slow guest holds up nobody. A step that its server did
 * not finish is found by its deadline (reconcile.ts).
 */
import { appendAudit, type Transaction } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Fault, Refusal } from '../../spec/refusal.ts';
import { requireFittingConfig } from '../../spec/plugin-config.ts';
import { configInEffect } from './config-in-effect.ts';
import {
  announceChange,
  underOrgLock,
  type Acting,
  type InstallationsContext,
  type RuntimeVerdict,
} from './context.ts';
import {
  dependantClosure,
  dependencyClosure,
  graphOf,
  inActivationOrder,
  type Graph,
} from './dependency-graph.ts';
import { InstallationEntity, InstallationSnapshotEntity, type Installation } from './entities/index.ts';
import type { InstalledGuest } from './guest.ts';
import { loadGuest } from './load-guest.ts';
import { loadInstanceConfig } from './planning/load-world.ts';
import type { OthersInvolved } from './planning/plan.ts';
import { requireSecrets } from './secrets.ts';
import { findDangers, requireSafe } from './danger.ts';
import { requireRunning } from './safe-mode.ts';
import { requireIdleOutside } from './global-reach.ts';
import { requireSourceRuns, SOURCE_STOPPED, type Seat } from './seat.ts';
import { settleSeats } from './seats.ts';
import { stateAfter, type LifecycleStep } from './state.ts';
import { stepDeadline } from './step-deadline.ts';

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

/**
 * Deactivates a plugin, those that need it first. Files and data stay. A hook that fails does not hold it up; the
 * reason is kept.
 * @throws Refusal `plugin_not_installed`, `transition_not_allowed`, `transition_in_progress`, `installation_needed`,
 * `global_plugin_needed`
 */
export async function deactivate(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
  dependants: OthersInvolved,
): Promise<void> {
  const order = await underOrgLock(context, acting.orgId, async (tx) => {
    const rows = await loadRows(tx, acting.orgId);
    stateAfter(requireInstalled(rows, plugin).state, 'deactivate', plugin);
    const others = activeDependants(rows, plugin);
    if (others.length > 0 && dependants === 'refuse') throw needed(plugin, others);
    if (tx.scope.kind === 'instance') await requireIdleOutside(tx, acting.orgId, [...others, plugin]);
    return [...others, plugin];
  });
  await takeDownInOrder(context, acting, order);
}

/** Deactivates all that are active, dependants first: the emergency brake of an organization. */
export async function deactivateAll(context: InstallationsContext, acting: Acting): Promise<PluginId[]> {
  const active = await underOrgLock(context, acting.orgId, async (tx) => {
    const rows = await loadRows(tx, acting.orgId);
    return inActivationOrder(graphOfRows(rows))
      .toReversed()
      .filter((id) => rows.get(id)?.state === 'active');
  });
  await takeDownInOrder(context, acting, active);
  return active;
}

function activeDependants(rows: Rows, plugin: PluginId): PluginId[] {
  const running = new Set(['active', 'activating']);
  return dependantClosure(graphOfRows(rows), plugin).filter(
    (id) => id !== plugin && running.has(rows.get(id)?.state ?? ''),
  );
}

function needed(plugin: PluginId, dependants: readonly PluginId[]): Refusal {
  return new Refusal('installation_needed', {
    detail: `${plugin} is needed by ${dependants.join(', ')}.`,
    extensions: { plugin, dependants: [...dependants] },
  });
}

/**
 * Takes one plugin down, unless an active one needs it: who activated meanwhile must not lose what it stands on.
 * @param because why it goes with another one; null where somebody asked for it
 * @returns the plugins that hold it up; none when it is down
 */
export async function takeDown(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
  because: string | null,
): Promise<readonly PluginId[]> {
  const { guest, seat, dependants } = await underOrgLock(context, acting.orgId, async (tx) => {
    const rows = await loadRows(tx, acting.orgId);
    const holding = activeDependants(rows, plugin);
    if (holding.length > 0) return { guest: undefined, seat: null, dependants: holding };
    const row = requireInstalled(rows, plugin);
    await enter(tx, context, acting, row, 'deactivate', 1);
    const next = await loadGuest(tx, acting.orgId, plugin, 'next', context.trustedPublishers);
    return { guest: next?.guest, seat: row.seat ?? null, dependants: holding };
  });
  if (!guest) return dependants;
  const verdict = seat ? DONE : await verdictOf(() => context.runtime.deactivate(guest));
  const reason = verdict.kind === 'failed' ? `Its deactivate hook failed: ${verdict.reason}` : null;
  await leave(context, acting, plugin, 'deactivated', because ?? reason);
  return [];
}

/** @throws Refusal `installation_needed` */
export async function takeDownInOrder(
  context: InstallationsContext,
  acting: Acting,
  order: readonly PluginId[],
): Promise<void> {
  for (const plugin of order) {
    const dependants = await takeDown(context, acting, plugin, null);
    if (dependants.length > 0) throw needed(plugin, dependants);
  }
}

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

const DONE: RuntimeVerdict = { kind: 'done' };

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

type Rows = ReadonlyMap<PluginId, Installation>;

export async function loadRows(tx: Transaction, orgId: string): Promise<Rows> {
  const rows = await tx.em.find(InstallationEntity, { orgId }, { orderBy: { pluginId: 'asc' } });
  return new Map(rows.map((row) => [row.pluginId, row]));
}

export function graphOfRows(rows: Rows): Graph {
  return graphOf([...rows.values()].map(({ pluginId, manifest }) => ({ plugin: pluginId, manifest })));
}

export function requireInstalled(rows: Rows, plugin: PluginId): Installation {
  const row = rows.get(plugin);
  if (row) return row;
  throw new Refusal('plugin_not_installed', {
    detail: `${plugin} is not installed in this organization.`,
    extensions: { plugin },
  });
}

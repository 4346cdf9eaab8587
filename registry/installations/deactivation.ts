/** Deactivation: what needs a plugin goes down before it. */
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { underOrgLock, type Acting, type InstallationsContext, type RuntimeVerdict } from './context.ts';
import { dependantClosure, inActivationOrder } from './dependency-graph.ts';
import { requireIdleOutside } from './global-reach.ts';
import { enter, leave, verdictOf } from './lifecycle-step.ts';
import { loadGuest } from './load-guest.ts';
import { graphOfRows, loadRows, requireInstalled, type Rows } from './organization-rows.ts';
import type { OthersInvolved } from './planning/plan.ts';
import { stateAfter, type InstallationState } from './state.ts';

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

const RUNNING: readonly InstallationState[] = ['active', 'activating'];

/** What is on its way down still stands on what it needs. Who asks for a plugin to go does not wait for that. */
export const RUNNING_OR_LEAVING: readonly InstallationState[] = [...RUNNING, 'deactivating'];

function activeDependants(rows: Rows, plugin: PluginId, states = RUNNING): PluginId[] {
  return dependantClosure(graphOfRows(rows), plugin).filter((id) => {
    const state = rows.get(id)?.state;
    return id !== plugin && state !== undefined && states.includes(state);
  });
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
 * @param holders in which states what needs it holds it up
 * @returns the plugins that hold it up; none when it is down
 */
export async function takeDown(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
  because: string | null,
  holders: readonly InstallationState[] = RUNNING,
): Promise<readonly PluginId[]> {
  const { guest, seat, dependants } = await underOrgLock(context, acting.orgId, async (tx) => {
    const rows = await loadRows(tx, acting.orgId);
    const holding = activeDependants(rows, plugin, holders);
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

const DONE: RuntimeVerdict = { kind: 'done' };

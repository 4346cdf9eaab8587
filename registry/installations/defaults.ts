/** What a new organization begins with: what an administrator of the instance made a default or built in. */
import type { Transaction } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { Acting, InstallationsContext } from './context.ts';
import { activate } from './activation.ts';
import { loadRows } from './organization-rows.ts';
import { applyPlan } from './plan-application.ts';
import { reconcileSeats } from './seats.ts';
import { createPlan } from './plans.ts';

export type DefaultOutcome = {
  readonly plugin: PluginId;
  readonly outcome: 'active' | 'installed' | 'failed';
  /** Why it is not active though it should be; null where it is as it should be. */
  readonly reason: string | null;
};

type Default = { readonly plugin: PluginId; readonly enabled: boolean };

/**
 * Gives the organization its seats of global plugins, and installs what it lacks of the defaults that it may see, each
 * with a plan of its own and the consent of whoever acts: an administrator of the instance, who is named in the
 * receipts. One that fails holds up no other.
 */
export async function applyDefaults(
  context: InstallationsContext,
  acting: Acting,
): Promise<DefaultOutcome[]> {
  const { orgId } = acting;
  await reconcileSeats(context, acting.actor);
  const missing = await context.database.transaction({ kind: 'org', orgId }, (tx) => loadMissing(tx, orgId));
  const outcomes: DefaultOutcome[] = [];
  for (const wanted of missing) outcomes.push(await applyDefault(context, acting, wanted));
  return outcomes;
}

/** In the scope of the organization: private plugins that it was not granted are not seen. */
async function loadMissing(tx: Transaction, orgId: string): Promise<Default[]> {
  const rows = await loadRows(tx, orgId);
  const defaults = await tx.em.execute<Default[]>(
    `select publisher || '/' || name as plugin, enabled_by_default as enabled from plugin
      where (enabled_by_default or is_built_in) and not is_global and latest_version is not null order by 1`,
  );
  return defaults.filter(({ plugin, enabled }) => {
    const held = rows.get(plugin);
    return !held || held.range === null || (enabled && held.state === 'installed');
  });
}

async function applyDefault(
  context: InstallationsContext,
  acting: Acting,
  { plugin, enabled }: Default,
): Promise<DefaultOutcome> {
  try {
    await installDefault(context, acting, plugin);
  } catch (error) {
    return { plugin, outcome: 'failed', reason: reasonOf(error) };
  }
  if (!enabled) return { plugin, outcome: 'installed', reason: null };
  try {
    await activate(context, acting, plugin, 'cascade');
    return { plugin, outcome: 'active', reason: null };
  } catch (error) {
    return { plugin, outcome: 'installed', reason: reasonOf(error) };
  }
}

async function installDefault(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
): Promise<void> {
  const { orgId } = acting;
  const rows = await context.database.transaction({ kind: 'org', orgId }, (tx) => loadRows(tx, orgId));
  if (rows.get(plugin)?.range) return;
  const plan = await createPlan(context, acting, { kind: 'install', plugin });
  const grants = plan.permissions.map(({ plugin: asking, permission }) => ({ plugin: asking, permission }));
  await applyPlan(context, acting, plan.id, { grants });
}

function reasonOf(error: unknown): string {
  if (error instanceof Refusal && error.entry.kind !== 'fault') return error.message;
  throw error;
}

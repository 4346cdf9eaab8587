/** From a plan that was shown to what is installed: stop what goes, change everything at once, activate. */
import type { PluginId } from '../../spec/plugin-id.ts';
import { carryOut, checkReady } from './apply-plan.ts';
import type { Consent } from './consent.ts';
import { scopeOf, underOrgLock, type Acting, type InstallationsContext } from './context.ts';
import { findDangers } from './danger.ts';
import { takeDownInOrder } from './deactivation.ts';
import { loadRows } from './organization-rows.ts';
import { beginUpgrade, finishUpgrade, type Upgrade } from './upgrade.ts';

/**
 * Applies exactly the plan that was shown: deactivates what goes, changes everything in one transaction, activates
 * what takes the place of something active.
 * @throws Refusal `plan_not_found`, `plan_outdated`, `consent_missing`, `consent_excessive`, `config_invalid`,
 * `transition_in_progress`, `installation_needed`, `global_plugin_needed`, `activation_failed`
 */
export async function applyPlan(
  context: InstallationsContext,
  acting: Acting,
  planId: string,
  consent: Consent,
): Promise<void> {
  await stopWhatGoes(context, acting, planId, consent);
  const upgrade = await commitPlan(context, acting, planId, consent);
  await finishUpgrade(context, acting, upgrade);
}

/** Hooks need their data, so they run before it goes; the plan and the consent are judged first. */
async function stopWhatGoes(
  context: InstallationsContext,
  acting: Acting,
  planId: string,
  consent: Consent,
): Promise<void> {
  const scope = await scopeOf(context, acting.orgId);
  const going: PluginId[] = await context.database.transaction(scope, async (tx) => {
    const { plan } = await checkReady(tx, context, acting.orgId, planId, consent);
    const rows = await loadRows(tx, acting.orgId);
    return plan.steps
      .filter(({ kind, plugin }) => kind === 'remove' && rows.get(plugin)?.state === 'active')
      .map(({ plugin }) => plugin);
  });
  await takeDownInOrder(context, acting, going);
}

async function commitPlan(
  context: InstallationsContext,
  acting: Acting,
  planId: string,
  consent: Consent,
): Promise<Upgrade> {
  const dangers = await findDangers(context, acting.orgId);
  return underOrgLock(context, acting.orgId, async (tx) => {
    const ready = await checkReady(tx, context, acting.orgId, planId, consent);
    return beginUpgrade(tx, context, acting, await carryOut(tx, context, acting, ready), dangers);
  });
}

/**
 * Upgrades that ask for more than the version in place. Nothing of theirs is installed: what waits is the plan as it
 * was shown, and it is computed anew when somebody consents, so that the consent is for what would really come.
 */
import { isDeepStrictEqual } from 'node:util';
import { appendAudit, type Transaction } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { actorName } from './actor.ts';
import type { Consent } from './consent.ts';
import { underOrgLock, type Acting, type InstallationsContext } from './context.ts';
import { PendingUpgradeEntity, type PendingUpgrade } from './entities/index.ts';
import { viewOfPending, type PendingUpgradeView } from './pending-upgrade-view.ts';
import { applyPlan } from './plan-application.ts';
import type { HeldBack, PlanAnswer } from './planning/plan.ts';
import { createPlan, type Plan } from './plans.ts';

export type UpgradeOutcome =
  /** Nothing newer fits; `heldBack` where something newer is kept out by others. */
  | { readonly kind: 'current'; readonly heldBack?: HeldBack }
  | { readonly kind: 'upgraded'; readonly version: string }
  | { readonly kind: 'pending'; readonly pending: PendingUpgradeView };

/** @throws Refusal as `createPlan` and `applyPlan` */
export async function requestUpgrade(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
  range: string | undefined,
): Promise<UpgradeOutcome> {
  const plan = await createPlan(context, acting, {
    kind: 'upgrade',
    plugin,
    ...(range === undefined ? {} : { range }),
  });
  const own = plan.changes.find((change) => change.plugin === plugin);
  if (!own?.toVersion || own.kind === 'keep')
    return { kind: 'current', ...(plan.heldBack ? { heldBack: plan.heldBack } : {}) };
  if (needsNobody(plan)) {
    await applyPlan(context, acting, plan.id, { grants: [] });
    return { kind: 'upgraded', version: own.toVersion };
  }
  return { kind: 'pending', pending: viewOfPending(await keepPending(context, acting, plugin, plan)) };
}

/** Nothing new is asked for, nobody else stands behind the package, and no name is taken from another plugin. */
function needsNobody({ permissions, advisories, conflicts }: PlanAnswer): boolean {
  const isWarned = advisories.some(({ kind }) => kind !== 'deprecated' && kind !== 'unsigned');
  return permissions.length === 0 && conflicts.length === 0 && !isWarned;
}

function keepPending(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
  { id: _id, fingerprint: _fingerprint, expiresAt: _expiresAt, request, ...answer }: Plan,
): Promise<PendingUpgrade> {
  return underOrgLock(context, acting.orgId, async (tx) => {
    const pending = await tx.em.upsert(PendingUpgradeEntity, {
      orgId: acting.orgId,
      pluginId: plugin,
      request,
      answer,
      createdAt: context.now(),
      createdBy: actorName(acting.actor),
    });
    await audit(tx, acting, plugin, 'installation.upgrade-pending');
    return pending;
  });
}

/**
 * Applies what waits, with a consent to exactly what was shown.
 * @throws Refusal `upgrade_not_pending`; `plan_outdated` where the upgrade would be another one by now, which then
 * waits in its place; as `applyPlan`
 */
export async function acceptUpgrade(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
  consent: Consent,
): Promise<void> {
  const { request, answer } = await requirePending(context, acting.orgId, plugin);
  const plan = await createPlan(context, acting, request);
  if (!isSameOffer(plan, answer)) {
    await keepPending(context, acting, plugin, plan);
    throw new Refusal('plan_outdated', {
      detail: `The upgrade of ${plugin} is not what was shown any more.`,
      hint: 'Look at the upgrade that waits now, and consent to that one. Nothing was changed.',
    });
  }
  await applyPlan(context, acting, plan.id, consent);
}

function isSameOffer(next: PlanAnswer, shown: PlanAnswer): boolean {
  const essence = ({ changes, permissions, advisories, conflicts }: PlanAnswer): unknown =>
    // What was kept as JSON has no members that are undefined.
    JSON.parse(
      JSON.stringify([changes.filter(({ kind }) => kind !== 'keep'), permissions, advisories, conflicts]),
    );
  return isDeepStrictEqual(essence(next), essence(shown));
}

/** Forgets what waits; the version in place stays. @throws Refusal `upgrade_not_pending` */
export async function declineUpgrade(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
): Promise<void> {
  await underOrgLock(context, acting.orgId, async (tx) => {
    const where = { orgId: acting.orgId, pluginId: plugin };
    if ((await tx.em.nativeDelete(PendingUpgradeEntity, where)) === 0) throw notPending(plugin);
    await audit(tx, acting, plugin, 'installation.upgrade-declined');
  });
}

async function requirePending(
  { database }: InstallationsContext,
  orgId: string,
  pluginId: PluginId,
): Promise<PendingUpgrade> {
  const pending = await database.transaction({ kind: 'org', orgId }, (tx) =>
    tx.em.findOne(PendingUpgradeEntity, { orgId, pluginId }),
  );
  if (!pending) throw notPending(pluginId);
  return pending;
}

function notPending(plugin: PluginId): Refusal {
  return new Refusal('upgrade_not_pending', { detail: `No upgrade of ${plugin} waits here.` });
}

async function audit(
  tx: Transaction,
  { orgId, actor }: Acting,
  plugin: PluginId,
  action: string,
): Promise<void> {
  const subject = `plugin:${plugin}`;
  await appendAudit(tx, { scope: { kind: 'org', orgId }, actor, action, subject });
}

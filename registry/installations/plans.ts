/** Plans: computed, kept for a while, and read again. */
import { randomUUIDv7 } from 'node:crypto';
import { appendAudit, type Transaction } from '../../database/index.ts';
import { Refusal } from '../../spec/refusal.ts';
import { splitPluginId } from '../../spec/plugin-id.ts';
import { PluginEntity } from '../entities/index.ts';
import { actorName } from './actor.ts';
import { requireRemovable } from './built-in.ts';
import { scopeOf, type Acting, type InstallationsContext } from './context.ts';
import { InstallationPlanEntity, type InstallationPlan } from './entities/index.ts';
import { globalsAfter, reachOf } from './global-reach.ts';
import { checkRequest } from './planning/check-request.ts';
import { computePlan, resolveRequest, versionsToBring, type ComputedPlan } from './planning/compute-plan.ts';
import { loadOffered, loadWorld } from './planning/load-world.ts';
import type { PlanAnswer, PlanRequest } from './planning/plan.ts';
import { versionsByName, type OfferedVersions } from './planning/world.ts';
import { decidedByInstance } from './seat.ts';

/** Long enough to read it and ask somebody; the fingerprint guards against what happens meanwhile. */
const PLAN_MS_MAX = 60 * 60_000;

/** Plans of one organization at a time; the oldest make room. */
const PLANS_MAX = 100;

/** A plan as it is shown. */
export type Plan = {
  readonly id: string;
  readonly fingerprint: string;
  readonly request: PlanRequest;
  readonly expiresAt: Date;
} & PlanAnswer;

/**
 * Computes a plan and keeps it. Changes nothing else, and holds no transaction while the resolver thinks: should the
 * world move meanwhile, the fingerprint says so when the plan is applied.
 */
export async function createPlan(
  context: InstallationsContext,
  acting: Acting,
  request: PlanRequest,
): Promise<Plan> {
  const scope = await scopeOf(context, acting.orgId);
  const checked = checkRequest(request);
  const world = await context.database.transaction(scope, async (tx) => {
    await requireOffer(tx, checked);
    return loadWorld(tx, acting.orgId, checked, context.heldSecrets);
  });
  const resolved = await resolveRequest(checked, world, context.resolverOf(acting.orgId));
  return context.database.transaction(scope, async (tx) => {
    const offered = versionsByName(await loadOffered(tx, versionsToBring(resolved, world)));
    const computed = computePlan(resolved, world, offered);
    await requireRemovable(tx, computed.steps);
    const answer = { ...computed.answer, ...(await reachIfGlobal(tx, acting.orgId, computed, offered)) };
    return keepPlan(tx, acting, request, { ...computed, answer }, context.now());
  });
}

/** What a plan of the instance's own organization means for the others; nothing for any other plan. */
async function reachIfGlobal(
  tx: Transaction,
  orgId: string,
  { steps }: ComputedPlan,
  offered: OfferedVersions,
): Promise<Pick<PlanAnswer, 'reach'>> {
  if (tx.scope.kind !== 'instance') return {};
  return { reach: await reachOf(tx, orgId, globalsAfter(steps, offered)) };
}

/**
 * The instance installs what it offers as global, and organizations install the rest.
 * @throws Refusal `plugin_is_global`, `plugin_not_global`
 */
async function requireOffer(tx: Transaction, request: PlanRequest): Promise<void> {
  if (request.kind !== 'install') return;
  const plugin = await tx.em.findOne(PluginEntity, splitPluginId(request.plugin), {
    disableIdentityMap: true,
  });
  if (!plugin) return;
  if (tx.scope.kind === 'instance' && !plugin.isGlobal) {
    throw new Refusal('plugin_not_global', {
      detail: `${request.plugin} is offered to organizations.`,
      extensions: { plugin: request.plugin },
    });
  }
  if (tx.scope.kind === 'org' && plugin.isGlobal) {
    throw decidedByInstance(request.plugin, 'only the instance installs it, for every organization.');
  }
}

async function keepPlan(
  tx: Transaction,
  { orgId, actor }: Acting,
  request: PlanRequest,
  { answer, steps, fingerprint }: ComputedPlan,
  createdAt: Date,
): Promise<Plan> {
  await forgetOldPlans(tx, orgId, createdAt);
  const id = randomUUIDv7();
  const expiresAt = new Date(createdAt.getTime() + PLAN_MS_MAX);
  const kept = { id, orgId, request, answer, steps, fingerprint, expiresAt };
  await tx.em.insert(InstallationPlanEntity, {
    ...kept,
    createdAt,
    createdBy: actorName(actor),
    appliedAt: null,
  });
  await appendAudit(tx, {
    scope: { kind: 'org', orgId },
    actor,
    action: 'plan.made',
    subject: `plan:${id}`,
    detail: { kind: request.kind, ...('plugin' in request ? { plugin: request.plugin } : {}) },
  });
  return { id, fingerprint, request, expiresAt, ...answer };
}

/** @throws Refusal `plan_not_found` */
export function readPlan(
  { database, now }: InstallationsContext,
  orgId: string,
  planId: string,
): Promise<Plan> {
  return database.transaction({ kind: 'org', orgId }, async (tx) => {
    const { id, fingerprint, request, expiresAt, answer } = await requirePlan(tx, orgId, planId, now());
    return { id, fingerprint, request, expiresAt, ...answer };
  });
}

async function forgetOldPlans(tx: Transaction, orgId: string, now: Date): Promise<void> {
  await tx.em.execute(
    `delete from installation_plan where org_id = ? and (expires_at < ? or id in (
       select id from installation_plan where org_id = ? order by created_at desc, id desc offset ?))`,
    [orgId, now, orgId, PLANS_MAX - 1],
  );
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u;

/** @throws Refusal `plan_not_found` for one that is unknown, expired or another organization's */
export async function requirePlan(
  tx: Transaction,
  orgId: string,
  planId: string,
  now: Date,
): Promise<InstallationPlan> {
  const plan = UUID.test(planId) ? await tx.em.findOne(InstallationPlanEntity, { id: planId, orgId }) : null;
  if (plan && plan.expiresAt > now) return plan;
  throw new Refusal('plan_not_found', {
    detail: plan ? 'The plan has expired.' : 'The organization has no plan with this id.',
  });
}

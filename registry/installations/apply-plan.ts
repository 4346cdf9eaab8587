/** Applying a plan: exactly what was shown, in one transaction, or not at all. */
import { randomUUIDv7 } from 'node:crypto';
import { appendAudit, type Transaction } from '../../database/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { coversPermission, type Permission } from '../../spec/permission.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Fault, Refusal } from '../../spec/refusal.ts';
import { actorName } from './actor.ts';
import { requireRemovable } from './built-in.ts';
import { configViolations, effectiveConfig, requireFittingConfig } from '../../spec/plugin-config.ts';
import { checkConsent, type Consent, type ConsentedGrants } from './consent.ts';
import { announceChange, type Acting, type InstallationsContext } from './context.ts';
import { ActionRoleEntity } from './entities/action-role.ts';
import {
  InstallationEntity,
  PendingUpgradeEntity,
  type Installation,
  type InstallationPlan,
} from './entities/index.ts';
import { globalsAfter, requireNoBreak } from './global-reach.ts';
import { writeReceipt } from './receipt.ts';
import { settleSeats } from './seats.ts';
import { keptGrants } from './permission-difference.ts';
import { fingerprintOf } from './planning/fingerprint.ts';
import { loadInstalled, loadInstanceConfig, loadOffered } from './planning/load-world.ts';
import type { PlanStep } from './planning/plan.ts';
import { versionsByName, type OfferedVersion, type OfferedVersions } from './planning/world.ts';
import { requirePlan } from './plans.ts';
import { requireSecrets } from './secrets.ts';
import { forgetOldSnapshots, requireSnapshot, takeSnapshot } from './snapshots.ts';
import { stateAfter } from './state.ts';
import { stepDeadline } from './step-deadline.ts';

/** A plan that still fits the world, and a consent that fits the plan: the only thing that can be carried out. */
export type ReadyPlan = {
  readonly plan: InstallationPlan;
  readonly grants: ConsentedGrants;
  readonly offered: OfferedVersions;
};

export type AddedStep = { readonly kind: 'added'; readonly plugin: PluginId };
export type ReplacedStep = {
  readonly kind: 'replaced';
  readonly plugin: PluginId;
  /** What it was before. */
  readonly snapshotId: string;
  readonly wasActive: 'yes' | 'no';
};
export type StepOutcome =
  | AddedStep
  | ReplacedStep
  | { readonly kind: 'removed' | 'held'; readonly plugin: PluginId };

/**
 * @throws Refusal `plan_not_found`, `plan_outdated`, `consent_missing`, `consent_excessive`, `built_in_not_removable`,
 * `global_plugin_needed`
 */
export async function checkReady(
  tx: Transaction,
  { now }: InstallationsContext,
  orgId: string,
  planId: string,
  consent: Consent,
): Promise<ReadyPlan> {
  const plan = await requirePlan(tx, orgId, planId, now());
  if (plan.appliedAt) throw new Refusal('plan_outdated', { detail: 'The plan was applied already.' });
  await requireRemovable(tx, plan.steps);
  const brought = plan.steps.flatMap((step) =>
    step.kind === 'add' || step.kind === 'replace' ? [step] : [],
  );
  const offered = versionsByName(await loadOffered(tx, brought));
  const installed = await loadInstalled(tx, orgId);
  if (fingerprintOf(plan.steps, installed.values(), offered) !== plan.fingerprint) {
    throw new Refusal('plan_outdated', {
      detail:
        'Since the plan was made, an installation of the organization or a package of the plan has changed.',
    });
  }
  if (tx.scope.kind === 'instance') await requireNoBreak(tx, orgId, globalsAfter(plan.steps, offered));
  return { plan, offered, grants: checkConsent(plan.answer.permissions, consent) };
}

/** Carries out a plan, step by step in the order of activation. Must be called under the lock of the organization. */
export async function carryOut(
  tx: Transaction,
  context: InstallationsContext,
  acting: Acting,
  ready: ReadyPlan,
): Promise<StepOutcome[]> {
  const outcomes: StepOutcome[] = [];
  for (const step of ready.plan.steps) outcomes.push(await carryOutStep(tx, context, acting, ready, step));
  ready.plan.appliedAt = context.now();
  await auditPlan(tx, acting, ready.plan);
  if (tx.scope.kind === 'instance') await settleSeats(tx, context, acting.actor);
  return outcomes;
}

async function carryOutStep(
  tx: Transaction,
  context: InstallationsContext,
  acting: Acting,
  ready: ReadyPlan,
  step: PlanStep,
): Promise<StepOutcome> {
  await announceChange(context, tx, acting.orgId, step.plugin);
  switch (step.kind) {
    case 'add':
      return add(tx, context, acting, ready, step);
    case 'replace':
      return replace(tx, context, acting, ready, step);
    case 'hold':
      return hold(tx, acting, step);
    case 'remove':
      return remove(tx, acting, step);
  }
}

async function add(
  tx: Transaction,
  { now }: InstallationsContext,
  acting: Acting,
  { grants, offered }: ReadyPlan,
  step: Extract<PlanStep, { kind: 'add' }>,
): Promise<StepOutcome> {
  const version = requireOffered(offered, step);
  const at = now();
  const row = tx.em.create(InstallationEntity, {
    id: randomUUIDv7(),
    orgId: acting.orgId,
    pluginId: step.plugin,
    ...packageColumns(version),
    state: 'installed',
    range: step.range,
    isPinned: step.isPinned,
    grants: grants.get(step.plugin) ?? [],
    config: {},
    revision: 1,
    installedAt: at,
    installedBy: actorName(acting.actor),
    updatedAt: at,
  });
  tx.em.persist(row);
  writeReceipt(tx, acting, row, at);
  await tx.em.flush();
  return { kind: 'added', plugin: step.plugin };
}

async function replace(
  tx: Transaction,
  context: InstallationsContext,
  acting: Acting,
  { grants, offered }: ReadyPlan,
  step: Extract<PlanStep, { kind: 'replace' }>,
): Promise<StepOutcome> {
  const row = await requireRow(tx, acting.orgId, step.plugin);
  const version = requireOffered(offered, step);
  const { config, wasActive } = await requireReplaceable(tx, context, row, {
    version,
    from: step.snapshotId,
  });
  const at = context.now();
  const snapshot = takeSnapshot(tx, row, acting, at);
  const state = stateAfter(row.state, 'replace', step.plugin);
  if (state === 'gone') throw new Fault('a replaced installation does not go');
  Object.assign(row, packageColumns(version), {
    state,
    config,
    range: step.range,
    isPinned: step.isPinned,
    grants: nextGrants(row.grants, version, grants.get(step.plugin) ?? []),
    revision: row.revision + 1,
    reason: null,
    updatedAt: at,
    servingSnapshotId: wasActive === 'yes' ? snapshot.id : null,
    stepDeadlineAt: wasActive === 'yes' ? stepDeadline(at) : null,
  });
  await forgetPendingUpgrade(tx, acting.orgId, step.plugin);
  writeReceipt(tx, acting, row, at);
  await tx.em.flush();
  await forgetOldSnapshots(tx, row);
  return { kind: 'replaced', plugin: step.plugin, snapshotId: snapshot.id, wasActive };
}

type Replacement = { readonly config: JsonObject; readonly wasActive: 'yes' | 'no' };

/**
 * @param next.from the snapshot whose configuration comes back, null to keep the present one
 * @returns what the next version begins with
 * @throws Refusal `config_invalid` or `secret_missing` where it could not take the place of the present one
 */
async function requireReplaceable(
  tx: Transaction,
  { heldSecrets }: InstallationsContext,
  row: Installation,
  { version, from }: { readonly version: OfferedVersion; readonly from: string | null },
): Promise<Replacement> {
  const { config } = from === null ? row : await requireSnapshot(tx, row, from);
  await requireConfigSurvives(tx, row, version, config);
  if (row.state !== 'active') return { config, wasActive: 'no' };
  // It is activated at once, in the place of the version that runs.
  const held = await heldSecrets(tx, row.orgId);
  requireSecrets({ id: row.id, plugin: row.pluginId }, version.manifest, held);
  return { config, wasActive: 'yes' };
}

/** What was held, as far as the new version still asks for it, and what was consented to now. */
function nextGrants(
  held: readonly Permission[],
  { manifest }: OfferedVersion,
  consented: readonly Permission[],
): Permission[] {
  const kept = keptGrants(held, manifest.permissions ?? []);
  // What is now granted with more is not held a second time.
  return [...kept.filter((grant) => !consented.some((wide) => coversPermission(wide, grant))), ...consented];
}

/** A configuration that fits the version in place must fit the next one too. @throws Refusal `config_invalid` */
async function requireConfigSurvives(
  tx: Transaction,
  row: Installation,
  next: OfferedVersion,
  config: JsonObject,
): Promise<void> {
  const instance = (await loadInstanceConfig(tx, [row.pluginId])).get(row.pluginId) ?? {};
  const fitsNow =
    configViolations(row.manifest, effectiveConfig(row.manifest, instance, row.config)).length === 0;
  if (fitsNow)
    requireFittingConfig(row.pluginId, next.manifest, effectiveConfig(next.manifest, instance, config));
}

async function hold(
  tx: Transaction,
  { orgId }: Acting,
  step: Extract<PlanStep, { kind: 'hold' }>,
): Promise<StepOutcome> {
  const row = await requireRow(tx, orgId, step.plugin);
  row.range = step.range;
  row.isPinned = step.isPinned;
  row.revision += 1;
  return { kind: 'held', plugin: step.plugin };
}

async function remove(
  tx: Transaction,
  { orgId }: Acting,
  step: Extract<PlanStep, { kind: 'remove' }>,
): Promise<StepOutcome> {
  const row = await requireRow(tx, orgId, step.plugin);
  stateAfter(row.state, 'uninstall', step.plugin);
  await forgetDecisions(tx, orgId, step.plugin);
  await tx.em.nativeDelete(InstallationEntity, { id: row.id, orgId });
  return { kind: 'removed', plugin: step.plugin };
}

/** It was about the version that was in place. */
async function forgetPendingUpgrade(tx: Transaction, orgId: string, pluginId: PluginId): Promise<void> {
  await tx.em.nativeDelete(PendingUpgradeEntity, { orgId, pluginId });
}

/** What the organization decided about a plugin goes with it: who installs it anew decides anew. */
async function forgetDecisions(tx: Transaction, orgId: string, pluginId: PluginId): Promise<void> {
  await forgetPendingUpgrade(tx, orgId, pluginId);
  await tx.em.nativeDelete(ActionRoleEntity, { orgId, pluginId });
}

function requireOffered(
  offered: OfferedVersions,
  { plugin, version }: { plugin: PluginId; version: string },
): OfferedVersion {
  const found = offered.find(plugin, version);
  if (!found) throw new Fault('a plan that fits its fingerprint lacks a package');
  return found;
}

async function requireRow(tx: Transaction, orgId: string, pluginId: PluginId): Promise<Installation> {
  const row = await tx.em.findOne(InstallationEntity, { orgId, pluginId });
  if (!row) throw new Fault('a plan that fits its fingerprint lacks an installation');
  return row;
}

type PackageColumns = Pick<
  Installation,
  'version' | 'digest' | 'manifest' | 'signature' | 'keyIds' | 'ownerOrgId'
>;

function packageColumns({
  version,
  digest,
  manifest,
  signature,
  keyIds,
  ownerOrgId,
}: OfferedVersion): PackageColumns {
  return { version, digest, manifest, signature, keyIds: [...keyIds], ownerOrgId };
}

async function auditPlan(tx: Transaction, { orgId, actor }: Acting, plan: InstallationPlan): Promise<void> {
  const scope = { kind: 'org', orgId } as const;
  await appendAudit(tx, { scope, actor, action: 'plan.applied', subject: `plan:${plan.id}` });
  for (const { kind, plugin, fromVersion, toVersion, digest } of plan.answer.changes) {
    if (kind === 'keep') continue;
    await appendAudit(tx, {
      scope,
      actor,
      action: `installation.${ACTIONS[kind]}`,
      subject: `plugin:${plugin}`,
      detail: { fromVersion, toVersion, digest, plan: plan.id },
    });
  }
}

const ACTIONS = { add: 'added', upgrade: 'upgraded', downgrade: 'downgraded', remove: 'removed' } as const;

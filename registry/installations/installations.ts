/** The installations of all organizations: the one object that the server works with. */
import type { AuditActor, Database } from '../../database/index.ts';
import { findOrganization } from '../../identity/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Permission } from '../../spec/permission.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { RESOLUTION_BUDGET_DEFAULT, ResolverThread } from '../resolver/index.ts';
import { carryOut, checkReady } from './apply-plan.ts';
import type { Consent } from './consent.ts';
import { underOrgLock, type Acting, type InstallationsContext, type RuntimePort } from './context.ts';
import { openGuestCache } from './guest-cache.ts';
import type { GuestDescription } from './guest.ts';
import { activate, deactivate, deactivateAll, takeDownInOrder, loadRows, verdictOf } from './lifecycle.ts';
import type { RuntimeVerdict } from './context.ts';
import { loadGuest } from './load-guest.ts';
import { createPlan, readPlan, type Plan } from './plans.ts';
import type { OthersInvolved, OrgLock, PlanRequest } from './planning/plan.ts';
import { exportLock, listInstallations, listReceipts, readInstallation } from './reading.ts';
import type { InstallationView, ReceiptView } from './reading.ts';
import { reconcile } from './reconcile.ts';
import { decideRequest, listRequests, requestPlugin, type Decision, type RequestView } from './requests.ts';
import { narrowGrants, setConfig, setInstanceConfig } from './settings.ts';
import { beginUpgrade, finishUpgrade, type Upgrade } from './upgrade.ts';

export type InstallationsOptions = {
  readonly database: Database;
  readonly runtime: RuntimePort;
  /** Publishers whose signed packages run in the trusted tier. */
  readonly trustedPublishers?: ReadonlySet<string>;
  /** The clock of plans and deadlines. */
  readonly now?: () => Date;
};

/** Every function that takes an organization's id sees and changes that organization alone. */
export type Installations = {
  createPlan(acting: Acting, request: PlanRequest): Promise<Plan>;
  readPlan(orgId: string, planId: string): Promise<Plan>;
  applyPlan(acting: Acting, planId: string, consent: Consent): Promise<InstallationView[]>;
  activate(acting: Acting, plugin: PluginId, dependencies: OthersInvolved): Promise<InstallationView>;
  deactivate(acting: Acting, plugin: PluginId, dependants: OthersInvolved): Promise<InstallationView>;
  deactivateAll(acting: Acting): Promise<PluginId[]>;
  uninstall(acting: Acting, plugin: PluginId, dependants: OthersInvolved): Promise<void>;
  health(orgId: string, plugin: PluginId): Promise<RuntimeVerdict>;
  list(orgId: string): Promise<InstallationView[]>;
  read(orgId: string, plugin: PluginId): Promise<InstallationView>;
  receipts(orgId: string, plugin: PluginId): Promise<ReceiptView[]>;
  exportLock(orgId: string): Promise<OrgLock>;
  setConfig(acting: Acting, plugin: PluginId, config: JsonObject): Promise<InstallationView>;
  narrowGrants(acting: Acting, plugin: PluginId, grants: readonly Permission[]): Promise<InstallationView>;
  setInstanceConfig(actor: AuditActor, plugin: PluginId, config: JsonObject): Promise<void>;
  /** For the hot path: kept until the installation changes. Undefined where there is no such org or installation. */
  describeGuest(orgSlug: string, plugin: PluginId): Promise<GuestDescription | undefined>;
  requestPlugin(acting: Acting, plugin: PluginId, reason: string): Promise<RequestView>;
  decideRequest(acting: Acting, requestId: string, decision: Decision): Promise<RequestView>;
  listRequests(orgId: string): Promise<RequestView[]>;
  reconcile(): Promise<number>;
  close(): Promise<void>;
};

export async function openInstallations(options: InstallationsOptions): Promise<Installations> {
  const { database, runtime } = options;
  const thread = new ResolverThread();
  const context: InstallationsContext = {
    database,
    runtime,
    trustedPublishers: options.trustedPublishers ?? new Set(),
    cache: await openGuestCache(database),
    resolver: (problem) => thread.resolve(problem, RESOLUTION_BUDGET_DEFAULT),
    now: options.now ?? (() => new Date()),
  };
  const view = (orgId: string, plugin: PluginId): Promise<InstallationView> =>
    readInstallation(context, orgId, plugin);
  return {
    createPlan: (acting, request) => createPlan(context, acting, request),
    readPlan: (orgId, planId) => readPlan(context, orgId, planId),
    applyPlan: (acting, planId, consent) => applyPlan(context, acting, planId, consent),
    activate: async (acting, plugin, dependencies) => {
      await activate(context, acting, plugin, dependencies);
      return view(acting.orgId, plugin);
    },
    deactivate: async (acting, plugin, dependants) => {
      await deactivate(context, acting, plugin, dependants);
      return view(acting.orgId, plugin);
    },
    deactivateAll: (acting) => deactivateAll(context, acting),
    uninstall: (acting, plugin, dependants) => uninstall(context, acting, plugin, dependants),
    health: (orgId, plugin) => health(context, orgId, plugin),
    list: (orgId) => listInstallations(context, orgId),
    read: view,
    receipts: (orgId, plugin) => listReceipts(context, orgId, plugin),
    exportLock: (orgId) => exportLock(context, orgId),
    setConfig: async (acting, plugin, config) => {
      await setConfig(context, acting, plugin, config);
      return view(acting.orgId, plugin);
    },
    narrowGrants: async (acting, plugin, grants) => {
      await narrowGrants(context, acting, plugin, grants);
      return view(acting.orgId, plugin);
    },
    setInstanceConfig: (actor, plugin, config) => setInstanceConfig(context, actor, plugin, config),
    describeGuest: describer(context),
    requestPlugin: (acting, plugin, reason) => requestPlugin(context, acting, plugin, reason),
    decideRequest: (acting, requestId, decision) => decideRequest(context, acting, requestId, decision),
    listRequests: (orgId) => listRequests(context, orgId),
    reconcile: () => reconcile(context),
    close: async () => {
      context.cache.close();
      await thread.close();
    },
  };
}

/**
 * Applies exactly the plan that was shown: deactivates what goes, changes everything in one transaction, activates
 * what takes the place of something active.
 * @throws Refusal `plan_not_found`, `plan_outdated`, `consent_missing`, `consent_excessive`, `config_invalid`,
 * `transition_in_progress`, `installation_needed`, `activation_failed`
 */
async function applyPlan(
  context: InstallationsContext,
  acting: Acting,
  planId: string,
  consent: Consent,
): Promise<InstallationView[]> {
  await stopWhatGoes(context, acting, planId, consent);
  const upgrade = await commitPlan(context, acting, planId, consent);
  await finishUpgrade(context, acting, upgrade);
  return listInstallations(context, acting.orgId);
}

/** Hooks need their data, so they run before it goes; the plan and the consent are judged first. */
async function stopWhatGoes(
  context: InstallationsContext,
  acting: Acting,
  planId: string,
  consent: Consent,
): Promise<void> {
  const going = await context.database.transaction({ kind: 'org', orgId: acting.orgId }, async (tx) => {
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
  return underOrgLock(context, acting.orgId, async (tx) => {
    const ready = await checkReady(tx, context, acting.orgId, planId, consent);
    return beginUpgrade(tx, context, acting, await carryOut(tx, context, acting, ready));
  });
}

/** @throws Refusal `plugin_not_installed`, `installation_needed`, `transition_in_progress` */
async function uninstall(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
  dependants: OthersInvolved,
): Promise<void> {
  const plan = await createPlan(context, acting, { kind: 'remove', plugin, dependants });
  await applyPlan(context, acting, plan.id, { grants: [] });
}

async function health(
  context: InstallationsContext,
  orgId: string,
  plugin: PluginId,
): Promise<RuntimeVerdict> {
  const { state, reason } = await readInstallation(context, orgId, plugin);
  if (state !== 'active') return { kind: 'failed', reason: reason ?? `The plugin is ${state}.` };
  const description = await context.database.transaction({ kind: 'org', orgId }, (tx) =>
    loadGuest(tx, orgId, plugin, 'serving', context.trustedPublishers),
  );
  if (!description) return { kind: 'failed', reason: 'The plugin has just been uninstalled.' };
  return verdictOf(() => context.runtime.health(description.guest));
}

/** Slugs never change (DESIGN section 13), so an organization that was found once is known. */
function describer(context: InstallationsContext): Installations['describeGuest'] {
  const orgIds = new Map<string, string>();
  const { database, cache, trustedPublishers } = context;
  return async (orgSlug, plugin) => {
    const orgId = orgIds.get(orgSlug) ?? (await findOrgId(database, orgSlug));
    if (orgId === undefined) return undefined;
    orgIds.set(orgSlug, orgId);
    return cache.get(orgId, plugin, () =>
      database.transaction({ kind: 'org', orgId }, (tx) =>
        loadGuest(tx, orgId, plugin, 'serving', trustedPublishers),
      ),
    );
  };
}

async function findOrgId(database: Database, slug: string): Promise<string | undefined> {
  const org = await database.transaction({ kind: 'instance' }, (tx) => findOrganization(tx, slug));
  return org?.id;
}

/** The installations of all organizations: the one object that the server works with. */
import type { AuditActor, Database } from '../../database/index.ts';
import { findOrganization, INSTANCE_ORG_SLUG } from '../../identity/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Permission } from '../../spec/permission.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { RESOLUTION_BUDGET_DEFAULT, ResolverThread } from '../resolver/index.ts';
import {
  blastRadius,
  enforceRevocations,
  readRevocationPolicy,
  revocationReach,
  setRevocationPolicy,
  type BlastRadius,
  type RevocationPolicyView,
  type RevocationReach,
} from './revocations.ts';
import type { RevocationReaction } from './entities/revocation-policy.ts';
import type { ActionRole, ActionView } from './action-view.ts';
import { listActions, setActionRole } from './actions.ts';
import type { Consent } from './consent.ts';
import type { Acting, InstallationsContext, RuntimePort } from './context.ts';
import { forgetEvents, lastEventId, readEvents, type OrganizationEvent } from './events.ts';
import { applyDefaults, type DefaultOutcome } from './defaults.ts';
import { GUESTS_AHEAD_MAX, openGuestCache } from './guest-cache.ts';
import type { GuestDescription } from './guest.ts';
import { activate } from './activation.ts';
import { deactivate, deactivateAll } from './deactivation.ts';
import { noteStrike, testHealth, type HealthTest } from './health.ts';
import { loadGuest, loadServingGuests } from './load-guest.ts';
import { applyPlan } from './plan-application.ts';
import { acceptUpgrade, declineUpgrade, requestUpgrade, type UpgradeOutcome } from './pending-upgrades.ts';
import { createPlan, readPlan, type Plan } from './plans.ts';
import type { OthersInvolved, OrgLock, PlanRequest } from './planning/plan.ts';
import { exportLock, listInstallations, listReceipts, readInstallation } from './reading.ts';
import type { InstallationView, ReceiptView } from './reading.ts';
import { reconcile } from './reconcile.ts';
import { decideRequest, listRequests, requestPlugin, type Decision, type RequestView } from './requests.ts';
import type { SecretsPort } from './secrets.ts';
import { beginSafeMode, brakedRuntime, endSafeMode, readSafeMode, type SafeMode } from './safe-mode.ts';
import { reconcileSeats } from './seats.ts';
import { narrowGrants, readInstanceConfig, setConfig, setInstanceConfig } from './settings.ts';

export type InstallationsOptions = {
  readonly database: Database;
  readonly runtime: RuntimePort;
  /** Publishers whose signed packages run in the trusted tier. */
  readonly trustedPublishers?: ReadonlySet<string>;
  /** Which secrets are set; none where absent, so that what requires one is not activated. */
  readonly heldSecrets?: SecretsPort;
  /** The clock of plans and deadlines. */
  readonly now?: () => Date;
};

/** Every function that takes an organization's id sees and changes that organization alone. */
export type Installations = {
  createPlan(acting: Acting, request: PlanRequest): Promise<Plan>;
  readPlan(orgId: string, planId: string): Promise<Plan>;
  applyPlan(acting: Acting, planId: string, consent: Consent): Promise<InstallationView[]>;
  /** Upgrades at once where nothing new is asked for, else keeps the upgrade until somebody consents. */
  requestUpgrade(acting: Acting, plugin: PluginId, range?: string): Promise<UpgradeOutcome>;
  acceptUpgrade(acting: Acting, plugin: PluginId, consent: Consent): Promise<InstallationView>;
  declineUpgrade(acting: Acting, plugin: PluginId): Promise<void>;
  /** Installs what a new organization begins with, as far as it lacks it. */
  applyDefaults(acting: Acting): Promise<DefaultOutcome[]>;
  activate(acting: Acting, plugin: PluginId, dependencies: OthersInvolved): Promise<InstallationView>;
  deactivate(acting: Acting, plugin: PluginId, dependants: OthersInvolved): Promise<InstallationView>;
  deactivateAll(acting: Acting): Promise<PluginId[]>;
  uninstall(acting: Acting, plugin: PluginId, dependants: OthersInvolved): Promise<void>;
  /** Asks it how it is, and keeps the answer with it. */
  testHealth(acting: Acting, plugin: PluginId): Promise<HealthTest>;
  /** Notes that it made its runner end. */
  noteStrike(orgId: string, plugin: PluginId, reason: string): Promise<void>;
  list(orgId: string): Promise<InstallationView[]>;
  read(orgId: string, plugin: PluginId): Promise<InstallationView>;
  receipts(orgId: string, plugin: PluginId): Promise<ReceiptView[]>;
  exportLock(orgId: string): Promise<OrgLock>;
  setConfig(acting: Acting, plugin: PluginId, config: JsonObject): Promise<InstallationView>;
  narrowGrants(acting: Acting, plugin: PluginId, grants: readonly Permission[]): Promise<InstallationView>;
  /** The instance's layer, below that of every organization. */
  readInstanceConfig(plugin: PluginId): Promise<JsonObject>;
  setInstanceConfig(actor: AuditActor, plugin: PluginId, config: JsonObject): Promise<void>;
  /** For the hot path: kept until the installation changes. Undefined where there is no such org or installation. */
  describeGuest(orgSlug: string, plugin: PluginId): GuestDescription | Promise<GuestDescription | undefined>;
  /** The same for who knows the organization by its id. */
  describeGuestOf(orgId: string, plugin: PluginId): GuestDescription | Promise<GuestDescription | undefined>;
  requestPlugin(acting: Acting, plugin: PluginId, reason: string): Promise<RequestView>;
  decideRequest(acting: Acting, requestId: string, decision: Decision): Promise<RequestView>;
  listRequests(orgId: string): Promise<RequestView[]>;
  listActions(orgId: string, plugin: PluginId): Promise<ActionView[]>;
  setActionRole(
    acting: Acting,
    plugin: PluginId,
    wish: { readonly action: string; readonly role: ActionRole },
  ): Promise<ActionView[]>;
  blastRadius(orgId: string, plugin: PluginId): Promise<BlastRadius>;
  readRevocationPolicy(orgId: string): Promise<RevocationPolicyView>;
  setRevocationPolicy(acting: Acting, reaction: RevocationReaction): Promise<RevocationPolicyView>;
  revocationReach(plugin: PluginId, version: string): Promise<RevocationReach>;
  /** Takes down what is unsafe where its organization wants that. */
  enforceRevocations(): Promise<number>;
  safeMode(): Promise<SafeMode>;
  /** Lets no plugin run anywhere until `endSafeMode`. */
  beginSafeMode(actor: AuditActor, reason: string): Promise<SafeMode>;
  endSafeMode(actor: AuditActor): Promise<void>;
  readEvents(orgId: string, after: string): Promise<OrganizationEvent[]>;
  lastEventId(orgId: string): Promise<string>;
  forgetEvents(): Promise<number>;
  reconcile(): Promise<number>;
  close(): Promise<void>;
};

/** Nobody is held up by a plan that waits; a person gives up in the end. */
const RESOLVE_BUDGET = { ...RESOLUTION_BUDGET_DEFAULT, waitMsMax: 30_000 };

export async function openInstallations(options: InstallationsOptions): Promise<Installations> {
  const { database, runtime } = options;
  const trustedPublishers = options.trustedPublishers ?? new Set<string>();
  const thread = new ResolverThread();
  const context: InstallationsContext = {
    database,
    runtime: brakedRuntime(database, runtime),
    trustedPublishers,
    cache: await openGuestCache(database, () => readAhead(database, trustedPublishers)),
    resolverOf: (orgId) => (problem) => thread.resolve(problem, RESOLVE_BUDGET, orgId),
    heldSecrets: options.heldSecrets ?? (async () => new Map()),
    now: options.now ?? (() => new Date()),
    instanceOrgId: rememberingOrg(database, INSTANCE_ORG_SLUG),
  };
  return {
    createPlan: (acting, request) => createPlan(context, acting, request),
    readPlan: (orgId, planId) => readPlan(context, orgId, planId),
    applyPlan: async (acting, planId, consent) => {
      await applyPlan(context, acting, planId, consent);
      return listInstallations(context, acting.orgId);
    },
    ...upgradesOf(context),
    applyDefaults: (acting) => applyDefaults(context, acting),
    ...lifecycleOf(context),
    list: (orgId) => listInstallations(context, orgId),
    read: (orgId, plugin) => readInstallation(context, orgId, plugin),
    receipts: (orgId, plugin) => listReceipts(context, orgId, plugin),
    exportLock: (orgId) => exportLock(context, orgId),
    ...settingsOf(context),
    readInstanceConfig: (plugin) => readInstanceConfig(context, plugin),
    setInstanceConfig: (actor, plugin, config) => setInstanceConfig(context, actor, plugin, config),
    describeGuest: describer(context),
    describeGuestOf: (orgId, plugin) => describeGuestOf(context, orgId, plugin),
    requestPlugin: (acting, plugin, reason) => requestPlugin(context, acting, plugin, reason),
    decideRequest: (acting, requestId, decision) => decideRequest(context, acting, requestId, decision),
    listRequests: (orgId) => listRequests(context, orgId),
    listActions: (orgId, plugin) => listActions(context, orgId, plugin),
    setActionRole: (acting, plugin, wish) => setActionRole(context, acting, plugin, wish),
    safeMode: () => readSafeMode(context),
    beginSafeMode: (actor, reason) => beginSafeMode(context, actor, reason),
    endSafeMode: (actor) => endSafeMode(context, actor),
    ...revocationsOf(context),
    ...eventsOf(context),
    reconcile: async () => (await reconcile(context)) + (await reconcileSeats(context, SEATS)),
    close: async () => {
      context.cache.close();
      await thread.close();
    },
  };
}

const SEATS: AuditActor = { kind: 'system', name: 'global-plugins' };

function lifecycleOf(
  context: InstallationsContext,
): Pick<
  Installations,
  'activate' | 'deactivate' | 'deactivateAll' | 'uninstall' | 'testHealth' | 'noteStrike'
> {
  return {
    activate: async (acting, plugin, dependencies) => {
      await activate(context, acting, plugin, dependencies);
      return readInstallation(context, acting.orgId, plugin);
    },
    deactivate: async (acting, plugin, dependants) => {
      await deactivate(context, acting, plugin, dependants);
      return readInstallation(context, acting.orgId, plugin);
    },
    deactivateAll: (acting) => deactivateAll(context, acting),
    uninstall: (acting, plugin, dependants) => uninstall(context, acting, plugin, dependants),
    testHealth: (acting, plugin) => testHealth(context, acting, plugin),
    noteStrike: (orgId, plugin, reason) => noteStrike(context, orgId, plugin, reason),
  };
}

function revocationsOf(
  context: InstallationsContext,
): Pick<
  Installations,
  'blastRadius' | 'readRevocationPolicy' | 'setRevocationPolicy' | 'revocationReach' | 'enforceRevocations'
> {
  return {
    blastRadius: (orgId, plugin) => blastRadius(context, orgId, plugin),
    readRevocationPolicy: (orgId) => readRevocationPolicy(context, orgId),
    setRevocationPolicy: (acting, reaction) => setRevocationPolicy(context, acting, reaction),
    revocationReach: (plugin, version) => revocationReach(context, plugin, version),
    enforceRevocations: () => enforceRevocations(context),
  };
}

function eventsOf(
  context: InstallationsContext,
): Pick<Installations, 'readEvents' | 'lastEventId' | 'forgetEvents'> {
  return {
    readEvents: (orgId, after) => readEvents(context, orgId, after),
    lastEventId: (orgId) => lastEventId(context, orgId),
    forgetEvents: () => forgetEvents(context),
  };
}

function settingsOf(context: InstallationsContext): Pick<Installations, 'setConfig' | 'narrowGrants'> {
  return {
    setConfig: async (acting, plugin, config) => {
      await setConfig(context, acting, plugin, config);
      return readInstallation(context, acting.orgId, plugin);
    },
    narrowGrants: async (acting, plugin, grants) => {
      await narrowGrants(context, acting, plugin, grants);
      return readInstallation(context, acting.orgId, plugin);
    },
  };
}

function upgradesOf(
  context: InstallationsContext,
): Pick<Installations, 'requestUpgrade' | 'acceptUpgrade' | 'declineUpgrade'> {
  return {
    requestUpgrade: (acting, plugin, range) => requestUpgrade(context, acting, plugin, range),
    acceptUpgrade: async (acting, plugin, consent) => {
      await acceptUpgrade(context, acting, plugin, consent);
      return readInstallation(context, acting.orgId, plugin);
    },
    declineUpgrade: (acting, plugin) => declineUpgrade(context, acting, plugin),
  };
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

/** Slugs never change (DESIGN section 13), so an organization that was found once is known. */
function describer(context: InstallationsContext): Installations['describeGuest'] {
  const orgIds = new Map<string, string>();
  const describeNew = async (orgSlug: string, plugin: PluginId): Promise<GuestDescription | undefined> => {
    const orgId = await findOrgId(context.database, orgSlug);
    if (orgId === undefined) return undefined;
    orgIds.set(orgSlug, orgId);
    return describeGuestOf(context, orgId, plugin);
  };
  return (orgSlug, plugin) => {
    const orgId = orgIds.get(orgSlug);
    return orgId === undefined ? describeNew(orgSlug, plugin) : describeGuestOf(context, orgId, plugin);
  };
}

function describeGuestOf(
  { database, cache, trustedPublishers }: InstallationsContext,
  orgId: string,
  plugin: PluginId,
): GuestDescription | Promise<GuestDescription | undefined> {
  return cache.get(orgId, plugin, () =>
    database.transaction({ kind: 'org', orgId }, (tx) =>
      loadGuest(tx, orgId, plugin, 'serving', trustedPublishers),
    ),
  );
}

function readAhead(
  database: Database,
  trustedPublishers: ReadonlySet<string>,
): Promise<readonly GuestDescription[]> {
  return database.transaction(
    { kind: 'instance' },
    (tx) => loadServingGuests(tx, GUESTS_AHEAD_MAX, trustedPublishers),
    { access: 'read only' },
  );
}

/** An organization's id stays; one that is not there yet is asked for again. */
function rememberingOrg(database: Database, slug: string): () => Promise<string | undefined> {
  let known: string | undefined;
  return async () => (known ??= await findOrgId(database, slug));
}

async function findOrgId(database: Database, slug: string): Promise<string | undefined> {
  const org = await database.transaction({ kind: 'instance' }, (tx) => findOrganization(tx, slug));
  return org?.id;
}

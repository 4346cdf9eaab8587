/** What an organization has installed: plans, consent, lifecycle, configuration, grants. */
import { Type } from 'typebox';
import type {
  Consent,
  InstallationView,
  OthersInvolved,
  PlanRequest,
  ReceiptView,
} from '../../registry/installations/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Permission } from '../../spec/permission.ts';
import { eventRoutes } from './events.ts';
import { actionRoutes } from './actions.ts';
import { availabilityRoutes } from './availability.ts';
import { toJson } from '../http/json-answer.ts';
import { pageOf } from '../http/page.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import {
  actingAs,
  ConsentBody,
  GrantBody,
  InstalledParams,
  pluginOf,
  requirePluginId,
  words,
} from './installed-plugin.ts';
import { Anything, NoQuery, OrgParams, PageQuery, pageSchema } from './schemas.ts';
import { instanceConfigRoutes } from './instance-config.ts';
import { revocationRoutes } from './revocations.ts';
import { limitRoutes } from './limits.ts';
import { providerRoutes } from './providers.ts';
import { safeModeRoutes } from './safe-mode.ts';
import { dataExportRoutes } from './data-export.ts';
import { telemetryRoutes } from './telemetry.ts';
import { upgradeRoutes } from './upgrades.ts';

const ADMIN = { kind: 'org', role: 'admin', scope: 'orgs:admin' } as const;
const MEMBER = { kind: 'org', role: 'member', scope: 'orgs:read' } as const;

const Involved = Type.Optional(words(['refuse', 'cascade']));
const plugin = Type.String();
const range = Type.Optional(Type.String());
const version = Type.Optional(Type.String());
const closed = { additionalProperties: false } as const;
const Request = Type.Union([
  Type.Object({ kind: Type.Literal('install'), plugin, range }, closed),
  Type.Object({ kind: Type.Literal('upgrade'), plugin, range }, closed),
  Type.Object({ kind: Type.Literal('upgradeAll') }, closed),
  Type.Object({ kind: Type.Literal('rollback'), plugin, version }, closed),
  Type.Object({ kind: Type.Literal('remove'), plugin, dependants: Involved }, closed),
  Type.Object({ kind: Type.Literal('pin'), plugin, version }, closed),
  Type.Object({ kind: Type.Literal('unpin'), plugin }, closed),
  Type.Object({ kind: Type.Literal('import'), lock: Anything }, closed),
]);

const Others = Type.Object({ others: Involved }, closed);
const OthersIfAny = Type.Object({ others: Involved }, { ...closed, default: {} });

const PLUGIN_PATH = '/api/v1/orgs/:org/plugins/:publisher/:name';

const BY_NAME = {
  keyOf: ({ plugin: id }: InstallationView) => id,
  order: 'ascending',
  describe: toJson,
} as const;
const NEWEST_FIRST = {
  keyOf: ({ grantedAt, id }: ReceiptView) => `${grantedAt.toISOString()} ${id}`,
  order: 'descending',
  describe: toJson,
} as const;

export function installationRoutes(services: Services): Route[] {
  return [
    ...planRoutes(services),
    ...viewRoutes(services),
    ...lifecycleRoutes(services),
    ...endingRoutes(services),
    ...settingRoutes(services),
    ...upgradeRoutes(services),
    ...availabilityRoutes(services),
    ...instanceConfigRoutes(services),
    ...eventRoutes(services),
    ...actionRoutes(services),
    ...safeModeRoutes(services),
    ...revocationRoutes(services),
    ...telemetryRoutes(services),
    ...dataExportRoutes(services),
    ...providerRoutes(services),
    ...limitRoutes(services),
  ];
}

function planRoutes({ installations }: Services): Route[] {
  const base = { tag: 'installations', query: NoQuery, access: ADMIN } as const;
  return [
    route({
      ...base,
      method: 'POST',
      path: '/api/v1/orgs/:org/plans',
      summary: 'Computes what would change, and every permission it brings. Changes nothing.',
      params: OrgParams,
      body: Request,
      answers: { 201: Anything },
      handle: async ({ caller, body }) => {
        const plan = await installations.createPlan(actingAs(caller), planRequest(body));
        return { status: 201, json: toJson(plan) };
      },
    }),
    route({
      ...base,
      method: 'GET',
      path: '/api/v1/orgs/:org/plans/:plan',
      summary: 'A plan that was computed before.',
      params: Type.Object({ org: Type.String(), plan: Type.String() }),
      body: 'none',
      answers: { 200: Anything },
      handle: async ({ caller, params }) => ({
        status: 200,
        json: toJson(await installations.readPlan(caller.org.id, params.plan)),
      }),
    }),
    route({
      ...base,
      method: 'POST',
      path: '/api/v1/orgs/:org/installations',
      summary:
        'Applies exactly the plan that was shown, with a consent that grants each permission, or a narrower one.',
      params: OrgParams,
      body: Type.Object(
        {
          plan: Type.String(),
          consent: ConsentBody,
        },
        closed,
      ),
      answers: { 201: Anything },
      handle: async ({ caller, body }) => {
        const items = await installations.applyPlan(actingAs(caller), body.plan, body.consent as Consent);
        return { status: 201, json: { items: toJson(items) } };
      },
    }),
  ];
}

/** The schema has checked the kind; names of plugins are checked here, because a plan would look them up. */
function planRequest(body: { kind: string; plugin?: string; dependants?: string }): PlanRequest {
  if (body.plugin !== undefined) requirePluginId(body.plugin);
  return (
    body.kind === 'remove' ? { ...body, dependants: body.dependants ?? 'refuse' } : body
  ) as PlanRequest;
}

function viewRoutes({ installations }: Services): Route[] {
  const base = {
    tag: 'installations',
    method: 'GET',
    query: NoQuery,
    access: MEMBER,
    body: 'none',
    answers: { 200: Anything },
  } as const;
  return [
    route({
      ...base,
      path: '/api/v1/orgs/:org/installations',
      summary: 'What is installed, with state and grants, by name.',
      params: OrgParams,
      query: PageQuery,
      answers: { 200: pageSchema(Anything) },
      handle: async ({ caller, query }) => ({
        status: 200,
        json: pageOf(await installations.list(caller.org.id), query, BY_NAME),
      }),
    }),
    route({
      ...base,
      path: '/api/v1/orgs/:org/lock',
      summary: 'The exact packages, to be imported elsewhere by a plan of the kind import.',
      params: OrgParams,
      handle: async ({ caller }) => ({
        status: 200,
        json: toJson(await installations.exportLock(caller.org.id)),
      }),
    }),
    route({
      ...base,
      path: PLUGIN_PATH,
      summary: 'One installation.',
      params: InstalledParams,
      handle: async ({ caller, params }) => ({
        status: 200,
        json: toJson(await installations.read(caller.org.id, pluginOf(params))),
      }),
    }),
    route({
      ...base,
      path: `${PLUGIN_PATH}/receipts`,
      summary: 'Who granted what, when, for which package; newest first.',
      params: InstalledParams,
      query: PageQuery,
      answers: { 200: pageSchema(Anything) },
      handle: async ({ caller, params, query }) => ({
        status: 200,
        json: pageOf(await installations.receipts(caller.org.id, pluginOf(params)), query, NEWEST_FIRST),
      }),
    }),
  ];
}

function lifecycleRoutes({ installations }: Services): Route[] {
  const base = {
    tag: 'installations',
    query: NoQuery,
    access: ADMIN,
    params: InstalledParams,
    answers: { 200: Anything },
  } as const;
  return [
    route({
      ...base,
      method: 'POST',
      path: `${PLUGIN_PATH}/activate`,
      summary: 'Activates; with others=cascade its dependencies first.',
      body: OthersIfAny,
      handle: async ({ caller, params, body }) => ({
        status: 200,
        json: toJson(await installations.activate(actingAs(caller), pluginOf(params), othersOf(body))),
      }),
    }),
    route({
      ...base,
      method: 'POST',
      path: `${PLUGIN_PATH}/deactivate`,
      summary: 'Deactivates; with others=cascade what needs it first.',
      body: OthersIfAny,
      handle: async ({ caller, params, body }) => ({
        status: 200,
        json: toJson(await installations.deactivate(actingAs(caller), pluginOf(params), othersOf(body))),
      }),
    }),
    route({
      ...base,
      method: 'POST',
      path: `${PLUGIN_PATH}/test`,
      summary: 'Asks the plugin how it is, and keeps the answer: an active one that is not well is in ERROR.',
      body: 'none',
      handle: async ({ caller, params }) => ({
        status: 200,
        json: toJson(await installations.testHealth(actingAs(caller), pluginOf(params))),
      }),
    }),
  ];
}

/** What ends installations, or all of them at once. */
function endingRoutes({ installations }: Services): Route[] {
  const base = { tag: 'installations', access: ADMIN, body: 'none' } as const;
  return [
    route({
      ...base,
      method: 'DELETE',
      path: PLUGIN_PATH,
      summary: 'Uninstalls; with others=cascade what needs it too.',
      params: InstalledParams,
      query: Others,
      answers: { 204: null },
      handle: async ({ caller, params, query }) => {
        await installations.uninstall(actingAs(caller), pluginOf(params), othersOf(query));
        return { status: 204 };
      },
    }),
    route({
      ...base,
      method: 'POST',
      path: '/api/v1/orgs/:org/deactivate-all',
      summary: 'The emergency brake: deactivates everything.',
      params: OrgParams,
      query: NoQuery,
      answers: { 200: Anything },
      handle: async ({ caller }) => ({
        status: 200,
        json: { deactivated: await installations.deactivateAll(actingAs(caller)) },
      }),
    }),
  ];
}

function othersOf({ others = 'refuse' }: { readonly others?: OthersInvolved }): OthersInvolved {
  return others;
}

function settingRoutes({ installations }: Services): Route[] {
  const base = {
    tag: 'installations',
    query: NoQuery,
    params: InstalledParams,
    answers: { 200: Anything },
  } as const;
  return [
    route({
      ...base,
      access: ADMIN,
      method: 'PUT',
      path: `${PLUGIN_PATH}/config`,
      summary: "Sets the organization's layer of the configuration.",
      body: Anything,
      handle: async ({ caller, params, body }) => ({
        status: 200,
        json: toJson(await installations.setConfig(actingAs(caller), pluginOf(params), body as JsonObject)),
      }),
    }),
    route({
      ...base,
      access: ADMIN,
      method: 'PUT',
      path: `${PLUGIN_PATH}/grants`,
      summary: 'Narrows what was granted; it takes effect at once.',
      body: Type.Object({ grants: Type.Array(GrantBody) }, closed),
      handle: async ({ caller, params, body }) => ({
        status: 200,
        json: toJson(
          await installations.narrowGrants(actingAs(caller), pluginOf(params), body.grants as Permission[]),
        ),
      }),
    }),
  ];
}

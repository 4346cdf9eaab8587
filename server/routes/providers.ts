/** What an organization can connect, what it has connected and how that is, and what happened to each. */
import { Type } from 'typebox';
import { listAudit } from '../../database/index.ts';
import { listProviders } from '../../registry/catalogue/index.ts';
import { HTTP_LIMITS } from '../../spec/limits.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { InstalledParams, pluginOf } from './installed-plugin.ts';
import { Anything, OrgParams, pageSchema, PageQuery, Time } from './schemas.ts';

const closed = { additionalProperties: false } as const;
const Text = Type.Union([Type.String(), Type.Null()]);
const Words = Type.Array(Type.String());

const Provider = Type.Object({
  plugin: Type.String(),
  name: Type.String(),
  description: Text,
  version: Type.String(),
  type: Text,
  category: Text,
  capabilities: Type.Object({
    contracts: Words,
    commands: Words,
    subscribes: Words,
    endpoints: Type.Integer(),
  }),
  configSchema: Type.Union([Anything, Type.Null()]),
  secrets: Type.Array(Type.Object({ name: Type.String(), title: Text, required: Type.Boolean() })),
  permissions: Words,
  installed: Type.Union([
    Type.Object({ version: Type.String(), status: Type.String(), reason: Text, statusSince: Time }),
    Type.Null(),
  ]),
});
const Query = Type.Object(
  {
    ...PageQuery.properties,
    q: Type.Optional(Type.String({ maxLength: 200 })),
    type: Type.Optional(Type.String({ maxLength: 100 })),
    category: Type.Optional(Type.String({ maxLength: 100 })),
  },
  closed,
);
const Entry = Type.Object({
  id: Type.String(),
  at: Time,
  event: Type.String(),
  actor: Type.Unknown(),
  detail: Type.Unknown(),
});

export function providerRoutes(services: Services): Route[] {
  return [providersRoute(services), historyRoute(services)];
}

function providersRoute({ database, installations }: Services): Route {
  return route({
    method: 'GET',
    path: '/api/v1/orgs/:org/providers',
    tag: 'installations',
    summary:
      'What the organization can connect: type, category, schema of the configuration; and where it is installed, its status.',
    access: { kind: 'org', role: 'member', scope: 'orgs:read' },
    params: OrgParams,
    query: Query,
    body: 'none',
    answers: { 200: pageSchema(Provider) },
    handle: async ({ caller, query: { q, limit, ...filters } }) => {
      const orgId = caller.org.id;
      const wanted = {
        ...filters,
        ...(q === undefined ? {} : { text: q }),
        pageSize: limit ?? HTTP_LIMITS.pageSizeDefault,
      };
      const { items, nextCursor } = await listProviders(database, { kind: 'org', orgId }, wanted);
      const installed = new Map((await installations.list(orgId)).map((view) => [view.plugin, view]));
      const described = items.map((provider) => {
        const { version, status, reason, statusSince } = installed.get(provider.plugin) ?? {};
        const state = version === undefined ? null : { version, status, reason, statusSince };
        return { ...provider, installed: state };
      });
      return { status: 200, json: { items: toJson(described), nextCursor } };
    },
  });
}

function historyRoute({ database }: Services): Route {
  return route({
    method: 'GET',
    path: '/api/v1/orgs/:org/plugins/:publisher/:name/events',
    tag: 'installations',
    summary:
      'What happened to a plugin in the organization, newest first, also after it was uninstalled: installed, activated, failed, tested, configured, struck.',
    access: { kind: 'org', role: 'admin', scope: 'orgs:read' },
    params: InstalledParams,
    query: PageQuery,
    body: 'none',
    answers: { 200: pageSchema(Entry) },
    handle: async ({ caller, params, query }) => {
      const { entries, nextCursor } = await listAudit(
        database,
        { kind: 'org', orgId: caller.org.id },
        {
          subject: `plugin:${pluginOf(params)}`,
          pageSize: query.limit ?? HTTP_LIMITS.pageSizeDefault,
          ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
        },
      );
      const items = entries.map(({ id, occurredAt, action, actor, detail }) => ({
        id,
        at: occurredAt,
        event: action,
        actor,
        detail,
      }));
      return { status: 200, json: { items: toJson(items), nextCursor: nextCursor ?? null } };
    },
  });
}

/** How plugins are offered, and what new organizations begin with: decisions of the instance. */
import { Type } from 'typebox';
import { actorOf, findOrganization } from '../../identity/index.ts';
import { changeAvailability, readAvailability } from '../../registry/catalogue/index.ts';
import { Refusal } from '../../spec/refusal.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { words } from './installed-plugin.ts';
import { Anything, NoQuery, OrgParams, PluginParams } from './schemas.ts';

const path = '/api/v1/packages/:publisher/:name/availability';
const Change = Type.Object(
  {
    visibility: Type.Optional(words(['public', 'private'])),
    enabledByDefault: Type.Optional(Type.Boolean()),
    builtIn: Type.Optional(Type.Boolean()),
    scope: Type.Optional(words(['organization', 'global'])),
  },
  { additionalProperties: false, minProperties: 1 },
);

export function availabilityRoutes(services: Services): Route[] {
  const ports = { database: services.database, now: services.publishing.now };
  const base = {
    tag: 'review',
    access: { kind: 'instance' },
    query: NoQuery,
    answers: { 200: Anything },
  } as const;
  return [
    route({
      ...base,
      method: 'GET',
      path,
      summary: 'How a plugin is offered, and what its author proposes.',
      params: PluginParams,
      body: 'none',
      handle: async ({ params }) => ({
        status: 200,
        json: toJson(await readAvailability(ports, `${params.publisher}/${params.name}`)),
      }),
    }),
    route({
      ...base,
      method: 'PATCH',
      path,
      summary: 'Decides how a plugin is offered. What organizations have installed stays as it is.',
      params: PluginParams,
      body: Change,
      handle: async ({ caller, params, body }) => {
        const id = `${params.publisher}/${params.name}`;
        const request = { actor: actorOf(caller.principal), id, change: body };
        return { status: 200, json: toJson(await changeAvailability(ports, request)) };
      },
    }),
    route({
      ...base,
      method: 'POST',
      path: '/api/v1/orgs/:org/defaults',
      summary: 'Installs the defaults that the organization lacks, with your consent to what they ask for.',
      params: OrgParams,
      body: 'none',
      handle: async ({ caller, params }) => {
        const orgId = await orgIdOf(services, params.org);
        const actor = actorOf(caller.principal);
        return {
          status: 200,
          json: { items: toJson(await services.installations.applyDefaults({ orgId, actor })) },
        };
      },
    }),
  ];
}

async function orgIdOf({ database }: Services, slug: string): Promise<string> {
  const org = await database.transaction({ kind: 'instance' }, (tx) => findOrganization(tx, slug));
  if (org) return org.id;
  throw new Refusal('not_found', { detail: 'There is no such organization.' });
}

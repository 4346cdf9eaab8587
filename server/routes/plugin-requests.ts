/** What members ask their administrators for. */
import { Type } from 'typebox';
import type { RequestView } from '../../registry/installations/index.ts';
import { toJson } from '../http/json-answer.ts';
import { pageOf } from '../http/page.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { actingAs, requirePluginId } from './installed-plugin.ts';
import { Anything, NoQuery, OrgParams, PageQuery, pageSchema } from './schemas.ts';

const path = '/api/v1/orgs/:org/requests';
const closed = { additionalProperties: false } as const;

const OPEN_FIRST = {
  keyOf: ({ state, requestedAt, id }: RequestView) =>
    `${state === 'open' ? 'open' : 'decided'} ${requestedAt.toISOString()} ${id}`,
  order: 'descending',
  describe: toJson,
} as const;

export function requestRoutes({ installations }: Services): Route[] {
  const base = { tag: 'installations', query: NoQuery } as const;
  return [
    route({
      ...base,
      method: 'POST',
      path,
      summary: 'Asks the administrators for a plugin; asking again answers with the open request.',
      // A token that may use plugins may ask for one; a token that only reads changes nothing.
      access: { kind: 'org', role: 'member', scope: 'plugins:call' },
      params: OrgParams,
      body: Type.Object({ plugin: Type.String(), reason: Type.String() }, closed),
      answers: { 201: Anything },
      handle: async ({ caller, body }) => {
        const plugin = requirePluginId(body.plugin);
        const request = await installations.requestPlugin(actingAs(caller), plugin, body.reason);
        return { status: 201, json: toJson(request) };
      },
    }),
    route({
      ...base,
      method: 'GET',
      path,
      summary: 'What members asked for: open ones first, then the newest.',
      access: { kind: 'org', role: 'member', scope: 'orgs:read' },
      params: OrgParams,
      query: PageQuery,
      body: 'none',
      answers: { 200: pageSchema(Anything) },
      handle: async ({ caller, query }) => ({
        status: 200,
        json: pageOf(await installations.listRequests(caller.org.id), query, OPEN_FIRST),
      }),
    }),
    route({
      ...base,
      method: 'POST',
      path: `${path}/:request/decision`,
      summary: 'Grants or declines a request, once. Installing is another step, with a plan and a consent.',
      access: { kind: 'org', role: 'admin', scope: 'orgs:admin' },
      params: Type.Object({ org: Type.String(), request: Type.String() }),
      body: Type.Object(
        {
          state: Type.Union([Type.Literal('granted'), Type.Literal('declined')]),
          answer: Type.String(),
        },
        closed,
      ),
      answers: { 200: Anything },
      handle: async ({ caller, params, body }) => ({
        status: 200,
        json: toJson(await installations.decideRequest(actingAs(caller), params.request, body)),
      }),
    }),
  ];
}

/** Records of an organization: what was imported and proposed, with where it comes from. */
import { Type } from 'typebox';
import { RECORD_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { actingAs } from './installed-plugin.ts';
import { Anything, NoQuery, PageQuery, pageSchema, Time } from './schemas.ts';

const path = '/api/v1/orgs/:org/records/:type';

const View = {
  id: Type.String(),
  type: Type.String(),
  data: Type.Object(
    {},
    { additionalProperties: true, description: 'Fields of a plugin stand under its id.' },
  ),
  revision: Type.Integer(),
  createdAt: Time,
  updatedAt: Time,
};

const Evidence = Type.Object({
  import: Type.String(),
  row: Type.Integer(),
  outcome: Type.String(),
  original: Type.Unknown({ description: 'The values as they stood in the source.' }),
  plugin: Type.String(),
  pluginVersion: Type.String(),
  pluginDigest: Type.String(),
  file: Type.Union([Anything, Type.Null()]),
  decision: Type.Union([Anything, Type.Null()]),
  at: Time,
  audit: Type.String({ description: 'The audit entry of the import.' }),
});

const Query = Type.Object(
  {
    ...PageQuery.properties,
    filter: Type.Optional(
      Type.Array(Type.String({ maxLength: 500 }), {
        maxItems: RECORD_LIMITS.filtersMax,
        description: 'field:text; given several times, all of them hold.',
      }),
    ),
  },
  { additionalProperties: false },
);

export function recordRoutes({ records }: Services): Route[] {
  const base = {
    tag: 'records',
    method: 'GET',
    body: 'none',
    access: { kind: 'org', role: 'member', scope: 'orgs:read' },
  } as const;
  return [
    route({
      ...base,
      path,
      summary: 'Records of a type, older ones first.',
      params: Type.Object({ org: Type.String(), type: Type.String() }),
      query: Query,
      answers: { 200: pageSchema(Type.Object(View)) },
      handle: async ({ caller, params, query: { filter = [], ...page } }) => ({
        status: 200,
        json: toJson(
          await records.list(caller.org.id, params.type, { ...page, filter: filter.map(readFilter) }),
        ),
      }),
    }),
    route({
      ...base,
      path: `${path}/:record`,
      summary: 'A record, with the source of each field and the evidence of where it comes from.',
      params: Type.Object({ org: Type.String(), type: Type.String(), record: Type.String() }),
      query: NoQuery,
      answers: {
        200: Type.Object({ ...View, sources: Anything, evidence: Type.Array(Evidence) }),
      },
      handle: async ({ caller, params }) => ({
        status: 200,
        json: toJson(await records.read(caller.org.id, params.type, params.record)),
      }),
    }),
    route({
      ...base,
      method: 'DELETE',
      path: `${path}/:record`,
      summary:
        'Erases a record, and the values that its evidence kept; refused while something refers to it.',
      access: { kind: 'org', role: 'admin', scope: 'orgs:admin' },
      params: Type.Object({ org: Type.String(), type: Type.String(), record: Type.String() }),
      query: NoQuery,
      answers: { 204: null },
      handle: async ({ caller, params }) => {
        await records.erase(actingAs(caller), { type: params.type, id: params.record });
        return { status: 204 };
      },
    }),
  ];
}

/** @throws Refusal `request_invalid` */
function readFilter(text: string): [string, string] {
  const colon = text.indexOf(':');
  if (colon > 0) return [text.slice(0, colon), text.slice(colon + 1)];
  throw new Refusal('request_invalid', {
    detail: '/query/filter is not a field, a colon and a text.',
    hint: 'Such as filter=organization:green-foundation.',
  });
}

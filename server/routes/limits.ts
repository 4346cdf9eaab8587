/** How much an organization may use: the instance's limits, or what its administrator decided for this one. */
import { Type } from 'typebox';
import { actorOf, findOrganization } from '../../identity/index.ts';
import { Refusal } from '../../spec/refusal.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { NoQuery, OrgParams } from './schemas.ts';

const path = '/api/v1/orgs/:org/limits';
const Exception = Type.Optional(Type.Union([Type.Integer(), Type.Null()]));
const Overrides = {
  kvKeysMax: Exception,
  kvBytesMax: Exception,
  runsMax: Exception,
  readsPerMinuteMax: Exception,
  writesPerMinuteMax: Exception,
};
const View = Type.Object({
  overrides: Type.Object(Overrides),
  inForce: Type.Object({
    kvKeysMax: Type.Integer(),
    kvBytesMax: Type.Integer(),
    runsMax: Type.Integer(),
    readsPerMinuteMax: Type.Integer({ description: '0 is without a bound.' }),
    writesPerMinuteMax: Type.Integer({ description: '0 is without a bound.' }),
  }),
});

export function limitRoutes({ database, limits }: Services): Route[] {
  const base = {
    tag: 'organizations',
    path,
    params: OrgParams,
    query: NoQuery,
    answers: { 200: View },
  } as const;
  return [
    route({
      ...base,
      method: 'GET',
      summary:
        'The limits of the organization: keys and bytes of kv for one installation, runs in flight and requests of one client on one server.',
      access: { kind: 'org', role: 'admin', scope: 'orgs:read' },
      body: 'none',
      handle: async ({ caller }) => ({ status: 200, json: toJson(await limits.read(caller.org.id)) }),
    }),
    route({
      ...base,
      method: 'PUT',
      summary:
        'Replaces the exceptions of the organization; what is absent or null is as for all. It counts within a second.',
      access: { kind: 'instance' },
      body: Type.Object(Overrides, { additionalProperties: false }),
      handle: async ({ caller, params, body }) => {
        const org = await database.transaction({ kind: 'instance' }, (tx) =>
          findOrganization(tx, params.org),
        );
        if (!org) throw new Refusal('not_found', { detail: 'There is no such organization.' });
        const view = await limits.set(org.id, actorOf(caller.principal), {
          kvKeysMax: body.kvKeysMax ?? null,
          kvBytesMax: body.kvBytesMax ?? null,
          runsMax: body.runsMax ?? null,
          readsPerMinuteMax: body.readsPerMinuteMax ?? null,
          writesPerMinuteMax: body.writesPerMinuteMax ?? null,
        });
        return { status: 200, json: toJson(view) };
      },
    }),
  ];
}

/** Secrets of installations: administrators set and remove them; nobody reads a value back. */
import { Type } from 'typebox';
import { actorOf, type OrgAccess } from '../../identity/index.ts';
import type { Acting } from '../../registry/installations/index.ts';
import { isPluginId, type PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { NoQuery } from './schemas.ts';

const View = Type.Object({
  name: Type.String(),
  title: Type.Union([Type.String(), Type.Null()], {
    description: 'Null for one that the installed version does not declare.',
  }),
  required: Type.Union([Type.Literal('yes'), Type.Literal('no')]),
  setAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'Null while the organization has not set it.',
  }),
  heldByInstance: Type.Union([Type.Literal('yes'), Type.Literal('no')], {
    description: 'Of a global plugin: the instance has set it, and its value counts where setAt is null.',
  }),
});

const PATH = '/api/v1/orgs/:org/plugins/:publisher/:name/secrets';
const Installed = { org: Type.String(), publisher: Type.String(), name: Type.String() };
const One = Type.Object({ ...Installed, secret: Type.String() });

export function secretRoutes({ secrets }: Services): Route[] {
  const base = {
    tag: 'installations',
    query: NoQuery,
    access: { kind: 'org', role: 'admin', scope: 'orgs:admin' },
  } as const;
  return [
    route({
      ...base,
      method: 'GET',
      path: PATH,
      summary: 'The names of the secrets, and when each was set. Values are never shown.',
      params: Type.Object(Installed),
      body: 'none',
      answers: { 200: Type.Object({ items: Type.Array(View) }) },
      handle: async ({ caller, params }) => ({
        status: 200,
        json: { items: toJson(await secrets.list(caller.org.id, pluginOf(params))) },
      }),
    }),
    route({
      ...base,
      method: 'PUT',
      path: `${PATH}/:secret`,
      summary: 'Sets a secret that a version of the plugin declares.',
      params: One,
      body: Type.Object(
        { value: Type.String({ writeOnly: true, description: '1 byte to 16 KiB of text in UTF-8.' }) },
        { additionalProperties: false },
      ),
      answers: { 204: null },
      handle: async ({ caller, params, body }) => {
        await secrets.set(actingAs(caller), pluginOf(params), params.secret, body.value);
        return { status: 204 };
      },
    }),
    route({
      ...base,
      method: 'DELETE',
      path: `${PATH}/:secret`,
      summary: 'Removes a secret. A plugin that runs keeps running and finds it gone.',
      params: One,
      body: 'none',
      answers: { 204: null },
      handle: async ({ caller, params }) => {
        await secrets.delete(actingAs(caller), pluginOf(params), params.secret);
        return { status: 204 };
      },
    }),
  ];
}

function actingAs({ principal, org }: OrgAccess): Acting {
  return { orgId: org.id, actor: actorOf(principal) };
}

function pluginOf({ publisher, name }: { publisher: string; name: string }): PluginId {
  const id = `${publisher}/${name}`;
  if (isPluginId(id)) return id;
  throw new Refusal('not_found', { detail: 'There is no plugin of this name.' });
}

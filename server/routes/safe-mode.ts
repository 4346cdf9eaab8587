/** The brake of the whole instance. */
import { Type } from 'typebox';
import { actorOf } from '../../identity/index.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { Anything, NoParams, NoQuery } from './schemas.ts';

export function safeModeRoutes({ installations }: Services): Route[] {
  const base = {
    tag: 'instance',
    path: '/api/v1/safe-mode',
    access: { kind: 'instance' },
    params: NoParams,
    query: NoQuery,
  } as const;
  return [
    route({
      ...base,
      method: 'GET',
      summary: 'Whether plugins run at all.',
      body: 'none',
      answers: { 200: Anything },
      handle: async () => ({ status: 200, json: toJson(await installations.safeMode()) }),
    }),
    route({
      ...base,
      method: 'PUT',
      summary: 'Lets no plugin of any organization run, on every server. Nothing that is installed changes.',
      body: Type.Object({ reason: Type.String() }, { additionalProperties: false }),
      answers: { 200: Anything },
      handle: async ({ caller, body }) => {
        const mode = await installations.beginSafeMode(actorOf(caller.principal), body.reason);
        return { status: 200, json: toJson(mode) };
      },
    }),
    route({
      ...base,
      method: 'DELETE',
      summary: 'Lets plugins run again.',
      body: 'none',
      answers: { 204: null },
      handle: async ({ caller }) => {
        await installations.endSafeMode(actorOf(caller.principal));
        return { status: 204 };
      },
    }),
  ];
}

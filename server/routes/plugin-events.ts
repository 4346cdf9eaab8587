/** Events that plugins hear: administrators tell some, and look after those that could not be delivered. */
import { Type } from 'typebox';
import type { DeadLetter } from '../../services/index.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { HTTP_LIMITS } from '../../spec/limits.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { actingAs, requirePluginId } from './installed-plugin.ts';
import { NoQuery, OrgParams, pageSchema, Time } from './schemas.ts';

const closed = { additionalProperties: false } as const;
const ADMIN = { kind: 'org', role: 'admin', scope: 'orgs:admin' } as const;
const DEAD_LETTERS = '/api/v1/orgs/:org/events/dead-letters';
const OneDeadLetter = Type.Object({ org: Type.String(), letter: Type.String() });

const DeadLetterAnswer = Type.Object({
  id: Type.String(),
  event: Type.Object({
    id: Type.String(),
    name: Type.String(),
    key: Type.Union([Type.String(), Type.Null()]),
    data: Type.Unknown(),
    emitter: Type.String({ description: 'A plugin, or core.' }),
    emittedAt: Time,
  }),
  plugin: Type.String({ description: 'The plugin whose handler failed.' }),
  subscription: Type.String(),
  attempts: Type.Integer(),
  error: Type.String(),
  deadAt: Time,
});

const WaitingAnswer = Type.Object({
  plugin: Type.String(),
  waiting: Type.Integer(),
  waitingSince: Type.Union([Time, Type.Null()]),
  deadLetters: Type.Integer(),
  putOff: Type.Integer({
    description: 'Tries, one after the other, that failed with nobody to blame: the plugin cannot run.',
  }),
  nextTryAt: Type.Union([Time, Type.Null()]),
  error: Type.Union([Type.String(), Type.Null()], { description: 'Why the oldest of what failed waits.' }),
});

const ListQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: HTTP_LIMITS.pageSizeMax, default: HTTP_LIMITS.pageSizeDefault }),
    ),
    cursor: Type.Optional(Type.String({ pattern: '^[0-9]{1,18}$' })),
    plugin: Type.Optional(Type.String({ maxLength: 120 })),
  },
  closed,
);

export function pluginEventRoutes(services: Services): Route[] {
  return [
    emitRoute(services),
    waitingRoute(services),
    listRoute(services),
    ...replayRoutes(services),
    discardRoute(services),
  ];
}

function emitRoute({ events }: Services): Route {
  return route({
    method: 'POST',
    path: '/api/v1/orgs/:org/events',
    tag: 'events',
    summary: 'Tells the plugins of the organization something, such as invitations.send-requested.',
    access: ADMIN,
    params: OrgParams,
    query: NoQuery,
    body: Type.Object(
      {
        name: Type.String({ maxLength: 200 }),
        key: Type.Optional(
          Type.Union([Type.String(), Type.Null()], { description: 'Events of one key arrive in order.' }),
        ),
        data: Type.Unknown(),
      },
      closed,
    ),
    answers: { 202: Type.Object({ id: Type.String(), subscribers: Type.Integer() }) },
    handle: async ({ caller, body: { name, key, data } }) => {
      const event = { name, key: key ?? null, data: (data ?? null) as JsonValue };
      return { status: 202, json: { ...(await events.emitAs(actingAs(caller), event)) } };
    },
  });
}

function waitingRoute({ events }: Services): Route {
  return route({
    method: 'GET',
    path: '/api/v1/orgs/:org/events/waiting',
    tag: 'events',
    summary: 'How many events wait for each plugin, since when and why; a plugin is absent where none do.',
    access: ADMIN,
    params: OrgParams,
    query: NoQuery,
    body: 'none',
    answers: { 200: Type.Object({ items: Type.Array(WaitingAnswer) }) },
    handle: async ({ caller }) => ({
      status: 200,
      json: { items: toJson(await events.listWaiting(caller.org.id)) },
    }),
  });
}

function listRoute({ events }: Services): Route {
  return route({
    method: 'GET',
    path: DEAD_LETTERS,
    tag: 'events',
    summary: 'Events that a handler failed on too often, newest first, with the reason.',
    access: ADMIN,
    params: OrgParams,
    query: ListQuery,
    body: 'none',
    answers: { 200: pageSchema(DeadLetterAnswer) },
    handle: async ({ caller, query: { limit = HTTP_LIMITS.pageSizeDefault, cursor, plugin } }) => {
      const letters = await events.listDeadLetters(caller.org.id, {
        limit,
        ...(cursor === undefined ? {} : { before: cursor }),
        ...(plugin === undefined ? {} : { plugin: requirePluginId(plugin) }),
      });
      return { status: 200, json: pageOfLetters(letters, limit) };
    },
  });
}

function pageOfLetters(letters: readonly DeadLetter[], limit: number): JsonObject {
  const items = letters.slice(0, limit);
  return { items: toJson(items), nextCursor: letters.length > limit ? (items.at(-1)?.id ?? null) : null };
}

function replayRoutes({ events }: Services): Route[] {
  const base = { method: 'POST', tag: 'events', access: ADMIN, query: NoQuery } as const;
  const answers = { 200: Type.Object({ replayed: Type.Integer() }) };
  return [
    route({
      ...base,
      path: `${DEAD_LETTERS}/replay`,
      summary: 'Delivers all dead letters once more, or those of one plugin; at most a thousand at once.',
      params: OrgParams,
      body: Type.Object(
        { plugin: Type.Optional(Type.String({ maxLength: 120 })) },
        { ...closed, default: {} },
      ),
      answers,
      handle: async ({ caller, body: { plugin } }) => {
        const choice = plugin === undefined ? 'all' : { plugin: requirePluginId(plugin) };
        return { status: 200, json: { replayed: await events.replay(actingAs(caller), choice) } };
      },
    }),
    route({
      ...base,
      path: `${DEAD_LETTERS}/:letter/replay`,
      summary: 'Delivers one dead letter once more, after what waits for the same plugin and key.',
      params: OneDeadLetter,
      body: 'none',
      answers,
      handle: async ({ caller, params }) => {
        const replayed = await events.replay(actingAs(caller), { id: params.letter });
        return { status: 200, json: { replayed } };
      },
    }),
  ];
}

function discardRoute({ events }: Services): Route {
  return route({
    method: 'DELETE',
    path: `${DEAD_LETTERS}/:letter`,
    tag: 'events',
    summary: 'Throws a dead letter away.',
    access: ADMIN,
    params: OneDeadLetter,
    query: NoQuery,
    body: 'none',
    answers: { 204: null },
    handle: async ({ caller, params }) => {
      await events.discard(actingAs(caller), params.letter);
      return { status: 204 };
    },
  });
}

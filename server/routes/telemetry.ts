/** What plugins logged and how they ran, for the administrators of their organization. */
import { Type, type Static } from 'typebox';
import type { OrgAccess } from '../../identity/index.ts';
import { LOG_CHANNEL, LOG_LEVELS, type LogFilter, type LogOwner } from '../../services/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { HTTP_LIMITS, TELEMETRY_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Route } from '../http/route.ts';
import { EVENT_STREAM_HEADERS, lastEventIdOf } from '../runtime/event-streams.ts';
import type { Services } from '../services.ts';
import { InstalledParams, pluginOf, words } from './installed-plugin.ts';
import { PageQuery, Time } from './schemas.ts';

const PATH = '/api/v1/orgs/:org/plugins/:publisher/:name';
const closed = { additionalProperties: false } as const;

const Filter = {
  level: Type.Optional(
    Type.Union(words(LOG_LEVELS).anyOf, { description: 'The least grave that is shown.' }),
  ),
  since: Type.Optional(Time),
  until: Type.Optional(Time),
  requestId: Type.Optional(Type.String({ maxLength: 100 })),
  text: Type.Optional(
    Type.String({ maxLength: 200, description: 'Part of the text, in any case of letters.' }),
  ),
};
const LogQuery = Type.Object({ ...PageQuery.properties, ...Filter }, closed);
const { level, requestId, text } = Filter;
const FollowQuery = Type.Object({ level, requestId, text }, closed);

const Line = Type.Object({
  id: Type.String(),
  at: Time,
  level: words(LOG_LEVELS),
  text: Type.String(),
  requestId: Type.Union([Type.String(), Type.Null()]),
});
const Counts = Type.Record(Type.String(), Type.Integer());
const Milliseconds = Type.Union([Type.Number(), Type.Null()]);
const Metrics = Type.Object({
  days: Type.Integer(),
  calls: Type.Integer(),
  outcomes: Counts,
  triggers: Counts,
  cpuMs: Type.Number(),
  latency: Type.Object({
    meanMs: Milliseconds,
    p50Ms: Milliseconds,
    p95Ms: Milliseconds,
    p99Ms: Milliseconds,
    buckets: Type.Array(Type.Object({ leMs: Milliseconds, count: Type.Integer() })),
  }),
  hostCalls: Type.Integer(),
  memory: Type.Object({ runnerPeakBytes: Type.Union([Type.Number(), Type.Null()]) }),
  egress: Type.Object({ requests: Counts, bytesOut: Type.Number(), bytesIn: Type.Number() }),
  denied: Type.Array(
    Type.Object({
      capability: Type.String(),
      permission: Type.String(),
      count: Type.Integer(),
      lastAt: Time,
    }),
  ),
});

export function telemetryRoutes(services: Services): Route[] {
  return [...logRoutes(services), metricsRoute(services)];
}

function logRoutes(services: Services): Route[] {
  const { telemetry, eventStreams } = services;
  const base = {
    tag: 'installations',
    method: 'GET',
    access: { kind: 'org', role: 'admin', scope: 'orgs:admin' },
    params: InstalledParams,
    body: 'none',
  } as const;
  return [
    route({
      ...base,
      path: `${PATH}/logs`,
      summary:
        'The newest lines of the log of a plugin that fit, oldest first, from all servers. nextCursor leads to those before them.',
      query: LogQuery,
      answers: {
        200: Type.Object({ items: Type.Array(Line), nextCursor: Type.Union([Type.String(), Type.Null()]) }),
      },
      handle: async ({ caller, params, query }) => {
        const { limit = HTTP_LIMITS.pageSizeDefault, cursor, ...wanted } = query;
        const owner = await ownerOf(services, caller, params);
        const page = { filter: filterOf(wanted), before: readCursor(cursor), limit: limit + 1 };
        const lines = await telemetry.readLog(owner, page);
        const items = lines.slice(-limit);
        const nextCursor = lines.length > limit ? (items[0]?.id ?? null) : null;
        return { status: 200, json: { items: toJson(items), nextCursor } };
      },
    }),
    route({
      ...base,
      path: `${PATH}/logs/stream`,
      summary:
        'Server-sent events of the type log: each line as it is written, on any server. Resumes after Last-Event-ID.',
      query: FollowQuery,
      answers: { 200: 'text/event-stream' },
      handle: async ({ caller, params, query, raw }) => {
        const after = lastEventIdOf(raw);
        const owner = await ownerOf(services, caller, params);
        const source = {
          orgId: owner.orgId,
          channel: LOG_CHANNEL,
          newest: () => telemetry.newestLineId(owner),
          read: async (last: string) => {
            const page = { filter: filterOf(query), after: last, limit: HTTP_LIMITS.pageSizeMax };
            const lines = await telemetry.followLog(owner, page);
            return lines.map((line) => ({ id: line.id, type: 'log', data: toJson(line) as JsonObject }));
          },
        };
        return { status: 200, bytes: await eventStreams.open(source, after), headers: EVENT_STREAM_HEADERS };
      },
    }),
  ];
}

function metricsRoute(services: Services): Route {
  return route({
    method: 'GET',
    path: `${PATH}/metrics`,
    tag: 'installations',
    summary:
      'How often the plugin ran and how that ended, its time, memory and requests out, and what it was denied; from all servers.',
    access: { kind: 'org', role: 'admin', scope: 'orgs:admin' },
    params: InstalledParams,
    query: Type.Object(
      {
        days: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: TELEMETRY_LIMITS.countsKeptDays,
            default: 7,
            description: 'Today (UTC) and the days before it, together.',
          }),
        ),
      },
      closed,
    ),
    body: 'none',
    answers: { 200: Metrics },
    handle: async ({ caller, params, query }) => {
      const owner = await ownerOf(services, caller, params);
      return { status: 200, json: toJson(await services.telemetry.metrics(owner, query.days ?? 7)) };
    },
  });
}

/** @throws Refusal `not_found`, `plugin_not_installed` */
async function ownerOf(
  { installations }: Services,
  { org }: OrgAccess,
  params: { publisher: string; name: string },
): Promise<LogOwner> {
  const { id } = await installations.read(org.id, pluginOf(params));
  return { orgId: org.id, installationId: id };
}

function filterOf({ since, until, ...rest }: Static<typeof LogQuery>): LogFilter {
  return {
    ...rest,
    ...(since === undefined ? {} : { since: readTime('since', since) }),
    ...(until === undefined ? {} : { until: readTime('until', until) }),
  };
}

/**
 * RFC 3339 has leap seconds and the year 0, of which Date has no first and PostgreSQL no second.
 * @throws Refusal `request_invalid`
 */
function readTime(name: string, written: string): Date {
  const time = new Date(written);
  const year = time.getUTCFullYear();
  if (year >= 1 && year <= 9_999) return time;
  throw new Refusal('request_invalid', {
    detail: `/query/${name} is no moment of the years 1 to 9999, to the second from 0 to 59.`,
  });
}

/** @throws Refusal `cursor_invalid` */
function readCursor(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  if (/^\d{1,18}$/u.test(cursor)) return cursor;
  throw new Refusal('cursor_invalid', { detail: 'The cursor is not one that this list gave.' });
}

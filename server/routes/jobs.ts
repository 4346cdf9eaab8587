/** Jobs of an organization: administrators see all, members those that they stand behind. */
import { Type, type Static } from 'typebox';
import type { OrgAccess } from '../../identity/index.ts';
import { JOB_STATES, type JobAudience, type JobQuery, type JobView } from '../../services/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { HTTP_LIMITS } from '../../spec/limits.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { actingAs, requirePluginId, words } from './installed-plugin.ts';
import { NoQuery, OrgParams, pageSchema, Time, Uuid } from './schemas.ts';

const nullable = <T extends ReturnType<typeof Type.Unsafe>>(schema: T) => Type.Union([schema, Type.Null()]);
const Text = Type.Unsafe<string>(Type.String());
const When = Type.Unsafe<string>(Time);

export const JobAnswer = Type.Object({
  id: Type.String(),
  kind: Type.String({
    description: 'command and schedule are runs of a plugin; others are work of Souk itself.',
  }),
  plugin: nullable(Text),
  name: nullable(Text),
  state: words(JOB_STATES),
  progress: Type.Unknown({ description: '{ done, total, message } as the plugin said it last, or null.' }),
  result: Type.Unknown({ description: 'What the plugin answered.' }),
  failure: Type.Unknown({ description: '{ code, message, outcome }, or null.' }),
  attempt: Type.Integer(),
  caller: Type.Unknown(),
  scheduleId: nullable(Text),
  runAt: When,
  createdAt: When,
  startedAt: nullable(When),
  endedAt: nullable(When),
  cancelRequestedAt: nullable(When),
});

const LogLine = Type.Object({
  line: Type.Integer(),
  at: When,
  level: Type.String(),
  text: Type.String(),
});

const PATH = '/api/v1/orgs/:org/jobs';
const JobParams = Type.Object({ org: Type.String(), job: Type.String() });
const ListQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: HTTP_LIMITS.pageSizeMax, default: HTTP_LIMITS.pageSizeDefault }),
    ),
    cursor: Type.Optional(Uuid),
    state: Type.Optional(words(JOB_STATES)),
    plugin: Type.Optional(Type.String({ maxLength: 120 })),
    schedule: Type.Optional(Uuid),
  },
  { additionalProperties: false },
);

const LogQuery = Type.Object(
  { after: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000, default: 0 })) },
  { additionalProperties: false },
);

export function jobRoutes({ jobs }: Services): Route[] {
  const base = { tag: 'jobs', query: NoQuery, params: JobParams, body: 'none' } as const;
  const reading = { kind: 'org', role: 'member', scope: 'orgs:read' } as const;
  return [
    route({
      ...base,
      method: 'GET',
      path: PATH,
      summary: 'Jobs, newest first. Members see those that they stand behind.',
      access: reading,
      params: OrgParams,
      query: ListQuery,
      answers: { 200: pageSchema(JobAnswer) },
      handle: async ({ caller, query }) => {
        const wanted = queryOf(query);
        const listed = await jobs.list(caller.org.id, audienceOf(caller), wanted);
        return { status: 200, json: pageOfOneMore(listed, wanted.limit) };
      },
    }),
    route({
      ...base,
      method: 'GET',
      path: `${PATH}/:job`,
      summary: 'A job: its state, progress, and what came of it.',
      access: reading,
      answers: { 200: JobAnswer },
      handle: async ({ caller, params }) => ({
        status: 200,
        json: toJson(await jobs.read(caller.org.id, params.job, audienceOf(caller))),
      }),
    }),
    route({
      ...base,
      method: 'GET',
      path: `${PATH}/:job/log`,
      summary: 'What a job logged, oldest first; ask again with the last line until there are none.',
      access: reading,
      query: LogQuery,
      answers: { 200: Type.Object({ items: Type.Array(LogLine) }) },
      handle: async ({ caller, params, query }) => ({
        status: 200,
        json: {
          items: toJson(await jobs.readLog(caller.org.id, params.job, audienceOf(caller), query.after ?? 0)),
        },
      }),
    }),
    route({
      ...base,
      method: 'POST',
      path: `${PATH}/:job/cancel`,
      summary: 'Cancels a job: one that waits is over at once, one at work is told to stop.',
      access: { kind: 'org', role: 'member', scope: 'plugins:call' },
      answers: { 200: JobAnswer },
      handle: async ({ caller, params }) => ({
        status: 200,
        json: toJson(await jobs.cancel(actingAs(caller), params.job, audienceOf(caller))),
      }),
    }),
  ];
}

function queryOf({ limit, cursor, plugin, schedule, state }: Static<typeof ListQuery>): JobQuery {
  return {
    limit: limit ?? HTTP_LIMITS.pageSizeDefault,
    ...(cursor === undefined ? {} : { before: cursor }),
    ...(state === undefined ? {} : { state }),
    ...(plugin === undefined ? {} : { plugin: requirePluginId(plugin) }),
    ...(schedule === undefined ? {} : { scheduleId: schedule }),
  };
}

/** @param listed one more than the page holds, where there are more */
function pageOfOneMore(listed: readonly JobView[], limit: number): JsonObject {
  const items = listed.slice(0, limit);
  return { items: toJson(items), nextCursor: listed.length > limit ? (items.at(-1)?.id ?? null) : null };
}

function audienceOf({ principal, role }: OrgAccess): JobAudience {
  return role === 'member' ? { userId: principal.id } : 'all';
}

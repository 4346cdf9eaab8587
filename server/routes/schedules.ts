/** Schedules: shown to members, added, paused and removed by administrators. */
import { Type } from 'typebox';
import { MISSED_POLICIES } from '../../services/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { toJson } from '../http/json-answer.ts';
import { route, type Route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { actingAs, requirePluginId, words } from './installed-plugin.ts';
import { Anything, NoQuery, OrgParams, Time } from './schemas.ts';

const PATH = '/api/v1/orgs/:org/schedules';
const closed = { additionalProperties: false } as const;
const OneSchedule = Type.Object({ org: Type.String(), schedule: Type.String() });
const nullableText = Type.Union([Type.String(), Type.Null()]);

const ScheduleAnswer = Type.Object({
  id: Type.String(),
  plugin: Type.String(),
  origin: words(['plugin', 'admin']),
  name: Type.String(),
  command: nullableText,
  args: Anything,
  cron: Type.String(),
  timeZone: Type.String(),
  missed: words(MISSED_POLICIES),
  state: words(['running', 'paused']),
  nextRuns: Type.Array(Time),
  lastAt: Type.Union([Time, Type.Null()]),
  lastNote: Type.Union([Type.String(), Type.Null()], {
    description: 'started, overlapped, missed, notActive, or the code of a refusal.',
  }),
  lastJobId: nullableText,
});

const NewScheduleBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 80, pattern: '^[^\\u0000-\\u001f\\u007f]*$' }),
    plugin: Type.String({ maxLength: 120 }),
    command: Type.String({ maxLength: 63 }),
    args: Type.Object({}, { additionalProperties: true, default: {} }),
    cron: Type.String({ maxLength: 100 }),
    timeZone: Type.String({ maxLength: 60, default: 'UTC' }),
    missed: Type.Union(
      MISSED_POLICIES.map((policy) => Type.Literal(policy)),
      { default: 'skip', description: 'What is done about ticks for which no server was there.' },
    ),
  },
  closed,
);

export function scheduleRoutes(services: Services): Route[] {
  return [listRoute(services), addRoute(services), ...stateRoutes(services), removeRoute(services)];
}

const base = { tag: 'jobs', query: NoQuery } as const;
const ADMIN = { kind: 'org', role: 'admin', scope: 'orgs:admin' } as const;

function listRoute({ schedules }: Services): Route {
  return route({
    ...base,
    method: 'GET',
    path: PATH,
    summary: 'Schedules, with when each runs next and what came of it last.',
    access: { kind: 'org', role: 'member', scope: 'orgs:read' },
    params: OrgParams,
    body: 'none',
    answers: { 200: Type.Object({ items: Type.Array(ScheduleAnswer) }) },
    handle: async ({ caller }) => ({
      status: 200,
      json: { items: toJson(await schedules.list(caller.org.id)) },
    }),
  });
}

function addRoute({ schedules }: Services): Route {
  return route({
    ...base,
    method: 'POST',
    path: PATH,
    summary: 'Runs a command of a plugin by the clock, as a job, once for each tick.',
    access: ADMIN,
    params: OrgParams,
    body: NewScheduleBody,
    answers: { 201: ScheduleAnswer },
    handle: async ({ caller, body }) => {
      const { name, command, cron, timeZone, missed } = body;
      const args = body.args as JsonObject;
      const plugin = requirePluginId(body.plugin);
      const added = await schedules.add(actingAs(caller), {
        name,
        plugin,
        command,
        args,
        cron,
        timeZone,
        missed,
      });
      return { status: 201, json: toJson(added) };
    },
  });
}

function stateRoutes({ schedules }: Services): Route[] {
  const steps = [
    { step: 'pause', state: 'paused', summary: 'Pauses a schedule, until it is resumed.' },
    {
      step: 'resume',
      state: 'running',
      summary: 'Resumes a schedule; what was due meanwhile is not made up for.',
    },
  ] as const;
  return steps.map(({ step, state, summary }) =>
    route({
      ...base,
      method: 'POST',
      path: `${PATH}/:schedule/${step}`,
      summary,
      access: ADMIN,
      params: OneSchedule,
      body: 'none',
      answers: { 200: ScheduleAnswer },
      handle: async ({ caller, params }) => ({
        status: 200,
        json: toJson(await schedules.setState(actingAs(caller), params.schedule, state)),
      }),
    }),
  );
}

function removeRoute({ schedules }: Services): Route {
  return route({
    ...base,
    method: 'DELETE',
    path: `${PATH}/:schedule`,
    summary: 'Removes a schedule of an administrator; one that a plugin declares can be paused.',
    access: ADMIN,
    params: OneSchedule,
    body: 'none',
    answers: { 204: null },
    handle: async ({ caller, params }) => {
      await schedules.remove(actingAs(caller), params.schedule);
      return { status: 204 };
    },
  });
}

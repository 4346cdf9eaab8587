/** Schedules of organizations: those that plugins declare, and commands that administrators want run by the clock. */
import { randomUUIDv7 } from 'node:crypto';
import { appendAudit, isUuid, type Database, type Transaction } from '../../database/index.ts';
import { actorName } from '../../registry/installations/actor.ts';
import { EVENTS_CHANNEL, type Acting } from '../../registry/installations/index.ts';
import { nextRuns, parseCron } from '../../spec/cron.ts';
import type { JsonObject } from '../../spec/json.ts';
import { SCHEDULE_LIMITS } from '../../spec/limits.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { Jobs } from '../jobs/index.ts';
import type { QueueLog } from '../queue/index.ts';
import { firstRun, syncDeclared } from './declared.ts';
import { ScheduleEntity, type MissedPolicy, type Schedule } from './entities.ts';
import { beginDue } from './ticking.ts';

export type NewSchedule = {
  readonly name: string;
  readonly plugin: PluginId;
  readonly command: string;
  readonly args: JsonObject;
  readonly cron: string;
  readonly timeZone: string;
  readonly missed: MissedPolicy;
};

export type ScheduleView = {
  readonly id: string;
  readonly plugin: PluginId;
  /** `plugin` for one that the plugin declares. */
  readonly origin: 'plugin' | 'admin';
  readonly name: string;
  readonly command: string | null;
  readonly args: JsonObject;
  readonly cron: string;
  readonly timeZone: string;
  readonly missed: MissedPolicy;
  readonly state: 'running' | 'paused';
  readonly nextRuns: readonly Date[];
  readonly lastAt: Date | null;
  readonly lastNote: string | null;
  readonly lastJobId: string | null;
};

export type Schedules = {
  list(orgId: string): Promise<ScheduleView[]>;
  /** @throws Refusal `schedule_invalid`, `schedules_too_many`, `plugin_not_installed`, `handler_unknown`, `job_arguments_invalid` */
  add(acting: Acting, schedule: NewSchedule): Promise<ScheduleView>;
  /** @throws Refusal `schedule_not_found` */
  setState(acting: Acting, id: string, state: Schedule['state']): Promise<ScheduleView>;
  /** One that a plugin declares is paused instead. @throws Refusal `schedule_not_found`, `schedule_declared` */
  remove(acting: Acting, id: string): Promise<void>;
  /** Begins to look at the clock. */
  start(): void;
  close(): Promise<void>;
};

type Ports = { readonly database: Database; readonly jobs: Jobs; readonly log: QueueLog };

const NEXT_SHOWN = 5;

export async function openSchedules(ports: Ports): Promise<Schedules> {
  const { database, log } = ports;
  const sync = (orgId: string | null): Promise<void> =>
    syncDeclared(database, orgId).catch((error: unknown) =>
      log.warn({ err: error }, 'schedules of plugins are read later'),
    );
  const stopListening = await database.notifications.listen(EVENTS_CHANNEL, {
    notified: (orgId) => void sync(isUuid(orgId) ? orgId : null),
    connected: () => void sync(null),
  });
  const clock = createClock(() => beginDue(ports), log);
  return {
    list: (orgId) => list(database, orgId),
    add: (acting, schedule) => add(ports, acting, schedule),
    setState: (acting, id, state) => setState(database, acting, id, state),
    remove: (acting, id) => remove(database, acting, id),
    start: clock.start,
    close: async () => {
      stopListening();
      await clock.stop();
    },
  };
}

function createClock(work: () => Promise<number>, log: QueueLog): { start(): void; stop(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> = Promise.resolve();
  let isAtWork = false;
  const look = async (): Promise<void> => {
    if (isAtWork) return;
    isAtWork = true;
    try {
      while ((await work()) > 0);
    } catch (error) {
      log.warn({ err: error }, 'schedules are looked at later');
    }
    isAtWork = false;
  };
  return {
    start: () => {
      timer = setInterval(() => {
        if (!isAtWork) round = look();
      }, SCHEDULE_LIMITS.lookMs).unref();
    },
    stop: async () => {
      clearInterval(timer);
      await round;
    },
  };
}

async function list(database: Database, orgId: string): Promise<ScheduleView[]> {
  return database.transaction({ kind: 'org', orgId }, async ({ em }) => {
    const schedules = await em.find(ScheduleEntity, { orgId }, { orderBy: { pluginId: 'asc', id: 'asc' } });
    return schedules.map(toView);
  });
}

function toView(schedule: Schedule): ScheduleView {
  const { cron, timeZone, state } = schedule;
  const parsed = parseCron(cron, timeZone);
  const isDue = state === 'running' && typeof parsed !== 'string';
  return {
    id: schedule.id,
    plugin: schedule.pluginId,
    origin: schedule.origin,
    name: schedule.name,
    command: schedule.command ?? null,
    args: JSON.parse(schedule.args) as JsonObject,
    cron,
    timeZone,
    missed: schedule.missed,
    state,
    nextRuns: isDue ? nextRuns(parsed, new Date(), NEXT_SHOWN) : [],
    lastAt: schedule.lastAt ?? null,
    lastNote: schedule.lastNote ?? null,
    lastJobId: schedule.lastJobId ?? null,
  };
}

async function add({ database, jobs }: Ports, acting: Acting, wish: NewSchedule): Promise<ScheduleView> {
  const parsed = parseCron(wish.cron, wish.timeZone);
  if (typeof parsed === 'string') {
    throw new Refusal('schedule_invalid', {
      detail: `${JSON.stringify(wish.cron.slice(0, 100))} ${parsed}.`,
    });
  }
  const { orgId, actor } = acting;
  return database.transaction({ kind: 'org', orgId }, async (tx) => {
    await tx.em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`souk.schedules:${orgId}`]);
    const { plugin, command, args } = wish;
    const installation = await jobs.check(tx, orgId, { kind: 'command', plugin, command, args });
    await requireFree(tx, orgId, installation, wish.name);
    const schedule = tx.em.create(ScheduleEntity, {
      id: randomUUIDv7(),
      orgId,
      installation,
      pluginId: plugin,
      origin: 'admin',
      name: wish.name,
      command,
      args: JSON.stringify(args),
      ...parsed,
      missed: wish.missed,
      state: 'running',
      nextAt: firstRun(parsed.cron, parsed.timeZone),
      lastAt: null,
      lastNote: null,
      lastJobId: null,
      createdAt: new Date(),
      createdBy: actorName(actor),
    });
    tx.em.persist(schedule);
    await audit(tx, acting, 'schedule.added', schedule);
    return toView(schedule);
  });
}

async function requireFree(
  tx: Transaction,
  orgId: string,
  installation: string,
  name: string,
): Promise<void> {
  if ((await tx.em.count(ScheduleEntity, { orgId, origin: 'admin' })) >= SCHEDULE_LIMITS.perOrganizationMax) {
    throw new Refusal('schedules_too_many', {
      detail: `The organization has ${SCHEDULE_LIMITS.perOrganizationMax} schedules of its own.`,
    });
  }
  if ((await tx.em.count(ScheduleEntity, { installation, origin: 'admin', name })) > 0) {
    throw new Refusal('schedule_invalid', {
      detail: `The plugin has a schedule named ${JSON.stringify(name)} already.`,
    });
  }
}

function setState(
  database: Database,
  acting: Acting,
  id: string,
  state: Schedule['state'],
): Promise<ScheduleView> {
  return database.transaction({ kind: 'org', orgId: acting.orgId }, async (tx) => {
    const schedule = await find(tx, acting.orgId, id);
    if (schedule.state !== state) {
      schedule.state = state;
      // What was due meanwhile is not made up for: somebody wanted it so.
      schedule.nextAt = state === 'running' ? firstRun(schedule.cron, schedule.timeZone) : null;
      await audit(tx, acting, state === 'running' ? 'schedule.resumed' : 'schedule.paused', schedule);
    }
    return toView(schedule);
  });
}

async function remove(database: Database, acting: Acting, id: string): Promise<void> {
  await database.transaction({ kind: 'org', orgId: acting.orgId }, async (tx) => {
    const schedule = await find(tx, acting.orgId, id);
    if (schedule.origin === 'plugin') {
      throw new Refusal('schedule_declared', { detail: `${schedule.pluginId} declares ${schedule.name}.` });
    }
    tx.em.remove(schedule);
    await audit(tx, acting, 'schedule.removed', schedule);
  });
}

async function find(tx: Transaction, orgId: string, id: string): Promise<Schedule> {
  if (isUuid(id)) await tx.em.execute('select 1 from schedule where id = ? for update', [id]);
  const found = isUuid(id) ? await tx.em.findOne(ScheduleEntity, { id, orgId }) : null;
  if (found) return found;
  throw new Refusal('schedule_not_found', { detail: 'The organization has no schedule with this id.' });
}

async function audit(tx: Transaction, { actor }: Acting, action: string, schedule: Schedule): Promise<void> {
  const { id, pluginId: plugin, name, command, cron, timeZone } = schedule;
  const detail = { plugin, name, command: command ?? null, cron, timeZone };
  await appendAudit(tx, { scope: tx.scope, actor, action, subject: `schedule:${id}`, detail });
}

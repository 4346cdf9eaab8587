/** Two servers of one database: what one of them sends the other one takes because it was told, not because it looks. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { HandlerRun, HandlerRuns } from '../../spec/handler-runs.ts';
import { startTestDatabase } from '../../tests/support/database.ts';
import { createCauses } from '../../spec/host/causes.ts';
import { EVENT_ENTITIES, openEvents, type Events } from '../events/index.ts';
import { QUEUE_LIMITS } from '../../spec/limits.ts';
import { openQueue, type Queue } from './queue.ts';

const fixture = await startTestDatabase(EVENT_ENTITIES);
const log = { warn: (_fields: object, message: string) => expect.fail(message) };
const [busy, idle] = [fixture.database, await fixture.open()];
const AN_HOUR_MS = 3_600_000;
const orgId = randomUUID();
const GRANTS = [{ name: 'events.subscribe', scope: ['import.*'] }];
const MANIFEST = { contributes: { events: { subscribes: ['import.completed'] } } };

beforeAll(async () => {
  await fixture.superuser.query(`set session_replication_role = replica`);
  await fixture.superuser.query(
    `insert into installation select (jsonb_populate_record(null::installation, row)).* from (select
       (select jsonb_object_agg(column_name, case data_type when 'boolean' then 'false' when 'integer' then '0'
          when 'timestamp with time zone' then to_jsonb(now()) when 'jsonb' then '[]' when 'ARRAY' then '[]' when 'uuid' then to_jsonb($1::text)
          else '"none"' end) from information_schema.columns where table_name = 'installation' and is_nullable = 'NO')
       || $2::jsonb as row) as made`,
    [
      randomUUID(),
      JSON.stringify({
        org_id: orgId,
        plugin_id: 'a/b',
        state: 'active',
        manifest: MANIFEST,
        grants: GRANTS,
      }),
    ],
  );
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => fixture.drop());

/**
 * From here on nobody looks by the clock, and who is not told waits for an hour. All other timers stay as they are.
 *
 * @returns resolves once somebody rests
 */
function stopLooking(): Promise<void> {
  const resting = Promise.withResolvers<void>();
  const set = globalThis.setTimeout;
  const held = (handler: () => void, delayMs?: number): NodeJS.Timeout => {
    if (delayMs !== QUEUE_LIMITS.pollMs) return set(handler, delayMs);
    resting.resolve();
    return set(handler, AN_HOUR_MS);
  };
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(held as typeof setTimeout);
  return resting.promise;
}

it('a job', async () => {
  const queues: Queue[] = [await openQueue(busy, log), await openQueue(idle, log)];
  const [sender, taker] = queues as [Queue, Queue];
  const taken = Promise.withResolvers<unknown>();
  const resting = stopLooking();
  taker.work('jobs', { tasksMax: 1, groupTasksMax: 1 }, (tasks) =>
    tasks.map(async (task) => {
      await idle.transaction({ kind: 'instance' }, (tx) => taker.finish(tx, 'jobs', [task]));
      taken.resolve(task.data);
    }),
  );
  await resting;
  await busy.transaction({ kind: 'instance' }, (tx) =>
    sender.send(tx, 'jobs', [{ data: { is: 'told' }, group: 'one' }]),
  );
  expect(await taken.promise).toEqual({ is: 'told' });
  for (const queue of queues) await queue.close();
});

it('an event', async () => {
  const heard = Promise.withResolvers<HandlerRun>();
  const handlers: HandlerRuns = {
    run: async (run) => {
      heard.resolve(run);
      return {
        outcome: 'ok',
        value: null,
        usage: { cpuMs: 0, wallMs: 0, hostCalls: 0, cold: false },
      };
    },
  };
  const ports = { handlers, causes: createCauses(), log, attemptsMax: 1 };
  const both = [
    await openEvents({ ...ports, database: busy }),
    await openEvents({ ...ports, database: idle }),
  ];
  const [teller, hearer] = both as [Events, Events];
  const resting = stopLooking();
  hearer.start();
  await resting;
  const make = () => [{ name: 'import.completed', key: 'one', data: { n: 1 } }];
  await busy.transaction({ kind: 'org', orgId }, (tx) =>
    teller.tell(tx, orgId, { names: ['import.completed'], make }),
  );
  expect((await heard.promise).trigger).toMatchObject({ kind: 'event', event: { data: { n: 1 } } });
  for (const events of both) await events.close(1_000);
});

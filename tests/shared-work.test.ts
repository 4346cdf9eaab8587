/** Events, jobs and ticks that two servers of one database share, through a database that goes away for a moment. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { EVENT_LIMITS } from '../spec/limits.ts';
import { openDatabaseProxy } from './support/database-proxy.ts';
import {
  askJournal,
  expectInOrder,
  expectSingleTicks,
  JOURNAL,
  makeDue,
  openJobs,
  runsOf,
  waitingDeliveries,
} from './support/journal.ts';
import type { TestOrg } from './support/test-org.ts';
import { startSoukOn, testDatabase } from './support/test-souk.ts';

const database = await testDatabase();
const wire = await openDatabaseProxy(database);
const first = await startSoukOn(wire.url);
const second = await startSoukOn(wire.url, { dataDir: first.process.dataDir });
const servers = [first, second];
const { superuser } = database;
const soon = (ask: () => unknown) => expect.poll(ask, { timeout: 90_000, interval: 50 });
/** The last number that was told of each key. */
const told = new Map<string, number>();
let acme: TestOrg;

beforeAll(async () => {
  acme = await first.org('acme');
  const works = await first.publisher('works', acme);
  await works.ship(JOURNAL);
  await acme.install(JOURNAL.id);
  // The second server has heard of the installation.
  const body = { key: 'warm', n: 1 };
  for (const { anyone } of servers) {
    const endpoint = acme.endpoint(JOURNAL.id, '/');
    await vi.waitFor(async () => expect(await askJournal(anyone, endpoint, body)).toBeDefined(), 30_000);
  }
});

const ask = (turn: number, body: object) =>
  askJournal((servers[turn % servers.length] ?? first).anyone, acme.endpoint(JOURNAL.id, '/'), body);

/** Of each key one number after the other, in turns through both servers. */
async function tellAll(prefix: string, count: number): Promise<void> {
  await Promise.all(
    ['a', 'b', 'c', 'd'].map(async (name, offset) => {
      const key = `${prefix}-${name}`;
      for (let n = 1; n <= count; n++) {
        expect(await ask(n + offset, { key, n })).toMatchObject({ subscribers: 1 });
        told.set(key, n);
      }
    }),
  );
}

describe('two servers of one database', () => {
  it('deliver each event once, in the order of its key', async () => {
    await tellAll('calm', 15);
    await soon(() => waitingDeliveries(superuser)).toBe(0);
    await expectInOrder(superuser, told);
    const runs = await runsOf(superuser, 'event');
    for (const [key, last] of told)
      for (let n = 1; n <= last; n++) expect([key, n, runs.get(`${key}/${n}`)]).toEqual([key, n, 1]);
  });

  it('leave no lane behind', async () => {
    await soon(async () => (await superuser.query(`select lane from event_lane`)).rows).toEqual([]);
  });

  it('do each job once', async () => {
    const marks = Array.from({ length: 24 }, (_, mark) => String(mark));
    await Promise.all(marks.map((mark, turn) => ask(turn, { command: 'once', mark })));
    await soon(() => openJobs(superuser)).toBe(0);
    expect(await runsOf(superuser, 'once')).toEqual(new Map(marks.map((mark) => [mark, 1])));
  });

  it('begin each tick once', async () => {
    const ticks: string[] = [];
    for (let each = 0; each < 3; each++) {
      ticks.push(await makeDue(superuser));
      await soon(async () => [...(await runsOf(superuser, 'tick')).keys()]).toContain(ticks.at(-1));
      await soon(() => openJobs(superuser)).toBe(0);
    }
    await expectSingleTicks(superuser);
    expect([...(await runsOf(superuser, 'tick')).keys()].sort()).toEqual(ticks.sort());
  });
});

describe('a database that goes away and comes back', () => {
  it('loses nothing of what was told before, and doubles no job and no tick', async () => {
    await tellAll('cut', 8);
    const marks = Array.from({ length: 8 }, (_, mark) => `cut-${mark}`);
    await Promise.all(marks.map((mark, turn) => ask(turn, { command: 'once', mark })));
    await makeDue(superuser);
    await wire.cut();
    for (const { anyone } of servers) expect((await anyone.get('/readyz')).status).toBe(503);
    await wire.mend();
    for (const { anyone } of servers) await soon(async () => (await anyone.get('/readyz')).status).toBe(200);
    await soon(() => waitingDeliveries(superuser)).toBe(0);
    await expectInOrder(superuser, told);
    await soon(() => openJobs(superuser)).toBe(0);
    const runs = await runsOf(superuser, 'once');
    for (const mark of marks) expect(runs.get(mark) ?? 0).toBeLessThanOrEqual(1);
    await expectSingleTicks(superuser);
  });
});

describe('an organization of which too many events wait', () => {
  it('is refused more, until there is room', async () => {
    const fill = `with told as (
        insert into event (id, org_id, name, data, emitter, depth, emitted_at)
          values (gen_random_uuid(), $1, 'journal.told', '{}', 'core', 0, now()) returning id, org_id)
      insert into event_delivery (org_id, event_id, installation_id, subscription, lane, is_fact, state, attempts)
        select told.org_id, told.id, installation.id, 'journal.told', 'held', false, 'waiting', 0
          from told, installation, generate_series(1, $2::int) where installation.org_id = told.org_id`;
    await superuser.query(fill, [acme.id, EVENT_LIMITS.waitingPerOrganizationMax]);
    const tell = async () =>
      (await acme.owner.post(acme.path('/events'), { name: 'journal.told', key: 'full', data: { n: 1 } }))
        .json;
    await soon(async () => (await tell()).code).toBe('events_too_many');
    expect((await tell()).detail).toContain(String(EVENT_LIMITS.waitingPerOrganizationMax));
    await superuser.query(`delete from event_delivery where lane = 'held'`);
    await soon(async () => (await tell()).subscribers).toBe(1);
  });
});

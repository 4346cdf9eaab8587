/** A plugin that writes down every run of its handlers, so that a test can say what was lost, doubled or out of order. */
import { expect } from 'vitest';
import type { TestDatabase } from './database.ts';
import type { HttpClient } from './http-client.ts';
import type { PackageDraft } from './test-package.ts';

export const JOURNAL: PackageDraft & { readonly id: 'works/journal' } = {
  id: 'works/journal',
  permissions: [
    { name: 'kv', reason: 'Remembers.' },
    { name: 'jobs', reason: 'Works.' },
    { name: 'events.emit', scope: ['journal.*'], reason: 'Tells.' },
    { name: 'events.subscribe', scope: ['journal.*'], reason: 'Hears.' },
  ],
  contributes: {
    events: { emits: { 'journal.told': {} }, subscribes: ['journal.told'] },
    commands: [{ name: 'once' }, { name: 'again', retry: 'interrupted' }],
    schedules: [{ name: 'tick', cron: '0 0 1 1 *' }],
  },
  code: `
const ran = (host, what) => host.kv.set('ran/' + what + '/' + crypto.randomUUID(), 1);
const work = async (host, what) => {
  await ran(host, what);
  await new Promise((resolve) => setTimeout(resolve, 150));
};
export default {
  async fetch(request, host) {
    const { key, n, command, mark } = await request.json();
    if (command) return Response.json(await host.jobs.enqueue(command, { mark }));
    return Response.json(await host.events.emit('journal.told', { n }, { key }));
  },
  events: {
    async 'journal.told'({ key, data: { n } }, host) {
      const last = (await host.kv.get('last/' + key)) ?? 0;
      await ran(host, 'event/' + key + '/' + n);
      if (n > last + 1) await host.kv.set('gap/' + key + '/' + n, last);
      if (n > last) await host.kv.set('last/' + key, n);
    },
  },
  commands: {
    once: ({ mark }, host) => work(host, 'once/' + mark),
    again: ({ mark }, host) => work(host, 'again/' + mark),
  },
  schedules: { tick: ({ scheduledAt }, host) => work(host, 'tick/' + scheduledAt) },
};
`,
};

type Pool = TestDatabase['superuser'];

/** @returns how often each thing of a kind (`event`, `once`, `again`, `tick`) was begun */
export async function runsOf(database: Pool, kind: string): Promise<Map<string, number>> {
  const { rows } = await database.query(
    `select substring(key from '^ran/[^/]+/(.*)/[^/]+$') as thing, count(*)::int as runs from kv_entry
       where key like $1 group by 1`,
    [`ran/${kind}/%`],
  );
  return new Map(rows.map(({ thing, runs }) => [String(thing), Number(runs)]));
}

/** Makes the schedule due now, for a tick of its own. @returns the tick */
export async function makeDue(database: Pool): Promise<string> {
  const { rows } = await database.query(
    `update schedule set next_at = date_trunc('milliseconds', clock_timestamp()) where name = 'tick' returning next_at`,
  );
  return new Date(rows[0]?.next_at).toISOString();
}

/** No tick has two jobs, and no job of a tick two runs. */
export async function expectSingleTicks(database: Pool): Promise<void> {
  const { rows } = await database.query(
    `select args, count(*) from job where kind = 'schedule' group by args having count(*) > 1`,
  );
  expect(rows).toEqual([]);
  for (const [tick, runs] of await runsOf(database, 'tick')) expect([tick, runs]).toEqual([tick, 1]);
}

/** Of each key all numbers were heard, and none before the one before it. */
export async function expectInOrder(database: Pool, told: ReadonlyMap<string, number>): Promise<void> {
  expect((await database.query(`select key from kv_entry where key like 'gap/%'`)).rows).toEqual([]);
  const heard = await runsOf(database, 'event');
  for (const [key, last] of told)
    for (let n = 1; n <= last; n++) expect([key, n, heard.get(`${key}/${n}`) ?? 0]).not.toEqual([key, n, 0]);
}

/** @returns the answer; nothing where the connection broke before it */
export async function askJournal(
  client: HttpClient,
  endpoint: string,
  body: object,
): Promise<Record<string, unknown> | undefined> {
  return client.post(endpoint, body).then(
    ({ status, json }) => (status === 200 ? json : undefined),
    () => undefined,
  );
}

export async function waitingDeliveries(database: Pool): Promise<number> {
  const { rows } = await database.query(`select count(*)::int as count from event_delivery`);
  return Number(rows[0]?.count);
}

export async function openJobs(database: Pool): Promise<number> {
  const { rows } = await database.query(`select count(*)::int as count from job where ended_at is null`);
  return Number(rows[0]?.count);
}

/**
 * Kills the server during events, jobs and schedules, round after round on the same data: what was acknowledged is done,
 * in the order of its key; a job that may not be repeated is begun at most once; no tick is begun twice.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { JOB_LIMITS } from '../spec/limits.ts';
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
import { HttpClient } from './support/http-client.ts';
import { testRounds } from './support/rounds.ts';
import { discardSouk, startSouk, type SoukProcess } from './support/souk-process.ts';
import { soukOn, testDatabase } from './support/test-souk.ts';

const ROUNDS = 10;
const KEYS = 6;
const WORK_MS_MIN = 500;
const WORK_MS_MAX = 2_500;
/** A lost server is noticed after its heartbeat, and what waits behind what it held comes after that. */
const SETTLED_MS_MAX = 5 * 60_000;

const database = await testDatabase();
const environment = { DATABASE_URL: database.url, SOUK_WRITES_PER_MINUTE: '0', SOUK_READS_PER_MINUTE: '0' };
const { superuser } = database;
/** Each event that is heard is a key of the journal, which has room for KV_LIMITS.keysMax: a fast machine would fill it. */
const TOLD_PER_KEY_MAX = 500;
/** By key the last number, and by mark the id, of what was acknowledged. */
const told = new Map<string, number>();
const wanted = new Map<string, string>();
let souk: SoukProcess;
let endpoint: string;
let unanswered = 0;

beforeAll(async () => {
  souk = await startSouk({ environment });
  const made = soukOn(souk);
  const acme = await made.org('acme');
  const works = await made.publisher('works', acme);
  await works.ship(JOURNAL);
  await acme.install(JOURNAL.id);
  endpoint = acme.endpoint(JOURNAL.id, '/');
});
afterAll(() => discardSouk(souk));

testRounds('round %i: no gap in a key, no job and no tick twice', ROUNDS, async (round) => {
  const state = { isOver: false };
  const work = Promise.all([
    ...Array.from({ length: KEYS }, (_, key) => tellUntil(state, `key-${key}`)),
    tellUntil(state, `round-${round}`),
    wantUntil(state, `${round}`),
    dueUntil(state),
  ]);
  await sleep(randomInt(WORK_MS_MIN, WORK_MS_MAX));
  await souk.stop('SIGKILL');
  state.isOver = true;
  await work;
  souk = await startSouk({ environment, dataDir: souk.dataDir });
  await expectSingleTicks(superuser);
  await expectBoundedRuns();
});

test('in the end everything that was acknowledged is done', async () => {
  const soon = (count: () => unknown) => expect.poll(count, { timeout: SETTLED_MS_MAX, interval: 100 });
  await soon(() => waitingDeliveries(superuser)).toBe(0);
  await soon(() => openJobs(superuser)).toBe(0);
  // A tick is left out while the one before it is open, so few rounds last until one begins: this one surely does.
  const tick = await makeDue(superuser);
  await soon(async () => [...(await runsOf(superuser, 'tick')).keys()]).toContain(tick);
  await soon(() => openJobs(superuser)).toBe(0);
  await expectInOrder(superuser, told);
  await expectSingleTicks(superuser);
  await expectBoundedRuns();
  await expectHonestEnds();
  expect(unanswered).toBeGreaterThan(ROUNDS / 2);
});

/** A number that was not acknowledged is told again: it may have been heard, and then it is heard twice. */
async function tellUntil(state: { readonly isOver: boolean }, key: string): Promise<void> {
  while (!state.isOver && (told.get(key) ?? 0) < TOLD_PER_KEY_MAX) {
    const n = (told.get(key) ?? 0) + 1;
    if (await ask({ key, n })) told.set(key, n);
  }
}

async function wantUntil(state: { readonly isOver: boolean }, round: string): Promise<void> {
  for (let each = 0; !state.isOver; each++) {
    for (const command of ['once', 'again']) {
      const mark = `${round}-${each}`;
      const answer = await ask({ command, mark });
      if (answer) wanted.set(`${command}/${mark}`, String(answer['id']));
    }
    await sleep(100);
  }
}

async function dueUntil(state: { readonly isOver: boolean }): Promise<void> {
  while (!state.isOver) {
    await makeDue(superuser);
    await sleep(randomInt(300, 900));
  }
}

async function ask(body: object): Promise<Record<string, unknown> | undefined> {
  const answer = await askJournal(new HttpClient(souk.url, null), endpoint, body);
  if (!answer) unanswered += 1;
  return answer;
}

async function expectBoundedRuns(): Promise<void> {
  for (const [mark, runs] of await runsOf(superuser, 'once')) expect([mark, runs]).toEqual([mark, 1]);
  for (const [mark, runs] of await runsOf(superuser, 'again'))
    expect([mark, runs <= JOB_LIMITS.attemptsMax]).toEqual([mark, true]);
}

/** What says that it succeeded has run; what failed was interrupted. */
async function expectHonestEnds(): Promise<void> {
  const { rows } = await superuser.query(`select id, state, failure from job where kind = 'command'`);
  const ends = new Map(
    rows.map(({ id, state, failure }) => [String(id), { state, failure: String(failure) }]),
  );
  for (const [thing, id] of wanted) {
    const end = ends.get(id);
    const [kind = '', mark = ''] = thing.split('/');
    if (end?.state === 'succeeded')
      expect([thing, (await runsOf(superuser, kind)).get(mark) ?? 0]).not.toEqual([thing, 0]);
    else
      expect([thing, end?.state, end?.failure]).toEqual([
        thing,
        'failed',
        expect.stringContaining('job_interrupted'),
      ]);
  }
}

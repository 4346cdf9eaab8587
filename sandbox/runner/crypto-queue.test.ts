import { expect, test } from 'vitest';

import { CRYPTO_LIMITS, RUN_LIMITS } from '../../spec/limits.ts';
import { CryptoQueue, type CryptoJob } from './crypto-queue.ts';
import { createHome, createRun, type Home, type Run } from './state.ts';

type Bed = {
  readonly home: Home;
  readonly queue: CryptoQueue;
  readonly delivered: { run: number; call: number }[];
  begin(id: number): Run;
};

/** A queue whose runs may use `cpuTimeMsMax`, and end as the runner ends them. */
function openBed(cpuTimeMsMax: number): Bed {
  const home = createHome(1);
  const delivered: Bed['delivered'] = [];
  const queue = new CryptoQueue({
    home,
    charge: (run, cpuUs) => {
      run.cpuUs += cpuUs;
      if (run.cpuUs > cpuTimeMsMax * 1_000) home.runs.delete(run.id);
    },
    deliver: (run, call) => delivered.push({ run: run.id, call }),
  });
  const begin = (id: number): Run => {
    const run = createRun(id, home, { ...RUN_LIMITS.endpoint, cpuTimeMsMax }, 0);
    home.runs.set(id, run);
    return run;
  };
  return { home, queue, delivered, begin };
}

let lastCall = 0;
const digest = (run: number): CryptoJob => ({
  call: ++lastCall,
  operation: 'digest',
  json: JSON.stringify({ algorithm: { name: 'SHA-256' }, data: 'abc' }),
  run,
});
const derivation = (run: number): CryptoJob => ({
  call: ++lastCall,
  operation: 'deriveBits',
  json: JSON.stringify({
    algorithm: { name: 'PBKDF2', hash: 'SHA-256', salt: 'salt', iterations: CRYPTO_LIMITS.pbkdf2RoundsMax },
    key: { algorithm: { name: 'PBKDF2' }, usages: ['deriveBits'], material: { format: 'raw', data: 'abc' } },
    length: 256,
  }),
  run,
});

test('an operation is charged to the run that asked', async () => {
  const { queue, delivered, begin } = openBed(10_000);
  const run = begin(7);
  const job = derivation(7);
  expect(queue.add(job)).toBe(1);
  await expect.poll(() => delivered).toEqual([{ run: 7, call: job.call }]);
  expect(run.cpuUs).toBeGreaterThan(10_000);
});

test('what was asked for while no run is in flight waits for the next, which pays', async () => {
  const { queue, delivered, begin } = openBed(10_000);
  const job = digest(0);
  queue.add(job);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(delivered).toEqual([]);
  const run = begin(8);
  queue.work();
  await expect.poll(() => delivered).toEqual([{ run: 8, call: job.call }]);
  expect(run.cpuUs).toBeGreaterThan(0);
});

test('a run that cannot afford its operation ends, and the answer goes to another', async () => {
  const { home, queue, delivered, begin } = openBed(1);
  begin(9);
  const other = begin(10);
  const job = derivation(9);
  queue.add(job);
  await expect.poll(() => delivered).toEqual([{ run: 10, call: job.call }]);
  expect(home.runs.values().map(({ id }) => id)).toEqual([10]);
  expect(other.cpuUs).toBe(0);
});

test('the answer to a run that has ended is held for the next one, with its price', async () => {
  const { home, queue, delivered, begin } = openBed(10_000);
  begin(11);
  const job = derivation(11);
  queue.add(job);
  // In the same turn of the event loop in which it begins: however long it takes, it has not ended by then.
  await new Promise((resolve) => setImmediate(resolve));
  home.runs.delete(11);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(delivered).toEqual([]);
  const next = begin(12);
  queue.work();
  await expect.poll(() => delivered).toEqual([{ run: 12, call: job.call }]);
  expect(next.cpuUs).toBeGreaterThan(10_000);
});

test('waiting operations are bounded: of one run, of all, and by their arguments', () => {
  const { queue } = openBed(10_000);
  const { runPendingMax, pendingMax, jsonCharsMax } = CRYPTO_LIMITS;
  for (let at = 0; at < runPendingMax; at++) expect(queue.add(digest(1))).toBe(1);
  expect(queue.add(digest(1))).toBe(`a run may wait for ${runPendingMax} cryptographic operations at once`);
  for (let at = runPendingMax; at < pendingMax; at++) expect(queue.add(digest(1_000 + at))).toBe(1);
  expect(queue.add(digest(2))).toBe('too many cryptographic operations are waiting');
  expect(
    openBed(10_000).queue.add({ ...digest(1), json: ' '.repeat(CRYPTO_LIMITS.pendingCharsMax + 1) }),
  ).toBe('the data is too large for one cryptographic operation');
  const large = openBed(10_000).queue;
  const json = ' '.repeat(jsonCharsMax);
  expect([3, 4, 5].map((run) => large.add({ ...digest(run), json }))).toEqual([
    1,
    1,
    'too many cryptographic operations are waiting',
  ]);
});

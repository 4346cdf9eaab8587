/** There are only so many runner processes, however many installations there are. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { RUNNER_LIMITS } from '../../spec/limits.ts';
import { createSandbox, type Guest, type Sandbox } from '../index.ts';
import { createTestBed } from '../testing/test-bed.ts';
import { runnersFor } from './pool.ts';

const bed = createTestBed();
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await createSandbox({ ...bed.options, runnersMax: 2, sharing: { reviewed: 'installation' } });
});
afterAll(() => sandbox.close());

const SOURCE = `export default { fetch(request) {
  return request.url.endsWith('/wait') ? new Promise(() => {}) : Response.json(1);
} }`;
const guests = Array.from({ length: 3 }, () => bed.guest({ 'index.js': SOURCE })) as [Guest, Guest, Guest];
const holders = (): number => sandbox.health().runners.filter(({ use }) => use === 'guests').length;
const outcomeOf = async (guest: Guest): Promise<string> => (await sandbox.call(bed.get(guest))).outcome;

test('a call for which there is no process is shed, with a time to wait, and finds one once another is not in use', async () => {
  const [one, two, third] = guests;
  const leaving = new AbortController();
  const waiting = [one, two].map((guest) =>
    sandbox.call({ ...bed.get(guest, 'https://souk.test/wait'), signal: leaving.signal }),
  );
  await expect.poll(() => sandbox.health().runners.reduce((sum, { runs }) => sum + runs, 0)).toBe(2);
  expect(await sandbox.call(bed.get(third))).toMatchObject({
    outcome: 'loadShed',
    retryAfterMs: RUNNER_LIMITS.unusedMsMin,
  });
  leaving.abort();
  await Promise.all(waiting);
  await expect.poll(() => outcomeOf(third)).toBe('ok');
  await expect.poll(holders).toBe(2);
  await expect.poll(() => outcomeOf(one)).toBe('ok');
  await expect.poll(() => outcomeOf(two)).toBe('ok');
  await expect.poll(holders).toBe(2);
});

test('a machine has as many as half of its memory holds, within bounds', () => {
  expect([1, 8, 1_024].map((gibibytes) => runnersFor(gibibytes * 2 ** 30))).toEqual([16, 64, 256]);
});

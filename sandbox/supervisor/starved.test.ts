import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { createSandbox, type Sandbox } from '../index.ts';
import type { Completion, Guest } from '../ports.ts';
import { createTestBed } from '../testing/test-bed.ts';
import { innermostProcess, openProcessUsage } from './process-usage.ts';

const bed = createTestBed();
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await createSandbox({
    ...bed.options,
    // Long, so that who stops the runner a little late on a busy machine still stops it in time.
    limits: { endpoint: { entryMsMax: 1_500, cpuTimeMsMax: 3_000, wallTimeMsMax: 60_000 } },
    sharing: { reviewed: 'installation' },
  });
});
afterAll(() => sandbox.close());

/** Counts instead of looking at the clock, which goes on while the process stands still. */
const STEPS = `const step = (rounds) => { let sum = 0; for (let at = 0; at < rounds; at++) sum += at % 7; return sum; };
export default { fetch(request) {
  const rounds = Number(new URL(request.url).searchParams.get('rounds'));
  return Response.json(typeof step(rounds));
} }`;
const ENDLESS = 2 ** 50;

/** More than a runner spends before it begins a step. */
const SPENT_MS = 40;
/** Less than makes a step to blame. */
const SPENT_MS_MAX = 100;
const REST_MS = 100;

/** Returns once the runner rests: after a call it makes an isolate in reserve, which is not what is to be stopped. */
async function settled(cpuMs: () => number | undefined): Promise<number> {
  for (let before = cpuMs() ?? 0; ;) {
    await sleep(REST_MS);
    const now = cpuMs() ?? 0;
    if (now - before < REST_MS / 20) return now;
    before = now;
  }
}

/**
 * Stops the runner as soon as the call has had some of the processor, and lets it go on after `pauseMs`. Where this
 * process is late itself, and the call has had too much of it by then, that says nothing: it is done once more.
 */
async function callThroughPause(guest: Guest, rounds: number, pauseMs: number): Promise<Completion> {
  for (;;) {
    const { completion, spentMs } = await tryPause(guest, rounds, pauseMs);
    if (spentMs < SPENT_MS_MAX) return completion;
  }
}

async function tryPause(
  guest: Guest,
  rounds: number,
  pauseMs: number,
): Promise<{ completion: Completion; spentMs: number }> {
  expect((await sandbox.call(bed.get(guest, 'https://souk.test/?rounds=1'))).outcome).toBe('ok');
  const { pid } = sandbox.health().runners.find(({ use }) => use === 'guests') ?? { pid: 0 };
  expect(pid).toBeGreaterThan(0);
  const usage = openProcessUsage(innermostProcess(pid));
  const beforeMs = await settled(() => usage.cpuMs());
  const spentMs = (): number => (usage.cpuMs() ?? Infinity) - beforeMs;
  // On a machine that is busy enough the call ends before it has had so much.
  const over = new AbortController();
  const call = sandbox
    .call(bed.get(guest, `https://souk.test/?rounds=${rounds}`))
    .finally(() => over.abort());
  while (!over.signal.aborted && spentMs() < SPENT_MS) await sleep(2);
  process.kill(-pid, 'SIGSTOP');
  const spent = spentMs();
  await sleep(pauseMs);
  process.kill(-pid, 'SIGCONT');
  usage.close();
  const completion = await call;
  sandbox.unload(guest.installationId);
  return { completion, spentMs: spent };
}

test.runIf(process.platform === 'linux')(
  'a step that others kept from the processor is ended without blame',
  async () => {
    // Beyond the engine's timer of 3 s, and before the runner has missed 5 s of heartbeats.
    const completion = await callThroughPause(bed.guest({ 'index.js': STEPS }), ENDLESS, 3_500);
    expect(completion).toMatchObject({
      outcome: 'exceededWallTime',
      reason: expect.stringMatching(/^the machine is too busy: one step of the plugin got \d+ ms/u) as string,
    });
    expect(bed.ended).toEqual([]);
  },
);

test('a step that had the processor for itself is to blame', async () => {
  const guest = bed.guest({ 'index.js': STEPS });
  const completion = await sandbox.call(bed.get(guest, `https://souk.test/?rounds=${ENDLESS}`));
  expect(completion.outcome).toBe('exceededCpu');
  // Where the engine's timer is late, the watchdog kills the runner, which can tell nothing of its time then.
  if (bed.ended.length === 0) expect(completion.usage.cpuMs).toBeGreaterThan(0);
  else expect(bed.ended).toMatchObject([{ blamed: [guest.installationId] }]);
});

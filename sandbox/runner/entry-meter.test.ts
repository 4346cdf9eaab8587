import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { createEntryMeter } from './entry-meter.ts';

/** Blocks the thread without using the processor, as a busy machine would. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('a long entry pays for the processor time that it got, not for the time that passed', () => {
  const meter = createEntryMeter();
  meter.begin();
  standStill(300);
  expect(meter.end()).toBeLessThan(150_000);
});

test('a short entry pays by the clock', () => {
  const meter = createEntryMeter();
  meter.begin();
  const until = performance.now() + 1;
  while (performance.now() < until);
  expect(meter.end()).toBeGreaterThanOrEqual(1_000);
});

test('what other work used before an entry is not charged to it', async () => {
  const meter = createEntryMeter();
  meter.begin();
  meter.end();
  await sleep(5);
  burnMs(100);
  meter.begin();
  standStill(50);
  expect(meter.end()).toBeLessThan(40_000);
});

test('a long entry that worked all the time pays for it', () => {
  const meter = createEntryMeter();
  meter.begin();
  burnMs(100);
  const usedUs = meter.end();
  expect(usedUs).toBeGreaterThan(80_000);
});

/** Uses that much processor time of this thread. */
function burnMs(ms: number): void {
  const start = process.threadCpuUsage();
  for (let used = 0; used < ms * 1_000;) {
    const { user, system } = process.threadCpuUsage(start);
    used = user + system;
  }
}

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

test('a short entry pays by the clock, a long one by the count, and never more than it took', () => {
  const at = { ms: 0, us: 0 };
  const meter = createEntryMeter({ nowMs: () => at.ms, threadUs: () => at.us });
  const charge = (tookMs: number, usedUs: number): number => {
    meter.begin();
    at.ms += tookMs;
    at.us += usedUs;
    return meter.end();
  };
  expect(charge(4, 0)).toBe(4_000);
  expect(charge(100, 30_000)).toBe(30_000);
  // What short entries of the same turn used is in the count as well; the clock caps it.
  expect(charge(4, 4_000)).toBe(4_000);
  expect(charge(10, 10_000)).toBe(10_000);
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

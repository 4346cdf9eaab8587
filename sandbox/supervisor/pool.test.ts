import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RUNNER_LIMITS } from '../../spec/limits.ts';
import type { Guest } from '../ports.ts';
import { DEFAULT_SHARING, RunnerPool } from './pool.ts';
import type { Runner } from './runner.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('does without a spare that the system has no room for, and starts one when it has', () => {
  let started = 0;
  let hasRoom = true;
  const start = (): Runner => {
    if (!hasRoom) throw Object.assign(new TypeError('no room'), { code: 'ENOSPC' });
    started += 1;
    const runner = { tier: 'trusted', group: '', isClosing: true, isolatesOf: () => [] };
    return runner as unknown as Runner;
  };
  const pool = new RunnerPool({ sharing: DEFAULT_SHARING, start, runnersMax: 8 });
  const guest = { tier: 'trusted', installationId: 'one' } as Guest;
  pool.runnerFor(guest);
  hasRoom = false;
  // What a timer throws ends the process.
  vi.advanceTimersByTime(RUNNER_LIMITS.spareDelayMs);
  expect(() => pool.runnerFor(guest)).toThrow('no room');
  hasRoom = true;
  pool.runnerFor(guest);
  vi.advanceTimersByTime(RUNNER_LIMITS.spareDelayMs);
  expect(started).toBe(3);
});

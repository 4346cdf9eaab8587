import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { RUNNER_LIMITS } from '../../spec/limits.ts';
import { Spending, Spendings } from './spending.ts';

const SHARE_MS = RUNNER_LIMITS.neighbourWindowCpuMsMax;

// The time that the machine takes between two steps of a test is none of the plugin's.
beforeEach(() => void vi.spyOn(performance, 'now').mockReturnValue(performance.now()));
afterEach(() => void vi.restoreAllMocks());

test('short times add up, within a window', () => {
  const spending = new Spending();
  const now = performance.now();
  expect(spending.note(SHARE_MS - 1, now)).toBe('ordinary');
  expect(spending.note(2, now)).toBe('greedy');
});

test('of what lasted for longer than a window its share counts', () => {
  const tenWindowsAgo = performance.now() - 10 * RUNNER_LIMITS.neighbourWindowMs;
  expect(new Spending().note(9 * SHARE_MS, tenWindowsAgo)).toBe('ordinary');
  expect(new Spending().note(11 * SHARE_MS, tenWindowsAgo)).toBe('greedy');
});

test('the isolates of one installation count together, one after the other, and those of another do not', () => {
  const spendings = new Spendings();
  const now = performance.now();
  expect(spendings.of('one').note(SHARE_MS - 1, now)).toBe('ordinary');
  expect(spendings.of('other').note(2, now)).toBe('ordinary');
  expect(spendings.of('one').note(2, now)).toBe('greedy');
});

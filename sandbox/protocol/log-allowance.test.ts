import { expect, test } from 'vitest';

import { ISOLATE_LIMITS } from '../../spec/limits.ts';
import { createLogAllowance } from './log-allowance.ts';

const { logCharsAtOnceMax, logCharsPerSecond } = ISOLATE_LIMITS;

test('takes what fits at once, tells of the flood once, and goes on as time passes', () => {
  let nowMs = 0;
  const allowance = createLogAllowance(1, () => nowMs);
  const lineChars = logCharsAtOnceMax / 64;
  const takeMany = (count: number): string[] =>
    Array.from({ length: count }, () => allowance.take(lineChars));
  expect(new Set(takeMany(64))).toEqual(new Set(['taken']));
  expect(takeMany(3)).toEqual(['last', 'dropped', 'dropped']);
  nowMs += (lineChars / logCharsPerSecond) * 1_000;
  expect(takeMany(1)).toEqual(['dropped']);
  nowMs += (logCharsAtOnceMax / logCharsPerSecond) * 1_000;
  expect(takeMany(65)).toEqual([...Array.from({ length: 64 }, () => 'taken'), 'last']);
});

test('a line that is longer than all that fits at once is dropped, and those after it are not', () => {
  const allowance = createLogAllowance(1, () => 0);
  expect([allowance.take(logCharsAtOnceMax + 1), allowance.take(1)]).toEqual(['last', 'taken']);
});

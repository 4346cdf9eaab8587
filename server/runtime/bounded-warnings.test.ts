import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TELEMETRY_LIMITS } from '../../spec/limits.ts';
import { boundedWarnings } from './bounded-warnings.ts';

const { warningsMax, warningsWindowMs } = TELEMETRY_LIMITS;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function collect(): { lines: [object, string][]; warn: ReturnType<typeof boundedWarnings> } {
  const lines: [object, string][] = [];
  const log = { warn: (fields: object, message: string) => void lines.push([fields, message]) };
  return { lines, warn: boundedWarnings(log as Parameters<typeof boundedWarnings>[0]) };
}

it('writes the first warnings of a flood, then how many came besides, and then begins anew', () => {
  const { lines, warn } = collect();
  for (let call = 0; call < warningsMax + 500; call += 1) warn('one', { plugin: 'a/b' }, 'run failed');
  expect(lines).toHaveLength(warningsMax);
  vi.advanceTimersByTime(warningsWindowMs);
  expect(lines.at(-1)).toEqual([{ plugin: 'a/b', leftOut: 500 }, 'warnings left out']);
  warn('one', { plugin: 'a/b' }, 'run failed');
  expect(lines.at(-1)).toEqual([{ plugin: 'a/b' }, 'run failed']);
  vi.advanceTimersByTime(warningsWindowMs);
  expect(lines).toHaveLength(warningsMax + 2);
});

it('leaves out nothing of an installation because of another one', () => {
  const { lines, warn } = collect();
  for (let call = 0; call < 2 * warningsMax; call += 1) warn('loud', {}, 'run failed');
  warn('quiet', { plugin: 'c/d' }, 'run failed');
  expect(lines.at(-1)).toEqual([{ plugin: 'c/d' }, 'run failed']);
});

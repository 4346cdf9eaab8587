import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TELEMETRY_LIMITS } from '../../spec/limits.ts';
import { boundedLines, type WriteLine } from './bounded-lines.ts';

const { serverLinesMax, serverLinesWindowMs } = TELEMETRY_LIMITS;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function collect(): { lines: [object, string][]; write: WriteLine } {
  const lines: [object, string][] = [];
  const warn = (fields: object, message: string): void => void lines.push([fields, message]);
  const log = { warn, error: () => expect.unreachable() };
  return { lines, write: boundedLines(log as unknown as Parameters<typeof boundedLines>[0], 'warn') };
}

it('writes the first lines of a flood, then how many came besides, and then begins anew', () => {
  const { lines, write } = collect();
  for (let call = 0; call < serverLinesMax + 500; call += 1) write('one', { plugin: 'a/b' }, 'run failed');
  expect(lines).toHaveLength(serverLinesMax);
  vi.advanceTimersByTime(serverLinesWindowMs);
  expect(lines.at(-1)).toEqual([{ plugin: 'a/b', leftOut: 500 }, 'lines left out']);
  write('one', { plugin: 'a/b' }, 'run failed');
  expect(lines.at(-1)).toEqual([{ plugin: 'a/b' }, 'run failed']);
  vi.advanceTimersByTime(serverLinesWindowMs);
  expect(lines).toHaveLength(serverLinesMax + 2);
});

it('leaves out nothing of an installation because of another one', () => {
  const { lines, write } = collect();
  for (let call = 0; call < 2 * serverLinesMax; call += 1) write('loud', {}, 'run failed');
  write('quiet', { plugin: 'c/d' }, 'run failed');
  expect(lines.at(-1)).toEqual([{ plugin: 'c/d' }, 'run failed']);
});

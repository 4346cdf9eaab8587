import { expect, test } from 'vitest';

import { ISOLATE_LIMITS, RUNNER_LIMITS } from '../../spec/limits.ts';
import { createLogAllowance } from '../protocol/log-allowance.ts';
import { Spending } from './spending.ts';
import { createTestBed } from '../testing/test-bed.ts';
import { evict } from './eviction.ts';
import type { Isolate } from './isolates.ts';

const bed = createTestBed();
const NOW_MS = 10 ** 7;
const { pressureBytesMin, pressureIdleMsMin, pressureEvictionsMax } = RUNNER_LIMITS;

type Use = { readonly idleMs: number; readonly runs?: number };

/** @returns the positions in `uses` of the isolates that were given up, in that order */
function evicted(residentBytes: number | undefined, uses: readonly Use[]): number[] {
  const isolates = uses.map(({ idleMs, runs = 0 }, id): Isolate => {
    const guest = bed.guest({ 'index.js': '' });
    const { installationId, digest } = guest;
    const logAllowance = createLogAllowance(1);
    return {
      id,
      installationId,
      digest,
      guest,
      runs,
      usedAtMs: NOW_MS - idleMs,
      strayLogLines: 0,
      spending: new Spending(),
      logAllowance,
    };
  });
  const gone: number[] = [];
  const runner = {
    isolates: new Map(isolates.map((isolate) => [isolate.id, isolate])),
    residentBytes: () => residentBytes,
    unload: ({ id }: Isolate) => void gone.push(id),
  };
  evict(runner, NOW_MS);
  return gone;
}

test('who has not been used for long goes, whatever the memory', () => {
  const idleMs = ISOLATE_LIMITS.idleMsMax + 1;
  expect(evicted(0, [{ idleMs }, { idleMs: idleMs - 2 }, { idleMs }])).toEqual([0, 2]);
  expect(evicted(undefined, [{ idleMs }])).toEqual([0]);
});

test('under pressure the ones used longest ago go first, some at a time', () => {
  const uses = Array.from({ length: pressureEvictionsMax + 5 }, (_, at) => ({
    idleMs: pressureIdleMsMin + 1 + ((at * 7) % 97),
  }));
  const expected = uses
    .map(({ idleMs }, at) => ({ idleMs, at }))
    .sort((one, other) => other.idleMs - one.idleMs)
    .slice(0, pressureEvictionsMax)
    .map(({ at }) => at);
  expect(evicted(pressureBytesMin + 1, uses)).toEqual(expected);
  expect(evicted(pressureBytesMin, uses)).toEqual([]);
});

test('neither what runs nor what has just run is given up', () => {
  const uses = [
    { idleMs: ISOLATE_LIMITS.idleMsMax * 2, runs: 1 },
    { idleMs: pressureIdleMsMin },
    { idleMs: pressureIdleMsMin + 1 },
  ];
  expect(evicted(pressureBytesMin + 1, uses)).toEqual([2]);
});

test('an isolate that is both is given up once', () => {
  expect(evicted(pressureBytesMin + 1, [{ idleMs: ISOLATE_LIMITS.idleMsMax + 1 }])).toEqual([0]);
});

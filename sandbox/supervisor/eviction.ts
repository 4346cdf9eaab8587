/**
 * Which isolates a runner gives up: those that nobody has used for long, and under memory pressure the ones used
 * longest ago.
 */
import { ISOLATE_LIMITS, RUNNER_LIMITS } from '../../spec/limits.ts';
import type { Isolate } from './isolates.ts';

/** What eviction needs of a runner. */
export type Evictable = {
  readonly isolates: ReadonlyMap<number, Isolate>;
  residentBytes(): number | undefined;
  unload(isolate: Isolate): void;
};

/** Disposes of isolates without runs. @param nowMs of `performance.now()` */
export function evict(runner: Evictable, nowMs: number): void {
  const free = [...runner.isolates.values()].filter(({ runs }) => runs === 0);
  const idle = free.filter(({ usedAtMs }) => nowMs - usedAtMs > ISOLATE_LIMITS.idleMsMax);
  for (const isolate of idle) runner.unload(isolate);
  if ((runner.residentBytes() ?? 0) <= RUNNER_LIMITS.pressureBytesMin) return;
  const oldest = free
    .filter(
      (isolate) => !idle.includes(isolate) && nowMs - isolate.usedAtMs > RUNNER_LIMITS.pressureIdleMsMin,
    )
    .sort((one, other) => one.usedAtMs - other.usedAtMs);
  for (const isolate of oldest.slice(0, RUNNER_LIMITS.pressureEvictionsMax)) runner.unload(isolate);
}

/**
 * How much a plugin may log: so much at once, and so much each second. Lines beyond it are dropped where they arise, so
 * that a flood costs its author processor time and nobody else.
 */
import { ISOLATE_LIMITS } from '../../spec/limits.ts';

export type LogAllowance = {
  /** @returns `last` for the first line that is one too many, in whose place stands that others are dropped */
  take(chars: number): 'taken' | 'last' | 'dropped';
};

/** After a flood, lines are taken again once this share of what fits at once is free: whole lines, not every hundredth. */
const RESUMED_SHARE = 1 / 16;

/**
 * @param factor how many times the allowance: the supervisor's is larger than the runner's, which it stands behind
 * @param nowMs a monotonic clock in milliseconds
 */
export function createLogAllowance(factor: number, nowMs = (): number => performance.now()): LogAllowance {
  const charsMax = ISOLATE_LIMITS.logCharsAtOnceMax * factor;
  const charsPerMs = (ISOLATE_LIMITS.logCharsPerSecond * factor) / 1_000;
  let left = charsMax;
  let lookedMs = nowMs();
  let isFlooded = false;
  return {
    take(chars) {
      const now = nowMs();
      left = Math.min(charsMax, left + (now - lookedMs) * charsPerMs);
      lookedMs = now;
      if (isFlooded && left < charsMax * RESUMED_SHARE) return 'dropped';
      isFlooded = left < chars;
      if (isFlooded) return 'last';
      left -= chars;
      return 'taken';
    },
  };
}

/** One run as the supervisor holds it, from the call to its completion. */
import type { FailedOutcome } from '../../spec/outcome.ts';
import type { RunLimits } from '../../spec/limits.ts';
import type { Completion, GuestError, Invocation } from '../ports.ts';

export type Run = {
  readonly id: number;
  readonly invocation: Invocation;
  readonly limits: RunLimits;
  readonly startedMs: number;
  /** `performance.now()` by which the answer is due. */
  readonly deadline: number;
  /** Made with the first host call: most runs make none. */
  abort: AbortController | undefined;
  cold: boolean;
  /** How often the run was sent to a runner that had no isolate for it any more. */
  starts: number;
  hostCalls: number;
  logLines: number;
  /** Resident memory of the runner when the run entered it. */
  residentBytesAtStart: number;
  /** Called with the completion, once. */
  readonly settle: (completion: Completion) => void;
  /** Whether it counts against the shares of its installation and organization. */
  isAdmitted: boolean;
  isSettled: boolean;
};

export type Failure = {
  readonly outcome: FailedOutcome;
  readonly reason: string;
  readonly guestError?: GuestError;
  readonly retryAfterMs?: number;
};

/** @returns what a failed run is answered with */
export function failRun(run: Run, failure: Failure, cpuMs = 0): Completion {
  return { ...failure, usage: usageOf(run, cpuMs) };
}

export function usageOf(run: Run, cpuMs: number): Completion['usage'] {
  return { cpuMs, wallMs: performance.now() - run.startedMs, hostCalls: run.hostCalls, cold: run.cold };
}

/** One run as the supervisor holds it, from the call to its completion. */
import type { HostBody } from '../../spec/host/capability.ts';
import type { FailedOutcome } from '../../spec/outcome.ts';
import { STREAM_LIMITS, type RunLimits } from '../../spec/limits.ts';
import type { ByteSource, Completion, GuestError, Invocation } from '../ports.ts';
import type { Admission } from './admission.ts';
import type { Outflow } from './outflow.ts';

export type Run = {
  readonly id: number;
  readonly invocation: Invocation;
  readonly limits: RunLimits;
  readonly startedMs: number;
  /** `performance.now()` by which the answer is due, or the next piece of its body. */
  deadline: number;
  /** The body of the request where it comes in pieces, and whether the runner waits for one. */
  inflow: { readonly source: ByteSource; isAsked: boolean } | undefined;
  /** The body of the answer, once it has begun to come in pieces. */
  outflow: Outflow | undefined;
  /** Host calls that can be aborted, by the guest's own number; most runs make none. */
  hostCallsOpen: Map<number, OpenCall> | undefined;
  cold: boolean;
  /** How often the run was sent to a runner that had no isolate for it any more. */
  starts: number;
  hostCalls: number;
  /** Those that have not been answered. */
  hostCallsPending: number;
  hostCallsDropped: number;
  logLines: number;
  /** Resident memory of the runner when the run entered it. */
  residentBytesAtStart: number;
  /** What the runner grew by while this run was at work. */
  ownBytes: number;
  /** Called with the completion, once. */
  readonly settle: (completion: Completion) => void;
  /** Called once the answer begins to come in pieces. @returns why the run must not go on, if so */
  readonly begin: (completion: Completion) => Failure | undefined;
  /** Where it counts against the shares of its installation and organization. */
  admission: Admission | undefined;
  isSettled: boolean;
};

/** A host call that its guest, or the end of its run, can abort; its body may still be coming. */
export type OpenCall = {
  /** @returns undefined where there is no body, or a piece of it has been asked for already */
  read(): ReturnType<HostBody['read']> | undefined;
  abort(): void;
};

/** @returns the body of a request that comes in pieces */
export function inflowOf({ trigger }: Invocation): Run['inflow'] {
  if (trigger.kind !== 'endpoint') return undefined;
  const { body } = trigger.request;
  return body === null || body instanceof Uint8Array ? undefined : { source: body, isAsked: false };
}

/** A piece has crossed, or may cross now: the run may be silent for a while again. */
export function keepAlive(run: Run): void {
  run.deadline = Math.min(latestEnd(run), performance.now() + STREAM_LIMITS.silenceMsMax);
}

/** The request is all there: from here on the answer is due as that of any other run. */
export function awaitAnswer(run: Run): void {
  if (!run.outflow) run.deadline = Math.min(latestEnd(run), performance.now() + run.limits.wallTimeMsMax);
}

const latestEnd = ({ startedMs, invocation }: Run): number =>
  Math.min(startedMs + STREAM_LIMITS.wallTimeMsMax, invocation.deadline ?? Infinity);

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

/** What a runner keeps: its isolates, and the runs in flight in each with what they have used up. */
import { STREAM_LIMITS, type RunLimits } from '../../spec/limits.ts';
import type { FailedOutcome } from '../../spec/outcome.ts';
import type { FailureHead } from '../protocol/heads.ts';
import { IdTable } from '../protocol/id-table.ts';
import { createLogAllowance, type LogAllowance } from '../protocol/log-allowance.ts';
import { RUN_FLAGS } from '../protocol/kinds.ts';
import type { EntryEnd, GuestIsolate } from './guest-isolate.ts';

/** How a run ended; kept until the entry in which it ended has been charged. */
export type Answer =
  | { readonly outcome: 'ok'; readonly headText: string; readonly body: string | undefined }
  | Failure;

export type Failure = { readonly outcome: FailedOutcome; readonly head: FailureHead };

export type Run = {
  readonly id: number;
  readonly home: Home;
  readonly limits: RunLimits;
  cpuUs: number;
  hostCalls: number;
  logLines: number;
  /** Processor time that it may use beyond its budget, for what has crossed in pieces. */
  earnedUs: number;
  /** The body of the request: whether it can be pulled, and has been. */
  inflow: 'none' | 'idle' | 'asked';
  /** The body of the answer: whether it may come in pieces; then how many may be sent now, and how much was. */
  outflow: 'none' | 'allowed' | { piecesMax: number; bytes: number };
  /** Host calls that have not been answered, each named by the guest's own number. */
  readonly pending: Set<number>;
  /** Those among them whose answer is not wanted any more. */
  dropped: Set<number> | undefined;
  /** Bodies that came with answers, by the number of the call: whether a piece has been asked for. */
  bodies: Map<number, 'idle' | 'asked'> | undefined;
  answer: Answer | undefined;
};

/** An isolate with its runs and timers. */
export type Home = {
  readonly id: number;
  /** Absent when it could not be made, or broke. */
  isolate: GuestIsolate | undefined;
  readonly runs: IdTable<Run>;
  /** Runs that the guest answered during the present entry; they leave once it has been charged. */
  readonly ended: Run[];
  /** Timers, each charged to the run that set it, or once that is over to the oldest one. */
  readonly timers: Map<number, { readonly timeout: NodeJS.Timeout; readonly run: number }>;
  /** Why the package cannot run; every run is answered with it. */
  failure: Failure | undefined;
  adopted: boolean;
  /** Lines logged while no run was in flight. */
  strayLogLines: number;
  readonly logAllowance: LogAllowance;
};

export function createHome(id: number): Home {
  return {
    id,
    isolate: undefined,
    runs: new IdTable(),
    ended: [],
    timers: new Map(),
    failure: undefined,
    adopted: false,
    strayLogLines: 0,
    logAllowance: createLogAllowance(1),
  };
}

/** @param flags of the frame that brought the run, `RUN_FLAGS` */
export function createRun(id: number, home: Home, limits: RunLimits, flags: number): Run {
  return {
    id,
    home,
    limits,
    cpuUs: 0,
    hostCalls: 0,
    logLines: 0,
    earnedUs: 0,
    inflow: (flags & RUN_FLAGS.bodyInPieces) === 0 ? 'none' : 'idle',
    outflow: (flags & RUN_FLAGS.answerInPieces) === 0 ? 'none' : 'allowed',
    pending: new Set(),
    dropped: undefined,
    bodies: undefined,
    answer: undefined,
  };
}

/** A piece of this size has crossed: its guest had work with it. What a run fetches earns it no more than a request. */
export function earn(run: Run, bytes: number): void {
  run.earnedUs = Math.min(run.earnedUs + bytes * EARNED_US_PER_BYTE, EARNED_US_MAX);
}

const EARNED_US_PER_BYTE = (STREAM_LIMITS.cpuMsPerMebibyte * 1_000) / 2 ** 20;
const EARNED_US_MAX = (STREAM_LIMITS.requestBytesMax + STREAM_LIMITS.responseBytesMax) * EARNED_US_PER_BYTE;

/** The one that has been in flight for longest: numbers count up. */
export function oldestRun({ runs }: Home): Run | undefined {
  const [first, ...others] = runs.values();
  return others.reduce((oldest, run) => (oldest && oldest.id < run.id ? oldest : run), first);
}

export function failureOfBroken(end: EntryEnd & { kind: 'broken' }): Failure {
  const outcome = end.outcome === 'ok' ? 'internalError' : end.outcome;
  return { outcome, head: { reason: end.reason } };
}

export function clearTimers(home: Home): void {
  if (home.timers.size === 0) return;
  for (const timer of home.timers.values()) clearTimeout(timer.timeout);
  home.timers.clear();
}

/** What a runner keeps: its isolates, and the runs in flight in each with what they have used up. */
import type { RunLimits } from '../../spec/limits.ts';
import type { FailedOutcome } from '../../spec/outcome.ts';
import type { FailureHead } from '../protocol/heads.ts';
import type { GuestIsolate } from './guest-isolate.ts';

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
  /** Host calls that have not been answered, each named by the guest's own number. */
  readonly pending: Set<number>;
  answer: Answer | undefined;
};

/** An isolate with its runs and timers. */
export type Home = {
  readonly id: number;
  /** Absent when it could not be made, or broke. */
  isolate: GuestIsolate | undefined;
  readonly runs: Map<number, Run>;
  /** Runs that the guest answered during the present entry; they leave once it has been charged. */
  readonly ended: Run[];
  /** Timers, each charged to the run that set it, or once that is over to the oldest one. */
  readonly timers: Map<number, { readonly timeout: NodeJS.Timeout; readonly run: number }>;
  /** Why the package cannot run; every run is answered with it. */
  failure: Failure | undefined;
  adopted: boolean;
  /** Lines logged while no run was in flight. */
  strayLogLines: number;
};

export function createHome(id: number): Home {
  return {
    id,
    isolate: undefined,
    runs: new Map(),
    ended: [],
    timers: new Map(),
    failure: undefined,
    adopted: false,
    strayLogLines: 0,
  };
}

export function createRun(id: number, home: Home, limits: RunLimits): Run {
  return { id, home, limits, cpuUs: 0, hostCalls: 0, logLines: 0, pending: new Set(), answer: undefined };
}

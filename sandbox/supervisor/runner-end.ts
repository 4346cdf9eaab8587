/** How a runner ended, and with what in it. */
import type { TrustTier } from '../ports.ts';
import type { Mark } from '../protocol/mark.ts';
import type { Isolate } from './isolates.ts';
import type { Failure } from './run.ts';
import type { RunInFlight } from './runs-in-flight.ts';

export type RunnerEnd = {
  readonly pid: number;
  readonly tier: TrustTier;
  /** Everything that lived in it. */
  readonly isolates: readonly Isolate[];
  readonly killReason: KillReason | undefined;
  readonly signal: string | null;
  readonly lastWords: string;
  readonly mark: Mark | undefined;
  /** Runs that were in flight, still unanswered. */
  readonly runs: readonly RunInFlight[];
};

/** Why we killed a runner. `run` is the one to blame, 0 for none. */
export type KillReason = Failure & { readonly run: number; readonly isolate: number };

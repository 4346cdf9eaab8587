/** The JSON heads of frames that have one. */
import type { ISOLATE_LIMITS, RunLimits, TriggerKind } from '../../spec/limits.ts';

/** Head of `boot`. */
export type BootSettings = {
  readonly runs: Readonly<Record<TriggerKind, RunLimits>>;
  readonly isolate: { readonly [Key in keyof typeof ISOLATE_LIMITS]: number };
};

/** Head of `load`: the files whose bytes the body holds one after the other, and what `configure` would bring. */
export type LoadHead = {
  readonly main: string;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly settingsText: string;
};

/** Head of `ready`: what the runner found out about its own rights. */
export type ReadyHead = {
  /** Names of the walls that are missing; empty when every one of them stands. */
  readonly missing: readonly string[];
};

/** Head of `done` for a failed run, and of `loadFailed`. */
export type FailureHead = {
  readonly reason: string;
  readonly message?: string;
  readonly stack?: string;
  readonly code?: string;
};

/** The answer: one version per plugin, why each is there, and the order in which they start. */
import type { RootRequirement, VersionRecord } from './problem.ts';

/** A dependency inside the answer, on a plugin that is part of it. */
export type ResolvedEdge = {
  readonly from: string;
  readonly to: string;
  readonly range: string;
  readonly kind: 'required' | 'optional';
};

export type ResolvedPlugin = {
  readonly plugin: string;
  readonly version: string;
  readonly record: VersionRecord;
  /** Root requirements of this plugin; empty where it only comes as a dependency. */
  readonly roots: readonly RootRequirement[];
  /** Who in the answer needs it, or limits it when `optional`; by name. */
  readonly dependants: readonly ResolvedEdge[];
  /** What it needs, or limits, in the answer; by name. */
  readonly dependencies: readonly ResolvedEdge[];
};

export type Resolution = {
  /** By plugin id, ascending. */
  readonly plugins: ReadonlyMap<string, ResolvedPlugin>;
  /** Plugin ids, dependencies before their dependants. */
  readonly activationOrder: readonly string[];
  /** Units of work spent, see `ResolutionBudget`. */
  readonly steps: number;
};

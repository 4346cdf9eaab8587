/**
 * A fact of the form "not all of these at once", and why it holds. See docs/resolver.md, "Incompatibilities".
 *
 * Every cause is data; `explanation.ts` alone turns it into words.
 */
import type { Candidates, Obstacle } from './candidates.ts';
import type { RootRequirement } from './problem.ts';
import type { VersionSet } from './version-set.ts';

/** "The state of `candidates` is one of `set`". A plugin occurs in at most one term of an incompatibility. */
export type Term = { readonly candidates: Candidates; readonly set: VersionSet };

/** Why a requirement can be met by no version at all. */
export type Gap = 'unknown-plugin' | 'no-version-in-range';

/** A dependency as the versions `dependants` of one plugin declare it, all with the same range. */
export type DependencyEdge = {
  readonly dependant: Candidates;
  readonly dependants: VersionSet;
  readonly target: string;
  readonly range: string;
};

export type ExternalCause =
  | { readonly kind: 'root'; readonly root: RootRequirement }
  | { readonly kind: 'root-gap'; readonly root: RootRequirement; readonly gap: Gap }
  | { readonly kind: 'dependency'; readonly edge: DependencyEdge }
  | { readonly kind: 'optional-dependency'; readonly edge: DependencyEdge }
  | { readonly kind: 'dependency-gap'; readonly edge: DependencyEdge; readonly gap: Gap }
  | { readonly kind: 'obstacle'; readonly candidates: Candidates; readonly obstacle: Obstacle };

type Cause =
  | ExternalCause
  /** Follows from two others: docs/resolver.md, "Conflict resolution". */
  | { readonly kind: 'conflict'; readonly left: Incompatibility; readonly right: Incompatibility };

/** Without terms it says that there is no answer. */
export type Incompatibility = { readonly terms: readonly Term[]; readonly cause: Cause };

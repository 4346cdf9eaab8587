/** What the resolver is asked: plain data, so that it can travel to a worker thread as it is. */

/** One published, approved version that the organization may see. What it may not see is simply not listed. */
export type VersionRecord = {
  /** `major.minor.patch` with an optional prerelease; build metadata is refused. */
  readonly version: string;
  /** Plugin id → range: needed. A Map, so that no name can reach a prototype. */
  readonly dependencies: ReadonlyMap<string, string>;
  /** Plugin id → range: absent, or inside the range. Pulls nothing in. */
  readonly optionalDependencies: ReadonlyMap<string, string>;
  readonly engines: {
    /** Range of Souk versions that this version runs on; absent means any. */
    readonly souk?: string;
  };
  /** Withdrawn from new resolutions by its publisher. */
  readonly yanked: boolean;
};

/** Who wants a root requirement: the person who asks now, the org's installed set, or the instance (global plugins). */
export type RootOrigin = 'requested' | 'installed' | 'global';

export type RootRequirement = {
  readonly plugin: string;
  readonly range: string;
  /** `optional` constrains the plugin if something else brings it, and pulls nothing in. */
  readonly kind: 'required' | 'optional';
  readonly origin: RootOrigin;
};

/**
 * What an answer prefers, among all that are possible.
 * `locked`: the least change; a locked version stays while it satisfies. The plugins in `upgrade` become as new as
 * possible, and the lock adapts to them.
 * `newest`: every plugin as new as possible.
 */
export type Preference =
  | { readonly kind: 'locked'; readonly upgrade: ReadonlySet<string> }
  | { readonly kind: 'newest' };

export type ResolutionProblem = {
  readonly roots: readonly RootRequirement[];
  /** Plugin id → version in the org's lock. */
  readonly lock: ReadonlyMap<string, string>;
  readonly preference: Preference;
  /** The version of this Souk. */
  readonly soukVersion: string;
  /** Plugin id → its versions, in any order. A plugin without an entry does not exist for this organization. */
  readonly registry: ReadonlyMap<string, readonly VersionRecord[]>;
  /** Ids of further plugins that the organization may see; hints look for slips among them. */
  readonly otherPlugins?: readonly string[];
};

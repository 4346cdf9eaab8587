/** One plugin as the solver sees it: its versions in order, which may be chosen, and in what order they are tried. */
import type { SemVer } from 'semver';
import { compare } from 'semver';
import { Refusal } from '../../spec/refusal.ts';
import { readRange } from '../../spec/version.ts';
import type { VersionRecord } from './problem.ts';
import { matchRange, requireVersion } from './range.ts';
import { fullSet, keyOf, setOf, subtract, type VersionSet } from './version-set.ts';

/** Why a version that exists may not be chosen. */
export type Obstacle =
  | { readonly kind: 'yanked' }
  | { readonly kind: 'engine'; readonly range: string }
  | { readonly kind: 'malformed'; readonly about: string };

export class Candidates {
  readonly plugin: string;
  /** Position among the plugins opened, for tables that are looked at often. */
  readonly slot: number;
  /** Ascending; the index of a version is its bit in every set of this plugin. */
  readonly records: readonly VersionRecord[];
  readonly versions: readonly SemVer[];
  /** All versions and "absent". */
  readonly universe: VersionSet;
  /** "Absent" alone. */
  readonly absent: VersionSet;
  /** All versions without "absent". */
  readonly present: VersionSet;
  readonly #sets = new Map<string, VersionSet | undefined>();
  readonly #texts = new Map<string, string>();

  /** @throws Refusal `version_invalid` where a version cannot be ordered among the others */
  constructor(plugin: string, slot: number, records: readonly VersionRecord[]) {
    const ordered = orderVersions(plugin, records);
    this.plugin = plugin;
    this.slot = slot;
    this.records = ordered.map(({ record }) => record);
    this.versions = ordered.map(({ version }) => version);
    this.universe = fullSet(ordered.length + 1);
    this.absent = setOf(ordered.length + 1, [ordered.length]);
    this.present = subtract(this.universe, this.absent);
  }

  /** The bit that stands for "not installed". */
  get absentIndex(): number {
    return this.versions.length;
  }

  /** @returns the versions inside the range, or undefined where the text is no range. */
  matching(text: string): VersionSet | undefined {
    if (this.#sets.has(text)) return this.#sets.get(text);
    const range = readRange(text);
    const set = range === undefined ? undefined : this.setOf(matchRange(range, this.versions));
    this.#sets.set(text, set);
    // The first text to name a set is what explanations call it.
    if (set !== undefined && !this.#texts.has(keyOf(set))) this.#texts.set(keyOf(set), text.trim());
    return set;
  }

  /** @returns the range text that was seen to mean exactly `set`, where there is one. */
  textOf(set: VersionSet): string | undefined {
    return this.#texts.get(keyOf(set));
  }

  setOf(members: Iterable<number>): VersionSet {
    return setOf(this.versions.length + 1, members);
  }

  /** @returns the index of a version, or undefined where it does not exist. */
  indexOf(version: string | undefined): number | undefined {
    const index = this.versions.findIndex((known) => known.version === version);
    return index < 0 ? undefined : index;
  }

  /** @returns indices, most wanted first: `favourite`, then stable versions downwards, then prereleases downwards. */
  preferenceOrder(favourite: number | undefined): readonly number[] {
    const downwards = this.versions.map((_, index) => index).reverse();
    const stable = downwards.filter((index) => this.versions[index]?.prerelease.length === 0);
    const prereleases = downwards.filter((index) => this.versions[index]?.prerelease.length !== 0);
    const order = [...stable, ...prereleases];
    return favourite === undefined ? order : [favourite, ...order.filter((index) => index !== favourite)];
  }
}

function orderVersions(
  plugin: string,
  records: readonly VersionRecord[],
): { version: SemVer; record: VersionRecord }[] {
  const ordered = records
    .map((record) => ({ record, version: requireVersion(record.version, plugin) }))
    .sort((a, b) => compare(a.version, b.version));
  for (const [index, { version }] of ordered.entries()) {
    if (ordered[index - 1]?.version.version === version.version) {
      throw new Refusal('version_invalid', {
        detail: `${plugin} lists its version ${version.version} twice.`,
      });
    }
  }
  return ordered;
}

/** Ranges in the exact meaning of node-semver, as sets over the versions that exist. */
import { SemVer, compare } from 'semver';
import type { Comparator, Range } from 'semver';
import { Refusal } from '../../spec/refusal.ts';
import { isVersion, readRange } from '../../spec/version.ts';

/**
 * Reads a range that a person wrote.
 * @param owner what the range is for, as the refusal names it
 * @throws Refusal `range_invalid`
 */
export function requireRange(text: string, owner: string): Range {
  const range = readRange(text);
  if (range !== undefined) return range;
  throw new Refusal('range_invalid', {
    detail: `The range of ${owner}, ${quote(text)}, is not a semver range.`,
  });
}

/**
 * Reads a version in its one canonical spelling: no `v`, no blanks, and no build metadata, because two versions that
 * differ in it only have no order (SemVer 2.0.0, section 10); nor a number that node-semver would round.
 * @param owner what the version is of, as the refusal names it
 * @throws Refusal `version_invalid`
 */
export function requireVersion(text: string, owner: string): SemVer {
  if (typeof text === 'string' && isVersion(text)) return new SemVer(text);
  throw new Refusal('version_invalid', {
    detail: `The version of ${owner}, ${quote(text)}, cannot be resolved.`,
  });
}

/** @returns the version that `text` pins (`1.2.3`, `=1.2.3`), or undefined where the range is wider or narrower. */
export function pinnedVersion(range: Range): string | undefined {
  const only = range.set.length === 1 && range.set[0]?.length === 1 ? range.set[0][0] : undefined;
  // node-semver writes the operator "=" as ''. The comparator of `*` has no version.
  return only !== undefined && String(only.operator) === '' && only.semver instanceof SemVer
    ? only.semver.version
    : undefined;
}

/**
 * Matches a range against versions.
 *
 * A comparator set is an interval for stable versions, found by bisection; a prerelease inside the interval counts
 * only if a comparator names its major.minor.patch, which node-semver itself is asked.
 * @param versions ascending, without equals
 * @returns the indices of the versions inside the range, ascending within each alternative
 */
export function matchRange(range: Range, versions: readonly SemVer[]): Set<number> {
  const matches = new Set<number>();
  for (const alternative of range.set) {
    const { from, to } = intervalOf(alternative, versions);
    for (let index = from; index < to; index += 1) {
      const version = versions[index];
      if (version === undefined) continue;
      if (version.prerelease.length === 0 || range.test(version)) matches.add(index);
    }
  }
  return matches;
}

/** @returns the half-open interval of indices that all comparators allow, prerelease rule aside. */
function intervalOf(
  comparators: readonly Comparator[],
  versions: readonly SemVer[],
): { from: number; to: number } {
  let from = 0;
  let to = versions.length;
  for (const { operator, semver } of comparators) {
    // `*`: node-semver's ANY comparator holds a marker in place of a version.
    if (!(semver instanceof SemVer)) continue;
    const below = countBelow(versions, semver, 'exclusive');
    const through = countBelow(versions, semver, 'inclusive');
    switch (operator) {
      case '>=':
        from = Math.max(from, below);
        break;
      case '>':
        from = Math.max(from, through);
        break;
      case '<':
        to = Math.min(to, below);
        break;
      case '<=':
        to = Math.min(to, through);
        break;
      case '=':
      case '':
        from = Math.max(from, below);
        to = Math.min(to, through);
        break;
      case undefined:
        break;
    }
  }
  return { from, to };
}

/** @returns how many of the ascending `versions` are below `bound`, or not above it. */
function countBelow(versions: readonly SemVer[], bound: SemVer, mode: 'exclusive' | 'inclusive'): number {
  let low = 0;
  let high = versions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const version = versions[middle];
    const order = version === undefined ? 1 : compare(version, bound);
    if (order < 0 || (order === 0 && mode === 'inclusive')) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @returns `text` between quotation marks, cut to a length that fits a message. */
function quote(text: unknown): string {
  const shown = String(text);
  return JSON.stringify(shown.length > 64 ? `${shown.slice(0, 64)}…` : shown);
}

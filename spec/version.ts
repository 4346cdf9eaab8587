/**
 * Versions and ranges as strangers write them: Semantic Versioning 2.0.0 in the reading of node-semver, without what has
 * no order or more than one spelling.
 */
import { Range, SemVer } from 'semver';

/** Longest version, in characters. */
const VERSION_CHARS_MAX = 64;
/** node-semver reads no longer one, and its regular expressions are made for it. */
const RANGE_CHARS_MAX = 256;

/** Line breaks would forge lines of explanations, and other blanks look like none. */
const PRINTABLE = /^[ -~]*$/u;

/** @returns whether the text is a version in its one canonical spelling: no `v`, no blanks, no build metadata */
export function isVersion(text: string): boolean {
  if (text.length > VERSION_CHARS_MAX) return false;
  try {
    const version = new SemVer(text);
    return version.version === text && isOrdered(version);
  } catch {
    return false;
  }
}

/** @returns the range, or undefined where the text is none */
export function readRange(text: string): Range | undefined {
  if (typeof text !== 'string' || text.length > RANGE_CHARS_MAX || !PRINTABLE.test(text)) return undefined;
  try {
    const range = new Range(text);
    const versions = range.set.flat().map(({ semver }) => semver);
    // `*` has a marker in the place of a version.
    return versions.every((version) => !(version instanceof SemVer) || isOrdered(version))
      ? range
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * node-semver keeps a number of a prerelease that a double cannot hold as text, and compares it rounded: 1.0.0-2⁵³ and
 * 1.0.0-(2⁵³+1) are one to it, so that a range which names one takes the other.
 */
function isOrdered({ prerelease }: SemVer): boolean {
  return prerelease.every((part) => typeof part === 'number' || !/^[0-9]+$/u.test(part));
}

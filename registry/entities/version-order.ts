import semver from 'semver';
import { Fault } from '../../spec/refusal.ts';

/**
 * A text whose order as bytes (collation C) is the precedence of semantic versions (SemVer 2.0.0, section 11), so that
 * the database sorts without knowing the rules.
 *
 * A number is its count of digits in two digits, then its digits: 9 → `019`, 10 → `0210`. The core is followed by `~`,
 * or for a prerelease by `-`, which sorts before it, and its identifiers, each ended by a space, which sorts before
 * every character of one: numbers as `0` and the number, words as `1` and the word.
 *
 * @param version a checked semantic version
 * @throws Fault when it is not one
 */
export function versionOrder(version: string): string {
  const parsed = semver.parse(version);
  if (!parsed) throw new Fault(`not a semantic version: ${JSON.stringify(version)}`);
  const core = [parsed.major, parsed.minor, parsed.patch].map(orderNumber).join('');
  if (parsed.prerelease.length === 0) return `${core}~`;
  return `${core}-${parsed.prerelease.map(orderIdentifier).join('')}`;
}

function orderNumber(value: number): string {
  const digits = String(value);
  return String(digits.length).padStart(2, '0') + digits;
}

function orderIdentifier(identifier: string | number): string {
  return typeof identifier === 'number' ? `0${orderNumber(identifier)} ` : `1${identifier} `;
}

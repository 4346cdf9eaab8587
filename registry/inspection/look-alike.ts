/**
 * Names that a person takes for another. Ids are ASCII (spec/plugin-id.ts), so what is left are digits that look like
 * letters, pairs that look like one letter, hyphens, and slips of one or two keys. A publisher may name its own
 * plugins alike; only other publishers are compared.
 */
import { distance } from 'fastest-levenshtein';
import { splitPluginId } from '../../spec/plugin-id.ts';
import type { Report } from './finding.ts';
import type { Subject } from './rule.ts';

/** Two slips in a name this long still look like the same name; in a short one they make another word. */
const LONG_NAME_CHARS = 12;
const REPORTED_MAX = 5;

export function findLookAlikes({ manifest, knownPluginIds }: Subject): Report[] {
  const { publisher } = splitPluginId(manifest.id);
  const skeleton = skeletonOf(manifest.id);
  return knownPluginIds
    .filter((other) => splitPluginId(other).publisher !== publisher)
    .filter((other) => isAlike(manifest.id, skeleton, other))
    .slice(0, REPORTED_MAX)
    .map((other) => ({ pointer: '/id', message: `${manifest.id} can be mistaken for ${other}` }));
}

function isAlike(id: string, skeleton: string, other: string): boolean {
  if (skeletonOf(other) === skeleton) return true;
  const slipsMax = Math.min(id.length, other.length) >= LONG_NAME_CHARS ? 2 : 1;
  return Math.abs(id.length - other.length) <= slipsMax && distance(id, other) <= slipsMax;
}

/** `ke1ompok/csv-import` and `kelompok/csvimport` have the skeleton `kelompok/csvimport`. */
function skeletonOf(id: string): string {
  return id
    .replaceAll('-', '')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
    .replaceAll('cl', 'd')
    .replaceAll('0', 'o')
    .replaceAll(/[1i]/gu, 'l')
    .replaceAll('5', 's');
}

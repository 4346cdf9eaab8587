/** What a person can do about a failure, beyond changing what they asked for. */
import { distance } from 'fastest-levenshtein';
import { readRange } from '../../spec/version.ts';
import type { Candidates, Obstacle } from './candidates.ts';
import type { Catalogue } from './catalogue.ts';
import type { Gap, Incompatibility, Term } from './incompatibility.ts';
import { termText } from './phrase.ts';
import { membersOf } from './version-set.ts';

/** A name further away than this is another name, not a slip. */
const EDITS_MAX = 3;
/** Longest name, in characters, that is compared with others: comparing costs the product of the lengths. */
const NAME_CHARS_MAX = 128;

/** @returns hints for the facts that a failure rests on, each once, sorted. */
export function hintsFor(facts: readonly Incompatibility[], catalogue: Catalogue): readonly string[] {
  const hints = facts.map((fact) => hintFor(fact, catalogue)).filter((hint) => hint !== undefined);
  return [...new Set(hints)].sort();
}

function hintFor({ cause, terms }: Incompatibility, catalogue: Catalogue): string | undefined {
  switch (cause.kind) {
    case 'root-gap':
      return gapHint(cause.root.plugin, cause.root.range, cause.gap, catalogue);
    case 'dependency-gap':
      return gapHint(cause.edge.target, cause.edge.range, cause.gap, catalogue);
    case 'obstacle':
      return obstacleHint(cause.obstacle, terms, catalogue);
    case 'root':
    case 'dependency':
    case 'optional-dependency':
    case 'conflict':
      return undefined;
  }
}

function gapHint(plugin: string, range: string, gap: Gap, catalogue: Catalogue): string | undefined {
  switch (gap) {
    case 'unknown-plugin': {
      const near = nearestName(plugin, catalogue.plugins());
      return near === undefined ? undefined : `Did you mean ${near} instead of ${plugin}?`;
    }
    case 'no-version-in-range': {
      const candidates = catalogue.open(plugin);
      return candidates === undefined ? undefined : rangeHint(candidates, range, catalogue);
    }
  }
}

function rangeHint(candidates: Candidates, range: string, catalogue: Catalogue): string | undefined {
  const prerelease = candidates.versions.findLast(
    (version) => readRange(range)?.test(version.version) === false && prereleaseFits(range, version.version),
  );
  if (prerelease !== undefined) {
    return `${candidates.plugin} ${prerelease.version} is a prerelease; to accept it, name it in the range.`;
  }
  const newest = catalogue.mostWanted(candidates, candidates.present);
  const version = newest === undefined ? undefined : candidates.versions[newest]?.version;
  return version === undefined ? undefined : `The newest version of ${candidates.plugin} is ${version}.`;
}

function prereleaseFits(range: string, version: string): boolean {
  const parsed = readRange(range);
  if (parsed === undefined) return false;
  return parsed.set.some((alternative) => alternative.every((comparator) => comparator.test(version)));
}

function obstacleHint(obstacle: Obstacle, terms: readonly Term[], catalogue: Catalogue): string | undefined {
  const [term] = terms;
  if (term === undefined) return undefined;
  switch (obstacle.kind) {
    case 'yanked': {
      const newest = term.candidates.versions[membersOf(term.set).at(-1) ?? -1]?.version ?? '';
      const { plugin } = term.candidates;
      return `${plugin} ${newest} was yanked by its publisher; to use it all the same, ask for exactly ${plugin} ${newest}.`;
    }
    case 'engine':
      return `${termText(term)} runs on Souk ${obstacle.range}; this is Souk ${catalogue.soukVersion}.`;
    case 'malformed':
      return `Tell the publisher of ${term.candidates.plugin} that ${termText(term)} declares an unreadable range.`;
  }
}

/** @returns the name that a slip of the pen would most likely have meant; of several, the first. */
function nearestName(wrong: string, names: Iterable<string>): string | undefined {
  if (wrong.length > NAME_CHARS_MAX) return undefined;
  let nearest: { name: string; edits: number } | undefined;
  for (const name of names) {
    if (Math.abs(name.length - wrong.length) > EDITS_MAX) continue;
    const edits = distance(wrong, name);
    if (edits > EDITS_MAX) continue;
    const better =
      nearest === undefined || edits < nearest.edits || (edits === nearest.edits && name < nearest.name);
    if (better) nearest = { name, edits };
  }
  return nearest?.name;
}

/** One incompatibility, or two together, in words. */
import { readRange } from '../../spec/version.ts';
import type { Candidates, Obstacle } from './candidates.ts';
import type { DependencyEdge, ExternalCause, Gap, Incompatibility, Term } from './incompatibility.ts';
import type { RootRequirement } from './problem.ts';
import { hasMember, isSubset, keyOf, membersOf, subtract, type VersionSet } from './version-set.ts';

/** Most runs of versions, or terms, that one sentence lists. */
const LISTED_MAX = 6;

/**
 * A sentence that can be joined to others.
 * `subject` and `predicate` are given where the sentence speaks about one plugin; `object` where it ends with what is
 * required, so that a relative clause can follow.
 */
export type Clause = {
  readonly text: string;
  readonly subject?: Term;
  readonly predicate?: string;
  readonly object?: Term;
  /** Dependencies are listed as "depends on both"; what follows from them is not. */
  readonly declares?: string;
};

/** @returns what the incompatibility says. */
export function clauseOf(incompatibility: Incompatibility): Clause {
  const { cause, terms } = incompatibility;
  return cause.kind === 'conflict' ? derivedClause(terms) : externalClause(cause, terms);
}

/** @returns "`first` and `second`", shorter where one speaks of what the other requires. */
export function joinClauses(first: Clause, second: Clause): string {
  return (
    relativeClause(first, second) ??
    relativeClause(second, first) ??
    bothClause(first, second) ??
    joinTexts([first.text, second.text])
  );
}

/** A sentence with a comma inside ends with one too, so that its relative clause does not swallow the next. */
export function joinTexts(texts: readonly string[]): string {
  return texts.reduce((joined, text) => `${joined}${joined.includes(',') ? ',' : ''} and ${text}`);
}

/** "a depends on b ^1.0.0 which depends on c ^2.0.0". */
function relativeClause(prior: Clause, latter: Clause): string | undefined {
  if (prior.object === undefined || latter.subject === undefined || latter.predicate === undefined)
    return undefined;
  if (prior.object.candidates !== latter.subject.candidates) return undefined;
  if (!isSubset(prior.object.set, latter.subject.set)) return undefined;
  return `${prior.text} which ${latter.predicate}`;
}

/** "a 1.0.0 depends on both b ^1.0.0 and c ^2.0.0". */
function bothClause(first: Clause, second: Clause): string | undefined {
  if (first.subject === undefined || second.subject === undefined) return undefined;
  if (first.declares === undefined || second.declares === undefined) return undefined;
  if (first.subject.candidates !== second.subject.candidates) return undefined;
  if (keyOf(first.subject.set) !== keyOf(second.subject.set)) return undefined;
  return `${subjectText(first.subject)} depends on both ${first.declares} and ${second.declares}`;
}

function externalClause(cause: ExternalCause, terms: readonly Term[]): Clause {
  switch (cause.kind) {
    case 'root':
      return rootClause(cause.root, terms);
    case 'root-gap':
      return { text: `${rootText(cause.root)}, ${gapText(cause.root.plugin, cause.gap)}` };
    case 'dependency':
      return dependencyClause(cause.edge, terms);
    case 'optional-dependency':
      return aboutDependants(cause.edge, `accepts only ${wanted(cause.edge.target, cause.edge.range)}`);
    case 'dependency-gap': {
      const target = wanted(cause.edge.target, cause.edge.range);
      return aboutDependants(cause.edge, `depends on ${target}, ${gapText(cause.edge.target, cause.gap)}`);
    }
    case 'obstacle':
      return obstacleClause(cause.obstacle, terms);
  }
}

function rootClause(root: RootRequirement, terms: readonly Term[]): Clause {
  const [term] = terms;
  if (term === undefined || root.kind === 'optional') return { text: rootText(root) };
  const object = { candidates: term.candidates, set: subtract(term.candidates.universe, term.set) };
  return root.origin === 'installed' ? { text: rootText(root) } : { text: rootText(root), object };
}

/** @returns a root requirement as a sentence. */
export function rootText(root: RootRequirement): string {
  const what = wanted(root.plugin, root.range);
  if (root.kind === 'optional') return `only ${what} is allowed`;
  switch (root.origin) {
    case 'requested':
      return `you asked for ${what}`;
    case 'installed':
      return `${what} is installed`;
    case 'global':
      return `this instance requires ${what}`;
  }
}

function dependencyClause(edge: DependencyEdge, terms: readonly Term[]): Clause {
  const what = wanted(edge.target, edge.range);
  const clause = aboutDependants(edge, `depends on ${what}`);
  const target = terms.find(({ candidates }) => candidates !== edge.dependant);
  // A plugin that depends on a range of itself without being inside has no second term.
  if (target === undefined) return clause;
  return { ...clause, declares: what, object: inverse(target) };
}

function aboutDependants(edge: DependencyEdge, predicate: string): Clause {
  return about({ candidates: edge.dependant, set: edge.dependants }, predicate);
}

function about(subject: Term, predicate: string): Clause {
  return { text: `${subjectText(subject)} ${predicate}`, subject, predicate };
}

function gapText(plugin: string, gap: Gap): string {
  switch (gap) {
    case 'unknown-plugin':
      return 'which this registry does not know';
    case 'no-version-in-range':
      return `which no version of ${plugin} fits`;
  }
}

function obstacleClause(obstacle: Obstacle, terms: readonly Term[]): Clause {
  const [subject] = terms;
  if (subject === undefined) return { text: 'a version cannot be used' };
  switch (obstacle.kind) {
    case 'yanked':
      return about(subject, 'is yanked');
    case 'engine':
      return about(subject, `needs Souk ${obstacle.range}`);
    case 'malformed':
      return about(subject, `declares for ${obstacle.about} what is no range`);
  }
}

function derivedClause(terms: readonly Term[]): Clause {
  if (terms.length === 0) return { text: 'version solving failed' };
  const present = terms.filter((term) => !allowsAbsent(term));
  const required = terms.filter(allowsAbsent).map(inverse);
  const [subject, second] = present;
  if (subject === undefined) return alternatives(required);
  if (present.length === 1) return aboutOne(subject, required);
  if (required.length > 0) {
    return { text: `if ${list(present, 'and')} are chosen then ${list(required, 'or')} is required` };
  }
  return present.length === 2 && second !== undefined
    ? about(subject, `is incompatible with ${termText(second)}`)
    : { text: `${list(present, 'and')} are incompatible with each other` };
}

function alternatives(required: readonly Term[]): Clause {
  const [object] = required;
  if (required.length !== 1 || object === undefined) return { text: `${list(required, 'or')} is required` };
  return { text: `${termText(object)} is required` };
}

function aboutOne(subject: Term, required: readonly Term[]): Clause {
  const [object] = required;
  if (object === undefined) return impossible(subject);
  const clause = about(subject, `requires ${list(required, 'or')}`);
  return required.length === 1 ? { ...clause, object } : clause;
}

function impossible(subject: Term): Clause {
  const text = isEvery(subject)
    ? `no version of ${subject.candidates.plugin} can be used`
    : `${termText(subject)} cannot be used`;
  return { text, subject, predicate: 'cannot be used' };
}

function allowsAbsent(term: Term): boolean {
  return hasMember(term.set, term.candidates.absentIndex);
}

function inverse(term: Term): Term {
  return { candidates: term.candidates, set: subtract(term.candidates.universe, term.set) };
}

function list(terms: readonly Term[], word: 'and' | 'or'): string {
  const texts = terms.slice(0, LISTED_MAX).map(termText);
  const more = terms.length - texts.length;
  return [...texts, ...(more > 0 ? [`${more} more`] : [])].join(` ${word} `);
}

/** @returns a plugin and a range as a person writes them; the range that allows all is left out. */
function wanted(plugin: string, range: string): string {
  const text = range.trim();
  return text === '' || text === '*' ? plugin : `${plugin} ${text}`;
}

function isEvery(term: Term): boolean {
  return term.candidates.versions.length > 1 && isSubset(term.candidates.present, term.set);
}

function subjectText(term: Term): string {
  return isEvery(term) ? `every version of ${term.candidates.plugin}` : termText(term);
}

/** @returns the plugin with the versions of the term, which does not hold "absent". */
export function termText({ candidates, set }: Term): string {
  const known = candidates.textOf(set);
  const isAll = isSubset(candidates.present, set);
  // The plugin alone means all of its versions; `*` leaves prereleases out.
  if (known !== undefined)
    return isAll ? wanted(candidates.plugin, known) : `${candidates.plugin} ${known === '' ? '*' : known}`;
  if (isAll && candidates.versions.length > 1) return candidates.plugin;
  return `${candidates.plugin} ${versionsText(candidates, set)}`;
}

/**
 * `1.0.0`, `<=1.4.0`, `>=2.0.0` or `1.0.0 - 1.4.0`, several joined by "or"; "with prereleases" where the run has some
 * that the same text, read as a range, leaves out.
 */
function versionsText(candidates: Candidates, set: VersionSet): string {
  const texts = runsOf(membersOf(set)).map(({ first, last }) => runText(candidates, first, last));
  const shown = texts.slice(0, LISTED_MAX);
  const more = texts.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(' or ');
}

function runText(candidates: Candidates, first: number, last: number): string {
  const from = candidates.versions[first]?.version ?? '';
  const to = candidates.versions[last]?.version ?? '';
  if (first === last) return from;
  const text =
    first === 0 ? `<=${to}` : last === candidates.versions.length - 1 ? `>=${from}` : `${from} - ${to}`;
  const prereleases = candidates.versions
    .slice(first, last + 1)
    .filter((version) => version.prerelease.length > 0);
  if (prereleases.length === 0) return text;
  const range = readRange(text);
  return prereleases.every((version) => range?.test(version)) ? text : `${text} with prereleases`;
}

/** @returns maximal runs of neighbours among ascending indices. */
function runsOf(members: readonly number[]): { first: number; last: number }[] {
  const runs: { first: number; last: number }[] = [];
  for (const member of members) {
    const run = runs.at(-1);
    if (run !== undefined && run.last === member - 1) run.last = member;
    else runs.push({ first: member, last: member });
  }
  return runs;
}

/** Turns what one version declares into incompatibilities: docs/resolver.md, "Incompatibilities". */
import { readRange } from '../../spec/version.ts';
import type { Candidates } from './candidates.ts';
import type { Catalogue } from './catalogue.ts';
import type { DependencyEdge, Gap, Incompatibility, Term } from './incompatibility.ts';
import type { RootRequirement, VersionRecord } from './problem.ts';
import { intersect, isEmpty, subtract, type VersionSet } from './version-set.ts';

type DependencyKind = 'dependencies' | 'optionalDependencies';

/** Versions and declarations that were turned into incompatibilities already, so that none is added twice. */
export type KnownFacts = Set<string>;

/**
 * @returns what the version at `index` declares, as incompatibilities that are not in `known` yet. Each covers every
 *   version of the plugin that declares the same, in an order that depends on names only.
 */
export function dependencyFacts(
  catalogue: Catalogue,
  candidates: Candidates,
  index: number,
  known: KnownFacts,
): Incompatibility[] {
  const record = candidates.records[index];
  const version = JSON.stringify([candidates.plugin, index]);
  if (record === undefined || known.has(version)) return [];
  known.add(version);
  return [
    ...factsOf(catalogue, candidates, record, 'dependencies', known),
    ...factsOf(catalogue, candidates, record, 'optionalDependencies', known),
  ];
}

function factsOf(
  catalogue: Catalogue,
  candidates: Candidates,
  record: VersionRecord,
  kind: DependencyKind,
  known: KnownFacts,
): Incompatibility[] {
  const facts: Incompatibility[] = [];
  for (const [target, range] of [...record[kind]].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const key = JSON.stringify([candidates.plugin, kind, target, range]);
    if (known.has(key)) continue;
    known.add(key);
    const dependants = versionsDeclaring(candidates, kind, target, range);
    const edge: DependencyEdge = { dependant: candidates, dependants, target, range };
    const fact = kind === 'dependencies' ? requiredFact(catalogue, edge) : optionalFact(catalogue, edge);
    if (fact !== undefined) facts.push(fact);
  }
  return facts;
}

function versionsDeclaring(
  candidates: Candidates,
  kind: DependencyKind,
  target: string,
  range: string,
): VersionSet {
  const members: number[] = [];
  for (const [index, record] of candidates.records.entries()) {
    if (record[kind].get(target) === range) members.push(index);
  }
  return candidates.setOf(members);
}

function requiredFact(catalogue: Catalogue, edge: DependencyEdge): Incompatibility | undefined {
  const target = catalogue.open(edge.target);
  if (target === undefined) {
    return readRange(edge.range) === undefined ? malformedFact(edge) : gapFact(edge, 'unknown-plugin');
  }
  const inside = target.matching(edge.range);
  if (inside === undefined) return malformedFact(edge);
  if (isEmpty(inside)) return gapFact(edge, 'no-version-in-range');
  return edgeFact('dependency', edge, { candidates: target, set: subtract(target.universe, inside) });
}

function optionalFact(catalogue: Catalogue, edge: DependencyEdge): Incompatibility | undefined {
  const target = catalogue.open(edge.target);
  // A plugin that does not exist is absent.
  if (target === undefined) return undefined;
  const inside = target.matching(edge.range);
  if (inside === undefined) return malformedFact(edge);
  const outside = subtract(target.present, inside);
  if (isEmpty(outside)) return undefined;
  return edgeFact('optional-dependency', edge, { candidates: target, set: outside });
}

function edgeFact(
  kind: 'dependency' | 'optional-dependency',
  edge: DependencyEdge,
  forbidden: Term,
): Incompatibility | undefined {
  if (forbidden.candidates !== edge.dependant) {
    return {
      terms: [{ candidates: edge.dependant, set: edge.dependants }, forbidden],
      cause: { kind, edge },
    };
  }
  // A plugin that names itself: the versions outside their own range can never be chosen.
  const set = intersect(edge.dependants, forbidden.set);
  return isEmpty(set) ? undefined : { terms: [{ candidates: edge.dependant, set }], cause: { kind, edge } };
}

function gapFact(edge: DependencyEdge, gap: Gap): Incompatibility {
  return { terms: [dependantTerm(edge)], cause: { kind: 'dependency-gap', edge, gap } };
}

function malformedFact(edge: DependencyEdge): Incompatibility {
  const obstacle = { kind: 'malformed', about: edge.target } as const;
  return { terms: [dependantTerm(edge)], cause: { kind: 'obstacle', candidates: edge.dependant, obstacle } };
}

function dependantTerm(edge: DependencyEdge): Term {
  return { candidates: edge.dependant, set: edge.dependants };
}

/** @returns a root requirement as an incompatibility, or undefined where it constrains nothing. */
export function rootFact(catalogue: Catalogue, root: RootRequirement): Incompatibility | undefined {
  const candidates = catalogue.open(root.plugin);
  const inside = candidates?.matching(root.range);
  if (candidates === undefined || inside === undefined) {
    return root.kind === 'optional'
      ? undefined
      : { terms: [], cause: { kind: 'root-gap', root, gap: 'unknown-plugin' } };
  }
  if (root.kind === 'required' && isEmpty(inside)) {
    return { terms: [], cause: { kind: 'root-gap', root, gap: 'no-version-in-range' } };
  }
  const set = subtract(root.kind === 'required' ? candidates.universe : candidates.present, inside);
  return isEmpty(set) ? undefined : { terms: [{ candidates, set }], cause: { kind: 'root', root } };
}

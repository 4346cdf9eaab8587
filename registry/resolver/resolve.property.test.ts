import fc from 'fast-check';
import { prerelease, rcompare, satisfies, valid } from 'semver';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../spec/refusal.ts';
import type { ResolutionProblem, RootRequirement, VersionRecord } from './problem.ts';
import { resolve } from './resolve.ts';
import type { Resolution } from './resolution.ts';

const PLUGINS = ['a', 'b', 'c', 'd', '__proto__'];
const VERSIONS = ['1.0.0', '1.1.0', '2.0.0-rc.1', '2.0.0', '3.0.0-rc.1'];
const RANGES = [
  '*',
  '^1.0.0',
  '~1.0.0',
  '>=1.1.0',
  '^2.0.0-rc.1',
  '2.0.0',
  '<2',
  '>=3',
  '1.0.0 || 2.0.0-rc.1',
];
const SOUK_VERSION = '1.0.0';

const range = fc.constantFrom(...RANGES);
const plugin = fc.constantFrom(...PLUGINS);
const dependencies = (maxLength: number) =>
  fc.array(fc.tuple(plugin, range), { maxLength }).map((entries) => new Map(entries));

const record = (version: string): fc.Arbitrary<VersionRecord> =>
  fc.record({
    version: fc.constant(version),
    dependencies: dependencies(2),
    optionalDependencies: dependencies(1),
    engines: fc.constantFrom<{ souk?: string }>({}, {}, {}, { souk: '^1.0.0' }, { souk: '^2.0.0' }),
    yanked: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
  });

const records = fc
  .subarray(VERSIONS, { minLength: 0, maxLength: 4 })
  .chain((versions) => fc.tuple(...versions.map(record)));

const problems: fc.Arbitrary<ResolutionProblem> = fc.record({
  registry: fc
    .tuple(...PLUGINS.map(() => records))
    .map((all) => new Map(PLUGINS.map((id, i) => [id, all[i] ?? []]))),
  roots: fc.array(
    fc.record({
      plugin,
      range,
      kind: fc.constantFrom('required', 'required', 'required', 'optional'),
      origin: fc.constantFrom('requested', 'installed', 'global'),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  lock: fc.array(fc.tuple(plugin, fc.constantFrom(...VERSIONS)), { maxLength: 3 }).map((all) => new Map(all)),
  preference: fc.oneof(
    fc.constant({ kind: 'newest' } as const),
    fc.subarray(PLUGINS).map((upgrade) => ({ kind: 'locked', upgrade: new Set(upgrade) }) as const),
  ),
  soukVersion: fc.constant(SOUK_VERSION),
});

/** Plugin → version; what is absent has no entry. */
type Choice = ReadonlyMap<string, string>;

function recordOf(problem: ResolutionProblem, id: string, version: string): VersionRecord | undefined {
  return problem.registry.get(id)?.find((known) => known.version === version);
}

function isCandidate(problem: ResolutionProblem, id: string, found: VersionRecord): boolean {
  const pinned = problem.roots.some((root) => root.plugin === id && valid(root.range) === found.version);
  if (found.yanked && !pinned && problem.lock.get(id) !== found.version) return false;
  return found.engines.souk === undefined || satisfies(SOUK_VERSION, found.engines.souk);
}

function fits(choice: Choice, id: string, wanted: string, kind: 'required' | 'optional'): boolean {
  const version = choice.get(id);
  return version === undefined ? kind === 'optional' : satisfies(version, wanted);
}

/** Whether the choice meets every requirement, written straight from the rules and not from the algorithm. */
function isValid(problem: ResolutionProblem, choice: Choice): boolean {
  for (const root of problem.roots) if (!fits(choice, root.plugin, root.range, root.kind)) return false;
  for (const [id, version] of choice) {
    const found = recordOf(problem, id, version);
    if (found === undefined || !isCandidate(problem, id, found)) return false;
    for (const [target, wanted] of found.dependencies)
      if (!fits(choice, target, wanted, 'required')) return false;
    for (const [target, wanted] of found.optionalDependencies) {
      if (!fits(choice, target, wanted, 'optional')) return false;
    }
  }
  return true;
}

/** Tries every combination of versions. */
function isSolvable(problem: ResolutionProblem): boolean {
  let choices: Choice[] = [new Map()];
  for (const id of PLUGINS) {
    const versions = (problem.registry.get(id) ?? []).map(({ version }) => version);
    choices = choices.flatMap((choice) => [
      choice,
      ...versions.map((version) => new Map([...choice, [id, version]])),
    ]);
  }
  return choices.some((choice) => isValid(problem, choice));
}

function choiceOf(resolution: Resolution): Choice {
  return new Map([...resolution.plugins].map(([id, { version }]) => [id, version]));
}

/** Versions that the rules prefer to `version`. */
function moreWanted(problem: ResolutionProblem, id: string, version: string): string[] {
  const { preference, lock } = problem;
  const kept = preference.kind === 'locked' && !preference.upgrade.has(id) ? lock.get(id) : undefined;
  const order = (problem.registry.get(id) ?? [])
    .map((known) => known.version)
    .sort((a, b) => Number(b === kept) - Number(a === kept) || stability(a) - stability(b) || rcompare(a, b));
  return order.slice(0, order.indexOf(version));
}

function stability(version: string): number {
  return prerelease(version) === null ? 0 : 1;
}

type Verdict = { kind: 'resolved'; resolution: Resolution } | { kind: 'refused'; refusal: Refusal };

function verdictOf(problem: ResolutionProblem): Verdict {
  try {
    return { kind: 'resolved', resolution: resolve(problem) };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', refusal: error };
    throw error;
  }
}

function reachable(problem: ResolutionProblem, choice: Choice): Set<string> {
  const reached = new Set(problem.roots.filter(({ kind }) => kind === 'required').map((root) => root.plugin));
  for (const id of reached) {
    for (const target of recordOf(problem, id, choice.get(id) ?? '')?.dependencies.keys() ?? [])
      reached.add(target);
  }
  return reached;
}

function shuffled(problem: ResolutionProblem): ResolutionProblem {
  const flip = (found: VersionRecord) => ({
    ...found,
    dependencies: new Map([...found.dependencies].reverse()),
    optionalDependencies: new Map([...found.optionalDependencies].reverse()),
  });
  return {
    ...problem,
    roots: problem.roots.toReversed(),
    lock: new Map([...problem.lock].reverse()),
    registry: new Map([...problem.registry].reverse().map(([id, all]) => [id, all.map(flip).reverse()])),
  };
}

const RUNS = { numRuns: 1_500 };

describe('random registries, against the rules tried one by one', () => {
  test('an answer is valid, complete and holds nothing unneeded', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const verdict = verdictOf(problem);
        if (verdict.kind === 'refused') return;
        const choice = choiceOf(verdict.resolution);
        expect(isValid(problem, choice)).toBe(true);
        expect(new Set(choice.keys())).toEqual(reachable(problem, choice));
      }),
      RUNS,
    );
  });

  test('there is an answer exactly where a brute-force search finds one', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const verdict = verdictOf(problem);
        const impossible = verdict.kind === 'refused' && verdict.refusal.code === 'resolution_impossible';
        expect(impossible).toBe(!isSolvable(problem));
      }),
      RUNS,
    );
  });

  test('no plugin of an answer could have a more wanted version with the rest unchanged', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const verdict = verdictOf(problem);
        if (verdict.kind === 'refused') return;
        const choice = choiceOf(verdict.resolution);
        for (const [id, version] of choice) {
          for (const better of moreWanted(problem, id, version)) {
            expect(isValid(problem, new Map([...choice, [id, better]]))).toBe(false);
          }
        }
      }),
      RUNS,
    );
  });

  test('the order in which the problem is listed changes neither answer nor explanation', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const first = verdictOf(problem);
        const second = verdictOf(shuffled(problem));
        expect(second.kind).toBe(first.kind);
        if (first.kind === 'resolved' && second.kind === 'resolved') {
          expect([...choiceOf(second.resolution)]).toEqual([...choiceOf(first.resolution)]);
          expect(second.resolution.activationOrder).toEqual(first.resolution.activationOrder);
        }
        if (first.kind === 'refused' && second.kind === 'refused') {
          expect(second.refusal.message).toBe(first.refusal.message);
          expect(second.refusal.extensions).toEqual(first.refusal.extensions);
        }
      }),
      RUNS,
    );
  });

  test('a failure names every root requirement without which alone there is an answer', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const verdict = verdictOf(problem);
        if (verdict.kind === 'resolved' || verdict.refusal.code !== 'resolution_impossible') return;
        const needed = distinct(problem.roots).filter((root) => isSolvable(without(problem, root)));
        const keys = (roots: unknown) => (roots as RootRequirement[]).map(keyOf).sort();
        expect(keys(verdict.refusal.extensions['droppable'])).toEqual(keys(needed));
        for (const root of needed) expect(verdict.refusal.message).toContain(root.plugin);
      }),
      RUNS,
    );
  });

  test('activation puts required dependencies first', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const verdict = verdictOf(problem);
        if (verdict.kind === 'refused') return;
        const { plugins, activationOrder } = verdict.resolution;
        expect(activationOrder.toSorted()).toEqual([...plugins.keys()]);
        const place = new Map(activationOrder.map((id, index) => [id, index]));
        for (const [id, { dependencies: edges }] of plugins) {
          for (const { to, kind } of edges) {
            if (kind === 'required') expect(place.get(to)).toBeLessThan(place.get(id) ?? -1);
          }
        }
      }),
      RUNS,
    );
  });
});

function keyOf({ plugin: id, range: wanted, kind, origin }: RootRequirement): string {
  return JSON.stringify([id, wanted, kind, origin]);
}

function distinct(roots: readonly RootRequirement[]): readonly RootRequirement[] {
  return [...new Map(roots.map((root) => [keyOf(root), root])).values()];
}

function without(problem: ResolutionProblem, dropped: RootRequirement): ResolutionProblem {
  return { ...problem, roots: problem.roots.filter((root) => keyOf(root) !== keyOf(dropped)) };
}

/** Large problems of known shape, the same in every run, for tests and the bench. */
import type { ResolutionProblem, VersionRecord } from '../problem.ts';

/** Each version needs `degree` plugins further on, by caret, tilde and lower-bound ranges that all can be met. */
export function dense(plugins: number, versions: number, degree: number): ResolutionProblem {
  const random = randomNumbers(42);
  const registry = new Map<string, VersionRecord[]>();
  for (let i = 0; i < plugins; i += 1) {
    registry.set(
      nameOf(i),
      countTo(versions, (v) => {
        const edges = countTo(
          Math.min(degree, plugins - i - 1),
          () => i + 1 + Math.floor(random() * (plugins - i - 1)),
        );
        const wanted = edges.map((target) => [nameOf(target), rangeOf(v, versions, random())] as const);
        return record(versionOf(v), wanted);
      }),
    );
  }
  const roots = countTo(Math.ceil(plugins / 10), (i) => i * 10);
  return problemOf(registry, roots.map(nameOf));
}

function rangeOf(version: number, versions: number, chance: number): string {
  const near = Math.min(version, versions - 1);
  if (chance < 0.4) return `^${Math.floor(near / 10) + 1}.0.0`;
  if (chance < 0.8) return `>=${versionOf(Math.floor(near / 2))}`;
  return `>=${versionOf(Math.floor(near / 4))} <${Math.floor(versions / 10) + 2}`;
}

/** Every version of a level needs the next level; the last needs what does not exist. */
export function deadEnds(levels: number, versions: number, ranges: 'same' | 'own'): ResolutionProblem {
  const registry = new Map<string, VersionRecord[]>();
  for (let level = 0; level < levels; level += 1) {
    const wanted = (v: number) => (ranges === 'same' ? '*' : `>=${versionOf(v)}`);
    const target = (v: number) => [nameOf(level + 1), level === levels - 1 ? '^99.0.0' : wanted(v)] as const;
    registry.set(
      nameOf(level),
      countTo(versions, (v) => record(versionOf(v), [target(v)])),
    );
  }
  registry.set(nameOf(levels), [record('1.0.0', [])]);
  return problemOf(registry, [nameOf(0)]);
}

export function chain(length: number): ResolutionProblem {
  const links = countTo(length, (i) => {
    const wanted = i === length - 1 ? [] : [[nameOf(i + 1), '^1.0.0'] as const];
    return [nameOf(i), [record('1.0.0', wanted)]] as const;
  });
  return problemOf(new Map(links), [nameOf(0)]);
}

function problemOf(registry: ResolutionProblem['registry'], roots: readonly string[]): ResolutionProblem {
  return {
    registry,
    roots: roots.map((plugin) => ({ plugin, range: '*', kind: 'required', origin: 'requested' })),
    lock: new Map(),
    preference: { kind: 'newest' },
    soukVersion: '1.0.0',
  };
}

function record(version: string, dependencies: readonly (readonly [string, string])[]): VersionRecord {
  return {
    version,
    dependencies: new Map(dependencies),
    optionalDependencies: new Map(),
    engines: {},
    yanked: false,
  };
}

function nameOf(index: number): string {
  return `bench/p${String(index).padStart(5, '0')}`;
}

/** 1.0.0 … 1.9.0, 2.0.0 … */
function versionOf(index: number): string {
  return `${Math.floor(index / 10) + 1}.${index % 10}.0`;
}

function countTo<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: Math.max(0, count) }, (_, index) => make(index));
}

/** Numbers in [0, 1) that are the same in every run: a linear congruential generator (Numerical Recipes). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Reads as pub's suite does: serve these packages, ask for those, expect this answer or exactly this explanation. */
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../spec/refusal.ts';
import { RESOLUTION_BUDGET_DEFAULT, type ResolutionBudget } from './budget.ts';
import {
  problemOf,
  recordOf,
  registryOf,
  type DependencyLiteral,
  type ProblemLiteral,
} from './support/problem-literals.ts';
import { chain, deadEnds, dense } from './support/problem-shapes.ts';
import { resolve } from './resolve.ts';

/** `plugin version` of each chosen plugin, by name. */
function answer(literal: ProblemLiteral): string[] {
  return [...resolve(problemOf(literal)).plugins.values()].map(
    ({ plugin, version }) => `${plugin} ${version}`,
  );
}

function order(literal: ProblemLiteral): readonly string[] {
  return resolve(problemOf(literal)).activationOrder;
}

function refusal(attempt: () => unknown): Refusal {
  try {
    attempt();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new TypeError('expected a refusal');
}

function explanation(literal: ProblemLiteral): string[] {
  const refused = refusal(() => resolve(problemOf(literal)));
  expect(refused.code).toBe('resolution_impossible');
  return refused.message.split('\n');
}

function hints(literal: ProblemLiteral): unknown {
  return refusal(() => resolve(problemOf(literal))).extensions['hints'];
}

describe('basic graph', () => {
  test('nothing asked for, nothing chosen', () => {
    expect(answer({ registry: { 'a 1.0.0': {} } })).toEqual([]);
  });

  test('a tree', () => {
    const registry = {
      'a 1.0.0': { 'a-a': '1.0.0', 'a-b': '1.0.0' },
      'a-a 1.0.0': {},
      'a-b 1.0.0': {},
      'b 1.0.0': { 'b-a': '1.0.0' },
      'b-a 1.0.0': {},
    };
    expect(answer({ registry, asked: { a: '*', b: '*' } })).toEqual([
      'a 1.0.0',
      'a-a 1.0.0',
      'a-b 1.0.0',
      'b 1.0.0',
      'b-a 1.0.0',
    ]);
  });

  test('a shared dependency gets the newest version that fits both', () => {
    const registry = {
      'a 1.0.0': { shared: '>=2.0.0 <4.0.0' },
      'b 1.0.0': { shared: '>=3.0.0 <5.0.0' },
      'shared 2.0.0': {},
      'shared 3.0.0': {},
      'shared 3.6.9': {},
      'shared 4.0.0': {},
      'shared 5.0.0': {},
    };
    expect(answer({ registry, asked: { a: '1.0.0', b: '1.0.0' } })).toContain('shared 3.6.9');
  });

  test('a dependency of a version that is not chosen is left out', () => {
    const registry = {
      'foo 1.0.0': { bang: '1.0.0' },
      'foo 2.0.0': {},
      'bang 1.0.0': {},
    };
    expect(answer({ registry, asked: { foo: '*' } })).toEqual(['foo 2.0.0']);
  });

  test('versions are ordered as numbers and not as text', () => {
    expect(answer({ registry: { 'a 1.9.0': {}, 'a 1.10.0': {} }, asked: { a: '*' } })).toEqual(['a 1.10.0']);
  });

  test('says who needs a plugin, with the range', () => {
    const { plugins } = resolve(
      problemOf({ registry: { 'a 1.0.0': { b: '^1.0.0' }, 'b 1.2.0': {} }, asked: { a: '*' } }),
    );
    const edge = { from: 'a', to: 'b', range: '^1.0.0', kind: 'required' };
    expect(plugins.get('b')).toMatchObject({ version: '1.2.0', roots: [], dependants: [edge] });
    expect(plugins.get('a')).toMatchObject({
      roots: [{ origin: 'requested', range: '*' }],
      dependencies: [edge],
    });
  });
});

describe('lock', () => {
  const registry = {
    'foo 1.0.0': { bar: '1.0.0' },
    'foo 1.1.0': { bar: '1.1.0' },
    'bar 1.0.0': {},
    'bar 1.1.0': {},
    'other 1.0.0': {},
    'other 1.1.0': {},
  };
  const lock = { foo: '1.0.0', bar: '1.0.0', other: '1.0.0' };

  test('a locked version stays while it satisfies', () => {
    expect(answer({ registry, lock, installed: { foo: '*' }, asked: { other: '*' } })).toEqual([
      'bar 1.0.0',
      'foo 1.0.0',
      'other 1.0.0',
    ]);
  });

  test('one plugin is upgraded with what it needs, the rest stays', () => {
    expect(answer({ registry, lock, upgrade: ['foo'], installed: { foo: '*', other: '*' } })).toEqual([
      'bar 1.1.0',
      'foo 1.1.0',
      'other 1.0.0',
    ]);
  });

  test('what is to be upgraded outweighs a lock that would hold it back', () => {
    const installed = { foo: '*', bar: '*', other: '*' };
    expect(answer({ registry, lock, upgrade: ['foo'], installed })).toEqual([
      'bar 1.1.0',
      'foo 1.1.0',
      'other 1.0.0',
    ]);
    expect(answer({ registry, lock, upgrade: ['other'], installed })).toEqual([
      'bar 1.0.0',
      'foo 1.0.0',
      'other 1.1.0',
    ]);
  });

  test('all are upgraded', () => {
    expect(answer({ registry, lock, upgrade: 'all', installed: { foo: '*', other: '*' } })).toEqual([
      'bar 1.1.0',
      'foo 1.1.0',
      'other 1.1.0',
    ]);
  });

  test('a locked version that no longer satisfies moves', () => {
    expect(answer({ registry, lock, asked: { foo: '>=1.1.0' } })).toEqual(['bar 1.1.0', 'foo 1.1.0']);
  });

  test('a new plugin adapts to what is locked', () => {
    const more = { ...registry, 'new 1.0.0': { bar: '1.0.0' }, 'new 2.0.0': { bar: '1.1.0' } };
    expect(answer({ registry: more, lock, installed: { foo: '*' }, asked: { new: '*' } })).toContain(
      'new 1.0.0',
    );
  });

  test('a locked plugin that nothing needs any more goes', () => {
    expect(answer({ registry, lock, installed: { other: '*' } })).toEqual(['other 1.0.0']);
  });

  test('a locked version that is not listed any more is replaced', () => {
    expect(answer({ registry, lock: { foo: '0.9.0' }, installed: { foo: '*' } })).toContain('foo 1.1.0');
  });
});

describe('prereleases', () => {
  const registry = { 'a 1.0.0': {}, 'a 1.1.0-rc.1': {}, 'a 2.0.0-beta.1': {}, 'a 2.0.0-beta.2': {} };

  test('are not chosen unless the range names them', () => {
    expect(answer({ registry, asked: { a: '*' } })).toEqual(['a 1.0.0']);
    expect(answer({ registry, asked: { a: '>=1.0.0' } })).toEqual(['a 1.0.0']);
  });

  test('are chosen where the range names their version', () => {
    expect(answer({ registry, asked: { a: '^2.0.0-beta.1' } })).toEqual(['a 2.0.0-beta.2']);
  });

  test('come after stable versions', () => {
    expect(answer({ registry, asked: { a: '1.0.0 || ^2.0.0-beta.1' } })).toEqual(['a 1.0.0']);
  });

  test('of another version are not meant by a range that names one', () => {
    expect(explanation({ registry, asked: { a: '>1.1.0-rc.1 <2.0.0' } })).toEqual([
      'Because you asked for a >1.1.0-rc.1 <2.0.0, which no version of a fits, version solving failed.',
    ]);
  });

  test('a hint names the one that a range would take', () => {
    expect(hints({ registry: { 'a 1.1.0-rc.1': {} }, asked: { a: '^1.0.0' } })).toContain(
      'a 1.1.0-rc.1 is a prerelease; to accept it, name it in the range.',
    );
  });
});

describe('yanked versions', () => {
  const registry = {
    'a 1.0.0': {},
    'a 1.1.0 yanked': {},
    'b 1.0.0': { a: '>=1.1.0' },
    'c 1.0.0': { a: '1.1.0' },
  };

  test('are passed over', () => {
    expect(answer({ registry, asked: { a: '*' } })).toEqual(['a 1.0.0']);
  });

  test('stay where they are locked', () => {
    expect(answer({ registry, installed: { a: '*' }, lock: { a: '1.1.0' } })).toEqual(['a 1.1.0']);
  });

  test.each(['1.1.0', '=1.1.0', ' v1.1.0 '])('are taken when the organization pins them: %j', (range) => {
    expect(answer({ registry, asked: { a: range } })).toEqual(['a 1.1.0']);
    expect(answer({ registry, asked: { a: range, b: '*' } })).toEqual(['a 1.1.0', 'b 1.0.0']);
  });

  test('are not taken because another plugin pins them', () => {
    expect(explanation({ registry, asked: { c: '*' } })).toEqual([
      'Because c depends on a 1.1.0 which is yanked, c cannot be used.',
      'So, because you asked for c, version solving failed.',
    ]);
  });

  test('a hint says how to take them all the same', () => {
    expect(hints({ registry, asked: { b: '*' } })).toContain(
      'a 1.1.0 was yanked by its publisher; to use it all the same, ask for exactly a 1.1.0.',
    );
  });
});

describe('engine', () => {
  const registry = { 'a 1.0.0 souk ^1.0.0': {}, 'a 2.0.0 souk >=2.0.0 <3': {} };

  test('the newest version that runs on this Souk', () => {
    expect(answer({ registry, asked: { a: '*' } })).toEqual(['a 1.0.0']);
    expect(answer({ registry, asked: { a: '*' }, souk: '2.4.0' })).toEqual(['a 2.0.0']);
  });

  test('a locked version that does not run on this Souk moves', () => {
    expect(answer({ registry, installed: { a: '*' }, lock: { a: '2.0.0' } })).toEqual(['a 1.0.0']);
  });

  test('is explained, with this version', () => {
    const literal = { registry, asked: { a: '^2.0.0' } };
    expect(explanation(literal)).toEqual([
      'Because you asked for a ^2.0.0 which needs Souk >=2.0.0 <3, version solving failed.',
    ]);
    expect(hints(literal)).toContain('a ^2.0.0 runs on Souk >=2.0.0 <3; this is Souk 1.0.0.');
  });
});

describe('optional dependencies', () => {
  const registry = {
    'a 1.0.0': { 'b?': '^1.0.0' },
    'b 1.0.0': {},
    'b 2.0.0': {},
    'c 1.0.0': { b: '^2.0.0' },
  };

  test('pull nothing in', () => {
    expect(answer({ registry, asked: { a: '*' } })).toEqual(['a 1.0.0']);
  });

  test('limit what something else brings', () => {
    expect(answer({ registry, asked: { a: '*', b: '*' } })).toEqual(['a 1.0.0', 'b 1.0.0']);
  });

  test('contradict what something else needs', () => {
    expect(explanation({ registry, asked: { a: '*', c: '*' } })).toEqual([
      'Because a accepts only b ^1.0.0 and c depends on b ^2.0.0, a is incompatible with c.',
      'So, because you asked for c and you asked for a, version solving failed.',
    ]);
  });

  test('on a plugin that does not exist say nothing', () => {
    expect(answer({ registry: { 'a 1.0.0': { 'gone?': '^1.0.0' } }, asked: { a: '*' } })).toEqual([
      'a 1.0.0',
    ]);
  });

  test('on no existing version keep the plugin out', () => {
    const literal = { registry: { ...registry, 'd 1.0.0': { 'b?': '^9.0.0' } }, asked: { d: '*', b: '*' } };
    expect(explanation(literal).at(-1)).toContain('version solving failed');
  });

  test('as a root requirement constrain without installing', () => {
    expect(answer({ registry, asked: { 'b?': '^1.0.0' } })).toEqual([]);
    expect(explanation({ registry, asked: { 'b?': '^1.0.0', c: '*' } })).toHaveLength(2);
  });
});

describe('backtracking', () => {
  test('to an older version whose dependency exists', () => {
    const registry = {
      'a 1.0.0': { b: '1.0.0' },
      'a 2.0.0': { b: '2.0.0' },
      'a 3.0.0': { b: '3.0.0' },
      'b 1.0.0': {},
    };
    expect(answer({ registry, asked: { a: '*' } })).toEqual(['a 1.0.0', 'b 1.0.0']);
  });

  test('over a choice that has nothing to do with the conflict', () => {
    const registry = {
      'a 1.0.0': { c: '1.0.0' },
      'a 2.0.0': { c: '2.0.0' },
      'b 1.0.0': {},
      'b 2.0.0': {},
      'c 1.0.0': { d: '1.0.0' },
      'c 2.0.0': { d: '2.0.0' },
      'd 1.0.0': {},
    };
    expect(answer({ registry, asked: { a: '*', b: '*' } })).toEqual([
      'a 1.0.0',
      'b 2.0.0',
      'c 1.0.0',
      'd 1.0.0',
    ]);
  });

  test('out of versions that need each other diagonally', () => {
    const registry: Record<string, DependencyLiteral> = {};
    for (let a = 0; a < 10; a += 1) {
      for (let b = 0; b < 10; b += 1) {
        registry[`foo ${a}.${b}.0`] = { bar: `${a}.0.0` };
        registry[`bar ${a}.${b}.0`] = { baz: `0.${b}.0` };
      }
    }
    registry['baz 0.0.0'] = {};
    expect(answer({ registry, asked: { foo: '*', bar: '*' } })).toEqual([
      'bar 9.0.0',
      'baz 0.0.0',
      'foo 9.9.0',
    ]);
  });

  test('does not grow with versions that all fail for one reason', () => {
    const steps = (versions: number): string => {
      const refused = refusal(() =>
        resolve(deadEnds(20, versions, 'same'), { ...RESOLUTION_BUDGET_DEFAULT, stepsMax: 20_000 }),
      );
      return refused.code;
    };
    expect(steps(100)).toBe('resolution_impossible');
  });
});

describe('explanations', () => {
  test('one requirement against one dependency', () => {
    const registry = { 'foo 1.0.0': { bar: '^2.0.0' }, 'bar 1.0.0': {}, 'bar 2.0.0': {} };
    const literal = { registry, installed: { bar: '^1.0.0' }, asked: { foo: '^1.0.0' } };
    expect(explanation(literal)).toEqual([
      'Because you asked for foo ^1.0.0 which depends on bar ^2.0.0, bar ^2.0.0 is required.',
      'So, because bar ^1.0.0 is installed, version solving failed.',
    ]);
    expect(hints(literal)).toEqual([
      'Dropping one of these would be enough: "bar ^1.0.0 is installed", "you asked for foo ^1.0.0".',
    ]);
  });

  test('a chain is told as a chain', () => {
    const registry = {
      'foo 1.0.0': { bar: '^2.0.0' },
      'bar 2.0.0': { baz: '^3.0.0' },
      'baz 1.0.0': {},
      'baz 3.0.0': {},
    };
    expect(explanation({ registry, asked: { foo: '^1.0.0', baz: '^1.0.0' } })).toEqual([
      'Because foo ^1.0.0 depends on bar ^2.0.0 which depends on baz ^3.0.0, foo ^1.0.0 requires baz ^3.0.0.',
      'So, because you asked for foo ^1.0.0 and you asked for baz ^1.0.0, version solving failed.',
    ]);
  });

  test('a cause that is used twice is told once and numbered', () => {
    const registry = {
      'foo 1.0.0': { a: '^1.0.0', b: '^1.0.0' },
      'foo 1.1.0': { x: '^1.0.0', y: '^1.0.0' },
      'a 1.0.0': { b: '^2.0.0' },
      'b 1.0.0': {},
      'b 2.0.0': {},
      'x 1.0.0': { y: '^2.0.0' },
      'y 1.0.0': {},
      'y 2.0.0': {},
    };
    expect(explanation({ registry, asked: { foo: '^1.0.0' } })).toEqual([
      'Because foo 1.0.0 depends on a ^1.0.0 which depends on b ^2.0.0, foo 1.0.0 requires b ^2.0.0.',
      '(1) And because foo 1.0.0 depends on b ^1.0.0, foo 1.0.0 cannot be used.',
      'Because foo 1.1.0 depends on x ^1.0.0 which depends on y ^2.0.0, foo 1.1.0 requires y ^2.0.0.',
      'And because foo 1.1.0 depends on y ^1.0.0, foo 1.1.0 cannot be used.',
      'And because foo 1.0.0 cannot be used (1), no version of foo can be used.',
      'So, because you asked for foo ^1.0.0, version solving failed.',
    ]);
  });

  test('two requirements of one plugin that exclude each other', () => {
    expect(
      explanation({
        registry: { 'a 1.0.0': {}, 'a 2.0.0': {} },
        asked: { a: '^1.0.0' },
        installed: { a: '^2.0.0' },
      }),
    ).toEqual(['Because a ^2.0.0 is installed and you asked for a ^1.0.0, version solving failed.']);
  });

  test('a global requirement is named as the instance’s', () => {
    const literal = {
      registry: { 'a 1.0.0': {}, 'a 2.0.0': {} },
      asked: { a: '^1.0.0' },
      global: { a: '^2.0.0' },
    };
    expect(explanation(literal)).toEqual([
      'Because this instance requires a ^2.0.0 and you asked for a ^1.0.0, version solving failed.',
    ]);
  });

  test('an unknown plugin, with the nearest name', () => {
    const literal = { registry: { 'sahabot/presets 1.0.0': {} }, asked: { 'sahabot/preset': '^1.0.0' } };
    expect(explanation(literal)).toEqual([
      'Because you asked for sahabot/preset ^1.0.0, which this registry does not know, version solving failed.',
    ]);
    expect(hints(literal)).toContain('Did you mean sahabot/presets instead of sahabot/preset?');
  });

  test('an unknown dependency', () => {
    expect(explanation({ registry: { 'a 1.0.0': { gone: '^1.0.0' } }, asked: { a: '*' } })).toEqual([
      'Because you asked for a which depends on gone ^1.0.0, which this registry does not know, version solving failed.',
    ]);
  });

  test('a plugin alone is all of it: what holds of stable versions only says so', () => {
    const registry = { 'c 1.0.0': { d: '*' }, 'c 2.0.0-rc.1': {}, 'd 1.0.0': { e: '^2.0.0' }, 'e 1.0.0': {} };
    expect(explanation({ registry, asked: { c: '*' } })).toEqual([
      'Because c * depends on d which depends on e ^2.0.0, which no version of e fits, c * cannot be used.',
      'So, because you asked for c, version solving failed.',
    ]);
  });

  test('a run of versions says whether prereleases are in it', () => {
    const none = { x: '^9.0.0' };
    const registry = {
      'b 1.0.0': {},
      'c 1.0.0': none,
      'c 2.0.0-rc.1': none,
      'c 2.0.0': none,
      'c 3.0.0': { b: '^2.0.0' },
      'x 1.0.0': {},
    };
    expect(explanation({ registry, asked: { c: '>=1.0.0 || >=2.0.0-rc.1' } }).join(' ')).toContain(
      'c <=2.0.0 with prereleases depends on x ^9.0.0',
    );
  });

  test('a very long one keeps both ends', () => {
    const lines = refusal(() => resolve(deadEnds(40, 30, 'own'))).message.split('\n');
    expect(lines).toHaveLength(81);
    expect(lines[60]).toMatch(/^… \d+ further steps …$/u);
    expect(lines[80]).toContain('version solving failed.');
  });
});

describe('required circles', () => {
  test('are refused with the shortest, a range on each arrow', () => {
    const registry = {
      'a 1.2.0': { b: '^2.0.0' },
      'b 2.0.0': { c: '*', a: '^1.0.0' },
      'c 1.0.0': { a: '*' },
    };
    const refused = refusal(() => resolve(problemOf({ registry, asked: { c: '*' } })));
    expect(refused.code).toBe('dependency_cycle');
    expect(refused.message).toBe(
      'Plugins require each other in a circle: a 1.2.0 → (^2.0.0) b 2.0.0 → (^1.0.0) a.',
    );
    expect(refused.extensions['cycle']).toEqual([
      { from: 'a', version: '1.2.0', to: 'b', range: '^2.0.0' },
      { from: 'b', version: '2.0.0', to: 'a', range: '^1.0.0' },
    ]);
  });

  test('of one plugin are refused', () => {
    const refused = refusal(() =>
      resolve(problemOf({ registry: { 'a 1.0.0': { a: '^1.0.0' } }, asked: { a: '*' } })),
    );
    expect(refused.code).toBe('dependency_cycle');
    expect(refused.message).toContain('a 1.0.0 → (^1.0.0) a.');
  });

  test('a version that needs another version of itself is no candidate', () => {
    const registry = { 'a 2.0.0': { a: '^1.0.0' }, 'a 1.0.0': {} };
    expect(answer({ registry, asked: { a: '*' } })).toEqual(['a 1.0.0']);
  });

  test('through optional dependencies only order activation', () => {
    const registry = { 'a 1.0.0': { b: '*' }, 'b 1.0.0': { 'a?': '*' } };
    expect(order({ registry, asked: { b: '*', a: '*' } })).toEqual(['b', 'a']);
  });

  test('a ring of 2,000 is refused', () => {
    const registry = new Map(
      Array.from({ length: 2_000 }, (_, i) => [
        `p${i}`,
        [recordOf('1.0.0', { [`p${(i + 1) % 2_000}`]: '^1.0.0' })],
      ]),
    );
    const refused = refusal(() => resolve(problemOf({ registry, asked: { p0: '*' } })));
    expect(refused.code).toBe('dependency_cycle');
    expect(refused.extensions['cycle']).toHaveLength(2_000);
    expect(refused.message.length).toBeLessThan(1_000);
  });
});

describe('activation order', () => {
  test('dependencies first, then by name', () => {
    const registry = { 'a 1.0.0': { z: '*' }, 'b 1.0.0': {}, 'z 1.0.0': { m: '*' }, 'm 1.0.0': {} };
    expect(order({ registry, asked: { b: '*', a: '*' } })).toEqual(['m', 'z', 'a', 'b']);
  });

  test('an optional dependency that is there comes first too', () => {
    const registry = { 'a 1.0.0': { 'z?': '*' }, 'z 1.0.0': {} };
    expect(order({ registry, asked: { a: '*', z: '*' } })).toEqual(['z', 'a']);
  });
});

describe('size', () => {
  /** Steps alone count: how fast a step is, is the machine's affair. */
  const steps: ResolutionBudget = { ...RESOLUTION_BUDGET_DEFAULT, clock: { now: () => 0 } };

  test('a chain of 5,000', () => {
    const { plugins, activationOrder } = resolve(chain(5_000), steps);
    expect(plugins.size).toBe(5_000);
    expect(activationOrder[0]).toBe('bench/p04999');
    expect(activationOrder.at(-1)).toBe('bench/p00000');
  });

  test('a chain of 5,000 that ends in nothing is explained', () => {
    const { registry, ...rest } = chain(5_000);
    const cut = new Map([...registry].filter(([plugin]) => plugin !== 'bench/p04999'));
    const refused = refusal(() => resolve({ registry: cut, ...rest }, steps));
    expect(refused.message).toContain('bench/p04999 ^1.0.0, which this registry does not know');
    expect(refused.extensions['droppable']).toMatchObject([{ plugin: 'bench/p00000' }]);
  });

  test.each(['same', 'own'] as const)('200 levels of 99 versions, all dead ends, %s ranges', (ranges) => {
    expect(refusal(() => resolve(deadEnds(200, 99, ranges), steps)).code).toBe('resolution_impossible');
  });

  test('200 plugins with 20 versions', () => {
    expect(resolve(dense(200, 20, 10), steps).plugins.size).toBeGreaterThan(100);
  });
});

describe('budget', () => {
  const problem = dense(100, 10, 5);

  test('steps', () => {
    const refused = refusal(() => resolve(problem, { ...RESOLUTION_BUDGET_DEFAULT, stepsMax: 100 }));
    expect(refused.code).toBe('resolution_budget_exceeded');
  });

  test('wall time, by the clock that is given', () => {
    let nowMs = 0;
    const clock = { now: () => (nowMs += 1) };
    const budget = { ...RESOLUTION_BUDGET_DEFAULT, wallTimeMsMax: 3, clock };
    expect(refusal(() => resolve(problem, budget)).code).toBe('resolution_budget_exceeded');
  });

  test('a budget of NaN is none', () => {
    const budget = { ...RESOLUTION_BUDGET_DEFAULT, stepsMax: Number.NaN };
    expect(refusal(() => resolve(problem, budget)).code).toBe('resolution_budget_exceeded');
  });

  test('the signal', () => {
    const budget = { ...RESOLUTION_BUDGET_DEFAULT, signal: AbortSignal.abort() };
    expect(refusal(() => resolve(problem, budget)).code).toBe('resolution_canceled');
  });
});

describe('bad input', () => {
  test.each(['nonsense', '^1.0.0 nonsense', '>=1.0.0 <', `${'1.0.0 || '.repeat(100)}1.0.0`])(
    'a range that is none: %j',
    (range) => {
      const refused = refusal(() => resolve(problemOf({ registry: { 'a 1.0.0': {} }, asked: { a: range } })));
      expect(refused.code).toBe('range_invalid');
    },
  );

  test('a dependency range that is none keeps its version out', () => {
    const registry = { 'a 1.0.0': {}, 'a 2.0.0': { b: 'nonsense' }, 'b 1.0.0': {} };
    expect(answer({ registry, asked: { a: '*' } })).toEqual(['a 1.0.0']);
    expect(explanation({ registry, asked: { a: '^2.0.0' } })).toEqual([
      'Because you asked for a ^2.0.0 which declares for b what is no range, version solving failed.',
    ]);
  });

  test('an engine range that is none keeps its version out', () => {
    expect(answer({ registry: { 'a 1.0.0': {}, 'a 2.0.0 souk nonsense': {} }, asked: { a: '*' } })).toEqual([
      'a 1.0.0',
    ]);
  });

  test.each(['1.0.0+build', 'v1.0.0', '1.0', '01.0.0', ' 1.0.0', ''])(
    'a version that is none: %j',
    (version) => {
      const registry = new Map([['a', [recordOf(version, {})]]]);
      expect(refusal(() => resolve(problemOf({ registry, asked: { a: '*' } }))).code).toBe('version_invalid');
      const locked = problemOf({ registry: { 'a 1.0.0': {} }, asked: { a: '*' }, lock: { a: version } });
      expect(refusal(() => resolve(locked)).code).toBe('version_invalid');
    },
  );

  test('versions that differ in build metadata only', () => {
    const registry = new Map([['a', [recordOf('1.0.0+a', {}), recordOf('1.0.0+b', {})]]]);
    expect(refusal(() => resolve(problemOf({ registry, asked: { a: '*' } }))).code).toBe('version_invalid');
  });

  test('the same version twice', () => {
    const registry = new Map([['a', [recordOf('1.0.0', {}), recordOf('1.0.0', {})]]]);
    expect(refusal(() => resolve(problemOf({ registry, asked: { a: '*' } }))).code).toBe('version_invalid');
  });

  test('names of the object prototype are names', () => {
    const registry = new Map([
      ['__proto__', [recordOf('1.0.0', { constructor: '^1.0.0' })]],
      ['constructor', [recordOf('1.0.0', { toString: '*', hasOwnProperty: '*' })]],
      ['toString', [recordOf('1.0.0', {})]],
      ['hasOwnProperty', [recordOf('1.0.0', {})]],
    ]);
    const roots = [{ plugin: '__proto__', range: '*', kind: 'required', origin: 'requested' }] as const;
    const { plugins } = resolve({ ...problemOf({ registry }), roots });
    expect([...plugins.keys()]).toEqual(['__proto__', 'constructor', 'hasOwnProperty', 'toString']);
  });

  test('names of the object prototype that do not exist are unknown', () => {
    expect(explanation({ registry: { 'a 1.0.0': { valueOf: '*' } }, asked: { a: '*' } })[0]).toContain(
      'valueOf, which this registry does not know',
    );
  });
});

describe('SahaBot2', () => {
  const RANDOMIZERS = ['alttpr', 'sm', 'smz3', 'ootr', 'aosr', 'z1r', 'ffr', 'smb3r', 'ctjets'];
  const s = (name: string) => `sahabot/${name}`;
  const graph: Record<string, DependencyLiteral> = {
    [`${s('discord-bot')} 1.0.0`]: {},
    [`${s('discord-bot')} 2.0.0`]: {},
    [`${s('presets')} 1.0.0`]: {},
    [`${s('presets')} 1.2.0`]: {},
    [`${s('notifications')} 1.0.0`]: { [s('discord-bot')]: '^1.0.0' },
    [`${s('notifications')} 1.1.0`]: { [s('discord-bot')]: '^2.0.0' },
    [`${s('bingosync')} 1.0.0`]: {},
    [`${s('racetime')} 1.0.0`]: {},
    [`${s('racetime')} 2.0.0`]: {},
    [`${s('speedgaming')} 1.0.0`]: {},
    [`${s('discord-events')} 1.0.0`]: { [s('discord-bot')]: '>=1.0.0' },
    [`${s('racer-verification')} 1.0.0`]: { [s('racetime')]: '^1.0.0', [s('discord-bot')]: '>=1.0.0' },
    [`${s('tournament')} 1.0.0`]: { [s('racetime?')]: '^2.0.0' },
    [`${s('async-qualifier')} 1.0.0`]: { [s('racetime')]: '>=1.0.0', [s('presets')]: '^1.0.0' },
    ...Object.fromEntries(
      RANDOMIZERS.map((name) => [
        `${s(name)} 1.0.0`,
        { [s('presets')]: '^1.0.0', [s('racetime?')]: '>=1.0.0', [s('discord-bot?')]: '>=1.0.0' },
      ]),
    ),
  };
  const registry = registryOf(graph);
  const global = { [s('discord-bot')]: '^1.0.0' };

  test('has nineteen plugins', () => {
    expect(registry.size).toBe(19);
  });

  test('a racing organization: the global bot limits what follows', () => {
    const chosen = answer({ registry, global, asked: { [s('notifications')]: '*', [s('alttpr')]: '*' } });
    expect(chosen).toEqual([
      'sahabot/alttpr 1.0.0',
      'sahabot/discord-bot 1.0.0',
      'sahabot/notifications 1.0.0',
      'sahabot/presets 1.2.0',
    ]);
  });

  test('all of it, in an order that starts what others need first', () => {
    const everything = Object.fromEntries(
      [...registry.keys()].filter((id) => id !== s('tournament')).map((id) => [id, '*']),
    );
    const { plugins, activationOrder } = resolve(problemOf({ registry, global, asked: everything }));
    expect(plugins.size).toBe(18);
    const place = (name: string) => activationOrder.indexOf(s(name));
    for (const name of RANDOMIZERS) {
      for (const needed of ['presets', 'racetime', 'discord-bot'])
        expect(place(needed)).toBeLessThan(place(name));
    }
    expect(place('racetime')).toBeLessThan(place('racer-verification'));
  });

  test('an optional dependency that contradicts a required one is explained', () => {
    expect(
      explanation({ registry, global, asked: { [s('tournament')]: '*', [s('racer-verification')]: '*' } }),
    ).toEqual([
      'Because sahabot/racer-verification depends on sahabot/racetime ^1.0.0 and sahabot/tournament accepts only sahabot/racetime ^2.0.0, sahabot/racer-verification is incompatible with sahabot/tournament.',
      'So, because you asked for sahabot/tournament and you asked for sahabot/racer-verification, version solving failed.',
    ]);
  });

  test('an upgrade of one plugin keeps the rest', () => {
    const lock = {
      [s('discord-bot')]: '1.0.0',
      [s('presets')]: '1.0.0',
      [s('sm')]: '1.0.0',
      [s('racetime')]: '1.0.0',
    };
    const installed = { [s('sm')]: '*', [s('racetime')]: '*' };
    expect(answer({ registry, global, installed, lock, upgrade: [s('racetime')] })).toEqual([
      'sahabot/discord-bot 1.0.0',
      'sahabot/presets 1.0.0',
      'sahabot/racetime 2.0.0',
      'sahabot/sm 1.0.0',
    ]);
  });
});

import { describe, expect, test } from 'vitest';
import { RESOLUTION_BUDGET_DEFAULT } from './budget.ts';
import { loadRegistry } from './load-registry.ts';
import type { VersionRecord } from './problem.ts';
import { registryOf, type RegistryLiteral } from './support/problem-literals.ts';

const GRAPH: RegistryLiteral = {
  'a 1.0.0': { b: '*' },
  'a 2.0.0': { c: '*', 'o?': '*' },
  'b 1.0.0': { d: '*', a: '*' },
  'c 1.0.0': { d: '*', missing: '*' },
  'd 1.0.0': {},
  'o 1.0.0': {},
  'unrelated 1.0.0': {},
};

function listerOf(all: ReadonlyMap<string, readonly VersionRecord[]>, calls: (readonly string[])[]) {
  return (plugins: readonly string[]) => {
    calls.push(plugins);
    return Promise.resolve(new Map([...all].filter(([plugin]) => plugins.includes(plugin))));
  };
}

describe('loading a registry', () => {
  test('follows what every version requires, a level at a time, and nothing optional', async () => {
    const calls: (readonly string[])[] = [];
    const loaded = await loadRegistry(['a'], listerOf(registryOf(GRAPH), calls), RESOLUTION_BUDGET_DEFAULT);
    expect([...loaded.keys()].sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(calls).toEqual([['a'], ['b', 'c'], ['d', 'missing']]);
  });

  test('asks once where the lister answers more than was asked', async () => {
    let calls = 0;
    const everything = () => {
      calls += 1;
      return registryOf({ ...GRAPH, 'missing 1.0.0': {} });
    };
    await loadRegistry(['a'], everything, RESOLUTION_BUDGET_DEFAULT);
    expect(calls).toBe(1);
  });

  test('stops when the caller goes away', async () => {
    const controller = new AbortController();
    const lister = (plugins: readonly string[]) => {
      if (plugins.includes('b')) controller.abort();
      return registryOf({ 'a 1.0.0': { b: '*' }, 'b 1.0.0': { c: '*' } });
    };
    const budget = { ...RESOLUTION_BUDGET_DEFAULT, signal: controller.signal };
    const onlyAsked = (plugins: readonly string[]) =>
      new Map([...lister(plugins)].filter(([plugin]) => plugins.includes(plugin)));
    await expect(loadRegistry(['a'], onlyAsked, budget)).rejects.toMatchObject({
      code: 'resolution_canceled',
    });
  });
});

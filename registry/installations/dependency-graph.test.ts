import { expect, it } from 'vitest';
import type { Manifest } from '../../spec/manifest.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import {
  dependantClosure,
  dependencyClosure,
  graphOf,
  inActivationOrder,
  type Graph,
} from './dependency-graph.ts';

/** `{ 'x/a': ['x/b'] }`: a needs b. */
function graph(needs: Record<string, string[]>): Graph {
  return graphOf(
    Object.entries(needs).map(([plugin, dependencies]) => ({
      plugin: plugin as PluginId,
      manifest: {
        dependencies: Object.fromEntries(dependencies.map((id) => [id, '*'])),
      } as unknown as Manifest,
    })),
  );
}

const DIAMOND = graph({ 'x/d': [], 'x/b': ['x/d'], 'x/c': ['x/d'], 'x/a': ['x/b', 'x/c'], 'x/z': [] });

it('orders what is needed before what needs it, otherwise by name', () => {
  expect(inActivationOrder(DIAMOND)).toEqual(['x/d', 'x/b', 'x/c', 'x/a', 'x/z']);
});

it('closes over needs and over dependants, each in the order of the steps', () => {
  expect(dependencyClosure(DIAMOND, 'x/b')).toEqual(['x/d', 'x/b']);
  expect(dependantClosure(DIAMOND, 'x/d')).toEqual(['x/a', 'x/c', 'x/b', 'x/d']);
});

it('walks a chain of 5,000 without recursion, and ends in a circle', () => {
  const id = (n: number): string => `x/p${String(n).padStart(4, '0')}`;
  const chain = Object.fromEntries(
    Array.from({ length: 5_000 }, (_, n) => [id(n), n === 0 ? [] : [id(n - 1)]]),
  );
  expect(dependencyClosure(graph(chain), id(4_999) as PluginId)).toHaveLength(5_000);
  expect(inActivationOrder(graph({ 'x/a': ['x/b'], 'x/b': ['x/a'] }))).toHaveLength(2);
});

it('takes a dependency that is not installed for absent', () => {
  expect(dependencyClosure(graph({ 'x/a': ['x/none', 'constructor/__proto__'] }), 'x/a')).toEqual(['x/a']);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { components } from './components.ts';

const NODES = ['a', 'b', 'c', 'd', 'e', 'f'];
const graphs = fc
  .tuple(...NODES.map(() => fc.subarray(NODES)))
  .map((targets) => new Map(NODES.map((node, index) => [node, targets[index] ?? []])));

function reaches(graph: ReadonlyMap<string, readonly string[]>, from: string, to: string): boolean {
  const reached = new Set([from]);
  for (const node of reached) for (const target of graph.get(node) ?? []) reached.add(target);
  return reached.has(to);
}

test('two nodes share a component exactly where each reaches the other', () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const component = components(graph);
      for (const a of NODES) {
        for (const b of NODES) {
          expect(component.get(a) === component.get(b)).toBe(reaches(graph, a, b) && reaches(graph, b, a));
        }
      }
    }),
  );
});

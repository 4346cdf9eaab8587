/**
 * No file reaches itself by its imports, not even by types alone: two files that need each other's words have a third
 * noun between them.
 */
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';
import { importsOf, sourceFiles } from './sources.ts';

/** Names every part of the web APIs that is loaded late, and parts use each other. */
const LOADS_LATE = new Set(['sandbox/guest/web/lazy.ts']);

function importGraph(files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const inside = (file: string): string[] =>
    importsOf(file)
      .filter(({ to }) => to.startsWith('.'))
      .map(({ to }) => normalize(join(dirname(file), to)));
  return new Map(files.map((file) => [file, LOADS_LATE.has(file) ? [] : inside(file)]));
}

/** @returns one circle for each import that closes one, as a path */
function findCircles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = [];
  const path: string[] = [];
  const left = new Set<string>();
  // Invariant: `path` leads from where the search began to the file that is looked at; what is in `left` is on no circle
  // that has not been found.
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) circles.push([...path.slice(at), file].join(' -> '));
    if (at >= 0 || left.has(file)) return;
    path.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    path.pop();
    left.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return circles;
}

it('finds a circle where there is one', () => {
  const graph = new Map([
    ['a', ['b', 'c']],
    ['b', ['c']],
    ['c', ['b']],
  ]);
  expect(findCircles(graph)).toEqual(['b -> c -> b']);
});

it('no file imports itself, however far around', () => {
  expect(findCircles(importGraph(sourceFiles()))).toEqual([]);
});

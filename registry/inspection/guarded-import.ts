/**
 * Imports that a module itself expects to fail: `import('node:async_hooks')` inside of `try`, or with `.catch(…)` or
 * `.then(…, …)` behind it. Libraries look so for what another runtime has. Bundlers leave these imports as they are,
 * and in the sandbox they fail as the code expects.
 */
import type { AnyNode } from 'acorn';

type Range = { readonly start: number; readonly end: number };

/** @returns the part of the module inside of which a failed `import()` is caught, if this node catches one */
export function guardedBy(node: AnyNode): Range | undefined {
  if (node.type === 'TryStatement') return node.handler ? node.block : undefined;
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return undefined;
  const { object, property, computed } = node.callee;
  if (computed || property.type !== 'Identifier') return undefined;
  const handlerAt = HANDLER_AT.get(property.name);
  return handlerAt !== undefined && node.arguments.length > handlerAt ? object : undefined;
}

/** Which argument of these methods is called with what failed. */
const HANDLER_AT: ReadonlyMap<string, number> = new Map([
  ['catch', 0],
  ['then', 1],
]);

/**
 * @param guards in any order, as many as a hostile module has; of two that overlap, one holds the other
 * @returns those that lie inside of a guard
 */
export function withinGuards<Node extends Range>(
  nodes: readonly Node[],
  guards: readonly Range[],
): ReadonlySet<Node> {
  const guarded = new Set<Node>();
  const outermostFirst = guards.toSorted((a, b) => a.start - b.start || b.end - a.end);
  let next = 0;
  let guardedTo = 0;
  for (const node of nodes.toSorted((a, b) => a.start - b.start)) {
    for (; next < outermostFirst.length; next++) {
      const guard = outermostFirst[next] as Range;
      if (guard.start > node.start) break;
      guardedTo = Math.max(guardedTo, guard.end);
    }
    if (node.end <= guardedTo) guarded.add(node);
  }
  return guarded;
}

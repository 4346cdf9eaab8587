import type { AnyNode } from 'acorn';
import { expect, test } from 'vitest';
import { parseModule, walkTree } from './syntax-tree.ts';

const SOURCE = `#!/usr/bin/env node
import first, { second as third } from './a.js';
export * as all from './b.js';
export { third };
export default class extends first { #field = 1; static { this.x = null; } get [third]() { return super.x; } }
label: for (const [a, , { b = await import('./c.js'), ...rest }] of [[1, , {}]]) { if (a) continue label; else break; }
async function* generate(x = () => y?.z ?? \`t\${x}e\`, ...more) { yield* more; try { throw x; } catch { } finally { } }
({ kv: first.kv } = (second, import.meta.url, /r/u, 1n, tag\`raw\`, x ** 2, -x, a ? b : c));
switch (x) { case 1: do { x++; } while (!x); default: debugger; }
`;

function parsed(source: string): AnyNode {
  const module = parseModule(source);
  if (module.kind !== 'parsed') throw new TypeError(JSON.stringify(module));
  return module.program;
}

/** Everything with a type, however it hangs on the tree. */
function everyNode(value: unknown): AnyNode[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = typeof (value as { type?: unknown }).type === 'string' ? [value as AnyNode] : [];
  return [...own, ...Object.values(value).flatMap(everyNode)];
}

test('a walk comes once to every node but names and literals', () => {
  const program = parsed(SOURCE);
  const visited: AnyNode[] = [];
  walkTree(program, (node) => void visited.push(node));
  const branches = everyNode(program).filter(({ type }) => type !== 'Identifier' && type !== 'Literal');
  expect(new Set(branches.map(({ type }) => type)).size).toBeGreaterThan(45);
  expect(visited).toHaveLength(branches.length);
  expect(new Set(visited)).toEqual(new Set(branches));
});

test('a tree that is deeper than the stack is walked', () => {
  const deep: { type: string; argument?: object } = { type: 'UnaryExpression' };
  let innermost = deep;
  for (let depth = 1; depth < 100_000; depth += 1) {
    const next = { type: 'UnaryExpression' };
    innermost.argument = next;
    innermost = next;
  }
  let visits = 0;
  walkTree(deep as unknown as AnyNode, () => void (visits += 1));
  expect(visits).toBe(100_000);
});

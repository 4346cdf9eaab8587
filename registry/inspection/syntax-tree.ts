/** Parsing of strangers' modules, and an iterative walk: a tree may be deeper than the stack. */
import type { AnyNode, Program } from 'acorn';
import { ModuleParser } from './module-parser.ts';

export type ParsedModule =
  | { readonly kind: 'parsed'; readonly program: Program }
  | { readonly kind: 'syntax'; readonly message: string; readonly line: number }
  | { readonly kind: 'tooDeep' };

const MESSAGE_CHARS_MAX = 200;

/** @param source the text of an ES module */
export function parseModule(source: string): ParsedModule {
  try {
    return {
      kind: 'parsed',
      program: ModuleParser.parse(source, {
        ecmaVersion: 'latest',
        sourceType: 'module',
        allowHashBang: true,
      }),
    };
  } catch (error) {
    if (isStackExhausted(error)) return { kind: 'tooDeep' };
    if (!(error instanceof SyntaxError)) throw error;
    const { loc } = error as SyntaxError & { loc?: { line: number } };
    const message = error.message.replace(/ \(\d+:\d+\)$/u, '').slice(0, MESSAGE_CHARS_MAX);
    return { kind: 'syntax', message, line: loc?.line ?? 1 };
  }
}

/** The parser recurses: nesting beyond the stack is the module's doing. It says so itself, or the engine does. */
function isStackExhausted(error: unknown): boolean {
  if (error instanceof RangeError) return true;
  return error instanceof SyntaxError && error.message.startsWith('Not enough stack space');
}

/**
 * Calls `visit` once for `root` and every node below it, but for names and literals: half of all nodes are such, and
 * nothing is below them.
 */
export function walkTree(root: AnyNode, visit: (node: AnyNode) => void): void {
  const pending: AnyNode[] = [root];
  let node = pending.pop();
  while (node !== undefined) {
    visit(node);
    pushChildren(node, pending);
    node = pending.pop();
  }
}

function pushChildren(node: AnyNode, pending: AnyNode[]): void {
  // A walk visits hundreds of thousands of nodes: this loop makes no array of their members, and to look at a member of
  // nodes of many shapes takes longer than to know that it is no child.
  for (const key in node) {
    if (key === 'type' || key === 'start' || key === 'end') continue;
    const value: unknown = node[key as keyof AnyNode];
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) {
      for (const element of value) if (isBranch(element)) pending.push(element);
    } else if (isBranch(value)) pending.push(value);
  }
}

function isBranch(value: unknown): value is AnyNode {
  if (typeof value !== 'object' || value === null) return false;
  const { type } = value as { type?: unknown };
  return typeof type === 'string' && type !== 'Identifier' && type !== 'Literal';
}

/** @returns the text of a string literal or of a template without expressions */
export function literalText(node: AnyNode): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node.type === 'TemplateLiteral' && node.expressions.length === 0)
    return node.quasis[0]?.value.cooked ?? undefined;
  return undefined;
}

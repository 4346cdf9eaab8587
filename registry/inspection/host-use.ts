/**
 * Which host APIs a module uses, as far as its text shows it: `host.kv`, `c.env.kv` (a Hono app gets the host as its
 * environment), `const { kv } = host`, `fetch(…)`. A name can be hidden from this; the grant is checked at run time.
 */
import type { AnyNode } from 'acorn';
import type { PermissionName } from '../../spec/permission.ts';
import { literalText } from './syntax-tree.ts';

/** The permissions any of which makes a host API usable. `log`, `config`, `org` and `plugin` need none. */
const PERMISSIONS_OF_API: ReadonlyMap<string, readonly PermissionName[]> = new Map([
  ['fetch', ['http.fetch']],
  ['http', ['http.fetch']],
  ['kv', ['kv']],
  ['secrets', ['secrets']],
  ['mail', ['mail.send']],
  ['events', ['events.emit']],
  ['plugins', ['plugins.call']],
  ['contracts', ['contracts.call']],
  ['records', ['records.read', 'records.propose']],
  ['db', ['database']],
  ['jobs', ['jobs']],
]);

/** Nearly every node uses nothing, and a module has hundreds of thousands of nodes: one empty list serves all. */
const NONE: readonly never[] = [];

export type HostApi = { readonly api: string; readonly permissions: readonly PermissionName[] };

/** @returns the host APIs that this one node uses */
export function hostApisOf(node: AnyNode): readonly HostApi[] {
  const names = namesUsedBy(node);
  if (names.length === 0) return NONE;
  return names.flatMap((api) => {
    const permissions = PERMISSIONS_OF_API.get(api);
    return permissions ? [{ api, permissions }] : [];
  });
}

function namesUsedBy(node: AnyNode): readonly string[] {
  switch (node.type) {
    case 'MemberExpression':
      return isHost(node.object) ? definedOnly([propertyName(node)]) : NONE;
    case 'VariableDeclarator':
      return node.init && isHost(node.init) ? patternNames(node.id) : NONE;
    case 'AssignmentExpression':
      return isHost(node.right) ? patternNames(node.left) : NONE;
    case 'CallExpression':
      return isGlobalFetch(node.callee) ? ['fetch'] : NONE;
    default:
      return NONE;
  }
}

function isHost(node: AnyNode): boolean {
  if (node.type === 'Identifier') return node.name === 'host';
  if (node.type !== 'MemberExpression') return false;
  const name = propertyName(node);
  return name === 'host' || name === 'env';
}

function isGlobalFetch(callee: AnyNode): boolean {
  if (callee.type === 'Identifier') return callee.name === 'fetch';
  return (
    callee.type === 'MemberExpression' &&
    callee.object.type === 'Identifier' &&
    callee.object.name === 'globalThis' &&
    propertyName(callee) === 'fetch'
  );
}

function propertyName(node: AnyNode & { type: 'MemberExpression' }): string | undefined {
  if (node.computed) return literalText(node.property);
  return node.property.type === 'Identifier' ? node.property.name : undefined;
}

function patternNames(pattern: AnyNode): string[] {
  if (pattern.type !== 'ObjectPattern') return [];
  return definedOnly(
    pattern.properties.map((property) => {
      if (property.type !== 'Property') return undefined;
      return property.key.type === 'Identifier' && !property.computed
        ? property.key.name
        : literalText(property.key);
    }),
  );
}

function definedOnly(names: readonly (string | undefined)[]): string[] {
  return names.filter((name) => name !== undefined);
}

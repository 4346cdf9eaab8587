import fc from 'fast-check';
import { expect, it } from 'vitest';
import { requireDeclaredEndpoint } from '../../spec/endpoint-match.ts';
import type { Endpoint } from '../../spec/manifest.ts';
import { HTTP_METHODS } from '../../spec/permission.ts';
import { Refusal } from '../../spec/refusal.ts';
import { compileEndpoints } from './endpoint-table.ts';

const segment = fc.constantFrom('a', 'b', 'c.d', '~x');
const pattern = fc
  .tuple(fc.array(fc.oneof(segment, fc.constantFrom(':id', ':name')), { maxLength: 3 }), fc.boolean())
  .map(([parts, isOpen]) => `/${[...new Set(parts), ...(isOpen ? ['*'] : [])].join('/')}`);
const pathname = fc
  .array(fc.oneof(segment, fc.constantFrom('', 'A', '%2F', 'longer')), { maxLength: 4 })
  .map((parts) => `/${parts.join('/')}`);
const endpoints = fc.array(
  fc.record({ method: fc.constantFrom('GET', 'POST', 'HEAD' as const), path: pattern }),
  { maxLength: 4 },
) as fc.Arbitrary<Endpoint[]>;

function declared(list: readonly Endpoint[], method: string, path: string): string {
  try {
    return String(list.indexOf(requireDeclaredEndpoint({ id: 'a/b', endpoints: list }, method, path)));
  } catch (error) {
    return error instanceof Refusal ? `${error.code} ${String(error.extensions['allow'] ?? '')}` : 'fault';
  }
}

/** The same in the words of the router; each endpoint is told by a schema of its own. */
function routed(list: readonly Endpoint[], method: string, path: string): string {
  const marked = list.map((endpoint, index) => ({ ...endpoint, request: { const: index } }));
  const found = compileEndpoints(marked)(method, path);
  switch (found.kind) {
    case 'none':
      return 'endpoint_not_found ';
    case 'otherMethods':
      return `method_not_allowed ${found.allow.join(', ')}`;
    case 'endpoint':
      return String(list.findIndex((_, index) => found.endpoint.checkRequest?.(index).length === 0));
  }
}

it('names HEAD among the methods where GET is', () => {
  const match = compileEndpoints([{ method: 'GET', path: '/a' }]);
  expect(match('POST', '/a')).toEqual({ kind: 'otherMethods', allow: ['GET', 'HEAD'] });
});

it('means the same endpoint as the tools of authors do', () => {
  fc.assert(
    fc.property(endpoints, fc.constantFrom(...HTTP_METHODS), pathname, (list, method, path) => {
      expect(declared(list, method, path)).toBe(routed(list, method, path));
    }),
    { numRuns: 2_000 },
  );
});

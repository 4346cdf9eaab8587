import { expect, test } from 'vitest';
import { codeOf } from '../tests/support/refusals.ts';
import { requireInstanceAdmin, requireOrgRole, requireScope, requireUnbound, roleIn } from './access.ts';
import type { OrgRole } from './entities/index.ts';
import type { Principal } from './principal.ts';
import type { TokenScope } from './token-scope.ts';

const ORG = { id: '01990000-0000-7000-8000-00000000000a', slug: 'a' };
const OTHER = { id: '01990000-0000-7000-8000-00000000000b', slug: 'b' };

function principal(change: Partial<Principal> & { role?: OrgRole; scope?: TokenScope }): Principal {
  return {
    id: 'user',
    name: 'User',
    instanceRole: 'none',
    roles: new Map(change.role ? [[ORG.id, change.role]] : []),
    tokenId: 'token',
    scopes: new Set(change.scope ? [change.scope] : []),
    boundOrgId: undefined,
    ...change,
  };
}

test.each([
  ['owner', ['owner', 'admin', 'member']],
  ['admin', ['admin', 'member']],
  ['member', ['member']],
] as const)('the role %s suffices for %s', async (held, sufficientFor: readonly OrgRole[]) => {
  for (const asked of ['owner', 'admin', 'member'] as const) {
    const attempt = (): unknown => requireOrgRole(principal({ role: held }), ORG, asked);
    if (sufficientFor.includes(asked)) expect(attempt()).toMatchObject({ role: held, org: ORG });
    else expect(await codeOf(attempt)).toBe('role_missing');
  }
});

test('an organization that is not yours and one that does not exist are answered alike', async () => {
  const stranger = principal({ role: 'owner' });
  const messages = [OTHER, undefined].map((org) => {
    try {
      return requireOrgRole(stranger, org, 'member');
    } catch (error) {
      return [(error as { code: string }).code, (error as Error).message];
    }
  });
  expect(messages[0]).toEqual(messages[1]);
  expect(await codeOf(() => requireOrgRole(stranger, OTHER, 'member'))).toBe('not_found');
});

test('a token that is bound to another organization finds nothing here, whoever holds it', async () => {
  const bound = principal({ role: 'owner', boundOrgId: OTHER.id });
  const admin = principal({ instanceRole: 'admin', scope: 'instance:admin', boundOrgId: OTHER.id });
  expect(await codeOf(() => requireOrgRole(bound, ORG, 'member'))).toBe('not_found');
  expect(await codeOf(() => requireOrgRole(admin, ORG, 'member'))).toBe('not_found');
  expect(await codeOf(() => requireInstanceAdmin(admin))).toBe('token_bound_elsewhere');
  expect(await codeOf(() => requireUnbound(bound))).toBe('token_bound_elsewhere');
});

test('an administrator of the instance needs the scope too', async () => {
  const admin = principal({ instanceRole: 'admin', scope: 'instance:admin' });
  expect(roleIn(admin, ORG.id)).toBe('owner');
  expect(requireInstanceAdmin(admin).principal).toBe(admin);
  const unscoped = principal({ instanceRole: 'admin' });
  expect(roleIn(unscoped, ORG.id)).toBeUndefined();
  expect(await codeOf(() => requireInstanceAdmin(unscoped))).toBe('scope_missing');
  const pretender = principal({ role: 'owner', scope: 'instance:admin' });
  expect(roleIn(pretender, OTHER.id)).toBeUndefined();
  expect(await codeOf(() => requireInstanceAdmin(pretender))).toBe('instance_admin_required');
});

test('no scope implies another', async () => {
  const admin = principal({ scope: 'instance:admin' });
  expect(await codeOf(() => requireScope(admin, 'packages:publish'))).toBe('scope_missing');
  expect(requireScope(admin, 'instance:admin')).toBeUndefined();
});

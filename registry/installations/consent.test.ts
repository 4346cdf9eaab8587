import { expect, it } from 'vitest';
import type { Permission } from '../../spec/permission.ts';
import { checkConsent } from './consent.ts';
import type { PermissionRequest } from './planning/plan.ts';

function asking(permission: Permission): PermissionRequest {
  return { plugin: 'house/app', permission, risk: 'low', description: '', causedBy: [] };
}

const ASKED = [
  asking({ name: 'http.fetch', scope: ['https://a.org/*', 'https://b.org/*'] }),
  asking({ name: 'kv' }),
];
const KV = { plugin: 'house/app', permission: { name: 'kv' } } as const;

it('may limit a permission to a part of its scope, and drops what is no part of a grant', () => {
  const narrow = { name: 'http.fetch', scope: ['https://a.org/x'], methods: ['GET'], reason: 'x', extra: 1 };
  const grants = checkConsent(ASKED, {
    grants: [KV, { plugin: 'house/app', permission: narrow as Permission }],
  });
  expect(grants.get('house/app')).toEqual([
    { name: 'kv' },
    { name: 'http.fetch', scope: ['https://a.org/x'], methods: ['GET'] },
  ]);
});

it.each([
  ['a host that was not asked for', { name: 'http.fetch', scope: ['https://c.org/*'] }],
  ['a wildcard above the scope', { name: 'http.fetch', scope: ['https://*.a.org/*'] }],
  ['no scope at all', { name: 'http.fetch' }],
  ['an empty scope', { name: 'http.fetch', scope: [] }],
  ['no methods', { name: 'http.fetch', scope: ['https://a.org/*'], methods: [] }],
  ['a made-up method', { name: 'http.fetch', scope: ['https://a.org/*'], methods: ['BREW'] }],
  ['a name out of the prototype', { name: '__proto__' }],
  ['a name that does not exist', { name: 'root' }],
  ['a scope where none belongs', { name: 'kv', scope: ['*'] }],
])('with %s is consent_excessive', (_name, permission) => {
  const consent = { grants: [KV, { plugin: 'house/app' as const, permission: permission as Permission }] };
  expect(() => checkConsent(ASKED, consent)).toThrow(
    expect.objectContaining({ code: 'consent_excessive' }) as Error,
  );
});

it('for another plugin does not count', () => {
  const consent = { grants: [{ ...KV, plugin: 'house/other' as const }] };
  expect(() => checkConsent([asking({ name: 'kv' })], consent)).toThrow(
    expect.objectContaining({ code: 'consent_excessive' }) as Error,
  );
});

it.each([
  ['what is granted beside it', ASKED, [KV], 'house/app asks for http.fetch'],
  [
    'what is granted to another plugin',
    [asking({ name: 'kv' }), { ...asking({ name: 'kv' }), plugin: 'house/other' as const }],
    [KV],
    'house/other asks for kv',
  ],
])('is missing in spite of %s', (_what, asked, grants, message) => {
  expect(() => checkConsent(asked, { grants })).toThrow(
    expect.objectContaining({
      code: 'consent_missing',
      violations: [{ pointer: '/grants', message: expect.stringContaining(message) }],
    }) as Error,
  );
});

it('names every permission that is missing', () => {
  expect(() => checkConsent(ASKED, { grants: [] })).toThrow(
    expect.objectContaining({
      code: 'consent_missing',
      violations: [expect.anything(), expect.anything()],
    }) as Error,
  );
});

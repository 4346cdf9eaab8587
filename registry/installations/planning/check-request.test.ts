import { expect, it } from 'vitest';
import { checkRequest } from './check-request.ts';
import type { PlanRequest } from './plan.ts';

const ENTRY = { plugin: 'house/a', version: '1.0.0', digest: '0'.repeat(64), range: '*', pinned: false };

function lockOf(...plugins: unknown[]): unknown {
  return { kind: 'import', lock: { lockVersion: 1, plugins } };
}

it.each([
  ['a plugin named __proto__', { kind: 'install', plugin: '__proto__' }],
  ['a plugin named constructor/x/y', { kind: 'remove', plugin: 'constructor/x/y', dependants: 'refuse' }],
  ['a plugin that is a number', { kind: 'unpin', plugin: 5 }],
  ['a range that is none', { kind: 'install', plugin: 'house/a', range: 'newest please' }],
  ['a range of 300 characters', { kind: 'upgrade', plugin: 'house/a', range: `>=1.0.0${' '.repeat(300)}` }],
  ['a version that is a range', { kind: 'pin', plugin: 'house/a', version: '^1.0.0' }],
  ['build metadata', { kind: 'rollback', plugin: 'house/a', version: '1.0.0+1' }],
  ['no lock', { kind: 'import', lock: null }],
  ['a lock of version 2', { kind: 'import', lock: { lockVersion: 2, plugins: [] } }],
  ['a lock whose plugins are text', { kind: 'import', lock: { lockVersion: 1, plugins: 'all' } }],
  ['a lock with null', lockOf(null)],
  ['a lock with a plugin twice', lockOf(ENTRY, ENTRY)],
  ['a lock with a digest that is none', lockOf({ ...ENTRY, digest: 'x' })],
  ['a lock with a range that is missing', lockOf({ ...ENTRY, range: undefined })],
  ['a lock with a pin that is text', lockOf({ ...ENTRY, pinned: 'yes' })],
  [
    'a lock of 2,001 plugins',
    lockOf(...Array.from({ length: 2_001 }, (_, n) => ({ ...ENTRY, plugin: `house/p${n}` }))),
  ],
])('%s is plan_request_invalid', (_name, request) => {
  expect(() => checkRequest(request as PlanRequest)).toThrow(
    expect.objectContaining({ code: 'plan_request_invalid' }) as Error,
  );
});

it('takes what is sound as it is', () => {
  const request = lockOf(ENTRY) as PlanRequest;
  expect(checkRequest(request)).toBe(request);
});

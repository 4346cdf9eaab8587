import { expect, test } from 'vitest';
import { chainOf, entryHash, HASH_BEFORE_FIRST, type SealedContent } from './chain.ts';

const FIRST: SealedContent = {
  id: '01990000-0000-7000-8000-000000000001',
  chain: 'instance',
  occurredAt: new Date('2026-11-21T00:00:00Z'),
  actor: '{"kind":"system","name":"souk"}',
  action: 'instance.created',
  subject: 'instance',
  detail: '{}',
};

test('the worked example has the hash that another implementation computes', () => {
  expect(entryHash(FIRST, 1, HASH_BEFORE_FIRST).toString('hex')).toBe(
    '903f8c8f9083e368d7587e2acdd5dce9acb1a8b30089686b1776f99ec07fbfcb',
  );
});

test.each([
  ['id', '01990000-0000-7000-8000-000000000002'],
  ['chain', '01990000-0000-7000-8000-000000000003'],
  ['occurredAt', new Date('2026-11-21T00:00:00.001Z')],
  ['actor', '{}'],
  ['action', 'instance.deleted'],
  ['subject', 'instance,'],
  ['detail', '{ }'],
] as const)('the hash covers %s', (field, value) => {
  expect(entryHash({ ...FIRST, [field]: value }, 1, HASH_BEFORE_FIRST)).not.toEqual(
    entryHash(FIRST, 1, HASH_BEFORE_FIRST),
  );
});

test('the hash covers position and predecessor', () => {
  expect(entryHash(FIRST, 2, HASH_BEFORE_FIRST)).not.toEqual(entryHash(FIRST, 1, HASH_BEFORE_FIRST));
  expect(entryHash(FIRST, 1, Buffer.alloc(32, 1))).not.toEqual(entryHash(FIRST, 1, HASH_BEFORE_FIRST));
});

test('text cannot move from one field into the next', () => {
  const left = entryHash({ ...FIRST, action: 'a","b', subject: 'c' }, 1, HASH_BEFORE_FIRST);
  const right = entryHash({ ...FIRST, action: 'a', subject: 'b","c' }, 1, HASH_BEFORE_FIRST);
  expect(left).not.toEqual(right);
});

test('each organization has a chain of its own', () => {
  expect(chainOf({ kind: 'org', orgId: FIRST.id })).toBe(FIRST.id);
  expect(chainOf({ kind: 'instance' })).toBe('instance');
});

import { expect, it } from 'vitest';
import { requireStorable } from './storable.ts';
import { codeOf } from '../../tests/support/refusals.ts';

it.each([
  ['a value', { org: 'a\0b' }],
  ['one of several values', { q: ['a', '\0'] }],
  ['a name', { 'a\0': 'b' }],
])('refuses U+0000 in %s', async (_where, values) => {
  expect(await codeOf(() => requireStorable(values, '/query'))).toBe('request_invalid');
});

it('takes every other text', () => {
  expect(() => requireStorable({ org: 'a', q: ['☃', '%00', ''] }, '/path')).not.toThrow();
});

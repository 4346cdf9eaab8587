import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf } from '../tests/support/refusals.ts';
import { createTokenSecret, hashTokenSecret, looksLikeToken, readTokenSecret } from './token-secret.ts';

test('a new secret has the form, is read back, and is never the same', () => {
  const secrets = Array.from({ length: 500 }, createTokenSecret);
  for (const secret of secrets) {
    expect(secret).toMatch(/^souk_[0-9A-Za-z]{49}$/u);
    expect(readTokenSecret(secret)).toBe(secret);
  }
  expect(new Set(secrets).size).toBe(500);
});

test('every single changed character is noticed without asking the database', async () => {
  const secret = createTokenSecret();
  const character = fc.constantFrom(
    ...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-. \0é',
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(secret.length - 1), character, async (index, replacement) => {
      fc.pre(secret[index] !== replacement);
      const changed = secret.slice(0, index) + replacement + secret.slice(index + 1);
      expect(await codeOf(() => readTokenSecret(changed))).toBe('token_malformed');
    }),
  );
});

test.each([
  ['nothing', ''],
  ['the prefix alone', 'souk_'],
  ['one character less', (secret: string) => secret.slice(0, -1)],
  ['one character more', (secret: string) => `${secret}0`],
  ['a line break after it', (secret: string) => `${secret}\n`],
  ['a space before it', (secret: string) => ` ${secret}`],
  ['two of them', (secret: string) => `${secret}${secret}`],
  ['another prefix', (secret: string) => secret.replace('souk_', 'SOUK_')],
  ['a megabyte', 'souk_'.padEnd(1_000_000, 'a')],
])('%s is malformed, and the refusal does not quote it', async (_, change) => {
  const secret = createTokenSecret();
  const text = typeof change === 'string' ? change : change(secret);
  expect(await codeOf(() => readTokenSecret(text))).toBe('token_malformed');
  expect(() => readTokenSecret(text)).not.toThrow(secret.slice(5, 20));
});

test('another scheme of tokens is not taken for ours', () => {
  expect(looksLikeToken(createTokenSecret())).toBe(true);
  expect(looksLikeToken('eyJhbGciOiJIUzI1NiJ9.e30.x')).toBe(false);
});

test('what is stored is the SHA-256 of the whole text', () => {
  const secret = createTokenSecret();
  expect(hashTokenSecret(secret)).toBe(createHash('sha256').update(secret).digest('hex'));
});

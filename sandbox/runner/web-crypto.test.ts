import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CRYPTO_LIMITS } from '../../spec/limits.ts';
import { domainToAscii } from './domain.ts';
import { performCrypto } from './web-crypto.ts';

const secret = (algorithm: object, usages: string[]): object => ({
  type: 'secret',
  algorithm,
  usages,
  material: { format: 'raw', data: '0123456789abcdef' },
});
const HMAC = secret({ name: 'HMAC', hash: 'SHA-256' }, ['sign', 'verify']);
const PBKDF2 = secret({ name: 'PBKDF2' }, ['deriveBits']);
const pbkdf2 = (iterations: number, length: number): object => ({
  algorithm: { name: 'PBKDF2', hash: 'SHA-256', salt: 's', iterations },
  key: PBKDF2,
  length,
});

/** Bad input by the trick, with the name of the error that the guest sees. */
const REJECTED: readonly (readonly [trick: string, operation: string, args: unknown, error: string])[] = [
  ['an operation that does not exist', 'toString', {}, 'NotSupportedError'],
  ['an operation named __proto__', '__proto__', {}, 'NotSupportedError'],
  ['arguments that are a list', 'digest', [], 'TypeError'],
  ['arguments that are null', 'digest', null, 'TypeError'],
  ['data that is a number', 'digest', { algorithm: { name: 'SHA-256' }, data: 5 }, 'TypeError'],
  ['a hash outside the table', 'digest', { algorithm: { name: 'MD5' }, data: '' }, 'NotSupportedError'],
  [
    'an algorithm that eats memory',
    'deriveBits',
    { algorithm: { name: 'Argon2id', memory: 2 ** 31 }, key: HMAC, length: 8 },
    'NotSupportedError',
  ],
  [
    'an algorithm that inherits',
    'digest',
    { algorithm: { __proto__: { name: 'SHA-256' } }, data: '' },
    'TypeError',
  ],
  ['rounds without end', 'deriveBits', pbkdf2(2 ** 31, 256), 'NotSupportedError'],
  [
    'few rounds for a long output',
    'deriveBits',
    pbkdf2(CRYPTO_LIMITS.pbkdf2RoundsMax / 2, 768),
    'NotSupportedError',
  ],
  ['an output without end', 'deriveBits', pbkdf2(1, 2 ** 31), 'NotSupportedError'],
  ['a negative count', 'deriveBits', pbkdf2(-1, 8), 'TypeError'],
  [
    'a derivation through deriveKey',
    'deriveKey',
    {
      ...pbkdf2(CRYPTO_LIMITS.pbkdf2RoundsMax, 8),
      derived: { name: 'HMAC', hash: 'SHA-256', length: 65536 },
      usages: ['sign'],
    },
    'NotSupportedError',
  ],
  [
    'an RSA key that takes minutes',
    'generateKey',
    {
      algorithm: {
        name: 'RSA-PSS',
        hash: 'SHA-256',
        modulusLength: 65536,
        publicExponent: '\u0001\u0000\u0001',
      },
      usages: ['sign'],
    },
    'NotSupportedError',
  ],
  [
    'an RSA key that is weak',
    'generateKey',
    {
      algorithm: {
        name: 'RSA-PSS',
        hash: 'SHA-256',
        modulusLength: 512,
        publicExponent: '\u0001\u0000\u0001',
      },
      usages: ['sign'],
    },
    'NotSupportedError',
  ],
  [
    'a long public exponent',
    'generateKey',
    {
      algorithm: {
        name: 'RSA-PSS',
        hash: 'SHA-256',
        modulusLength: 2048,
        publicExponent: '\u0001'.repeat(200),
      },
      usages: ['sign'],
    },
    'NotSupportedError',
  ],
  [
    'an imported RSA key of 16,384 bits',
    'importKey',
    {
      format: 'jwk',
      keyData: { kty: 'RSA', e: 'AQAB', n: `${'v'.repeat(2730)}w` },
      algorithm: { name: 'RSA-PSS', hash: 'SHA-256' },
      usages: ['verify'],
    },
    'NotSupportedError',
  ],
  [
    'an HMAC key without end',
    'generateKey',
    { algorithm: { name: 'HMAC', hash: 'SHA-256', length: 2 ** 31 }, usages: ['sign'] },
    'NotSupportedError',
  ],
  [
    'a curve outside the table',
    'generateKey',
    { algorithm: { name: 'ECDSA', namedCurve: 'secp256k1' }, usages: ['sign'] },
    'NotSupportedError',
  ],
  [
    'a usage that does not exist',
    'sign',
    { algorithm: { name: 'HMAC' }, key: secret({ name: 'HMAC', hash: 'SHA-256' }, ['fly']), data: '' },
    'TypeError',
  ],
  [
    'a key without the usage',
    'sign',
    { algorithm: { name: 'HMAC' }, key: secret({ name: 'HMAC', hash: 'SHA-256' }, ['verify']), data: '' },
    'InvalidAccessError',
  ],
  [
    'a key for another algorithm',
    'encrypt',
    { algorithm: { name: 'AES-GCM', iv: 'x' }, key: HMAC, data: '' },
    'InvalidAccessError',
  ],
  ['a key that is a string', 'sign', { algorithm: { name: 'HMAC' }, key: 'x', data: '' }, 'TypeError'],
  [
    'a JWK with a member that is an object',
    'importKey',
    {
      format: 'jwk',
      keyData: { kty: { a: 1 } },
      algorithm: { name: 'HMAC', hash: 'SHA-256' },
      usages: ['sign'],
    },
    'TypeError',
  ],
  [
    'a format that does not exist',
    'importKey',
    { format: 'raw-secret', keyData: 'x', algorithm: { name: 'HMAC', hash: 'SHA-256' }, usages: ['sign'] },
    'NotSupportedError',
  ],
  [
    'PKCS 8 that is noise',
    'importKey',
    { format: 'pkcs8', keyData: 'noise', algorithm: { name: 'Ed25519' }, usages: ['sign'] },
    'DataError',
  ],
  [
    'a forged tag',
    'decrypt',
    {
      algorithm: { name: 'AES-GCM', iv: 'x'.repeat(12) },
      key: secret({ name: 'AES-GCM' }, ['decrypt']),
      data: 'x'.repeat(32),
    },
    'OperationError',
  ],
];

test.each(REJECTED)('%s is refused', async (_trick, operation, args, error) => {
  const answer = JSON.parse(await performCrypto(operation, JSON.stringify(args))) as {
    error?: { name: string; message: string };
  };
  expect(answer.error?.name).toBe(error);
  expect(answer.error?.message).not.toMatch(/node:|\/| at |undefined/);
});

test.each([
  ['text that is no JSON', '{'],
  ['more text than one operation takes', `"${'x'.repeat(CRYPTO_LIMITS.jsonCharsMax)}"`],
])('%s is refused', async (_trick, json) => {
  expect(JSON.parse(await performCrypto('digest', json))).toHaveProperty('error');
});

test('any JSON is answered by a value or by an error with a known name', async () => {
  const operations = fc.constantFrom(
    'digest',
    'sign',
    'verify',
    'encrypt',
    'importKey',
    'exportKey',
    'generateKey',
    'deriveBits',
    'deriveKey',
    'unwrap',
  );
  await fc.assert(
    fc.asyncProperty(operations, fc.jsonValue(), fc.jsonValue(), async (operation, algorithm, rest) => {
      const args = {
        ...(rest as object),
        algorithm,
        key: HMAC,
        data: '',
        usages: ['sign'],
        keyData: rest,
        format: 'jwk',
      };
      const answer = JSON.parse(await performCrypto(operation, JSON.stringify(args))) as object;
      expect(Object.keys(answer).join()).toMatch(/^(value|error)$/);
    }),
    { numRuns: 200 },
  );
});

test('RFC 4231 test case 2: HMAC-SHA-256', async () => {
  const key = { ...HMAC, material: { format: 'raw', data: 'Jefe' } };
  const json = JSON.stringify({ algorithm: { name: 'HMAC' }, key, data: 'what do ya want for nothing?' });
  const { value } = JSON.parse(await performCrypto('sign', json)) as { value: string };
  expect(Buffer.from(value, 'latin1').toString('hex')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

test.each([
  ['münchen.de', 'xn--mnchen-3ya.de'],
  ['faß.de', 'xn--fa-hia.de'],
  ['XN--N3H.net', 'xn--n3h.net'],
  ['é/x', ''],
  ['é#', ''],
  ['é\\', ''],
  ['é x', ''],
  ['é%2f', ''],
  ['é\0', ''],
  ['é'.repeat(2000), ''],
  ['１２７.1', '127.0.0.1'],
])('the domain %j becomes %j', (domain, ascii) => {
  expect(domainToAscii(domain)).toBe(ascii);
});

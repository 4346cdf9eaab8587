import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  formatPrivateKeyFile,
  formatPublicKeyFile,
  parsePrivateKeyFile,
  parsePublicKeyFile,
  PRIVATE_KEY_MARK,
} from './key-file.ts';
import { PrivateKey } from './private-key.ts';
import { encodeY } from './edwards-curve.fixture.ts';
import { encodeBase64 } from './base64.ts';
import { sha256Hex } from './digest.ts';
import { bytesOf, keyOf, refusalOf } from './testing.fixture.ts';

const KEY = keyOf(3);
const PRIVATE = formatPrivateKeyFile(KEY);
const PUBLIC = formatPublicKeyFile(KEY.publicKey);

test('both forms are read back, and the private one signs as before', () => {
  expect(parsePublicKeyFile(bytesOf(PUBLIC)).id).toBe(KEY.publicKey.id);
  const message = bytesOf('m');
  expect(parsePrivateKeyFile(bytesOf(PRIVATE)).sign(message)).toEqual(KEY.sign(message));
});

test('the private form begins with its mark and no log shows the secret', () => {
  expect(PRIVATE.startsWith(`${PRIVATE_KEY_MARK} 1\n`)).toBe(true);
  const shown = `${inspect(KEY, { depth: 9, showHidden: true })}${JSON.stringify(KEY)}`;
  expect(shown).not.toContain(Buffer.from(KEY.exportSeed()).toString('base64'));
  expect(shown).not.toContain('03 03 03');
  expect(shown).not.toContain('3, 3, 3');
});

test('two generated keys differ', () => {
  expect(PrivateKey.generate().publicKey.id).not.toBe(PrivateKey.generate().publicKey.id);
});

test('one kind is never taken for the other', () => {
  refusalOf('key_file_is_private', () => parsePublicKeyFile(bytesOf(PRIVATE)));
  refusalOf('key_file_is_public', () => parsePrivateKeyFile(bytesOf(PUBLIC)));
});

describe('refused private files, none of which is repeated in the refusal', () => {
  const seed = encodeBase64(KEY.exportSeed());
  test.each([
    ['empty', ''],
    ['crlf', PRIVATE.replaceAll('\n', '\r\n')],
    ['trailing-line', `${PRIVATE}\n`],
    ['leading-space', ` ${PRIVATE}`],
    ['version-2', PRIVATE.replace('KEY 1', 'KEY 2')],
    ['public-label', PRIVATE.replace('seed ', 'key ')],
    ['short-seed', PRIVATE.replace(seed, seed.slice(4))],
    ['loose-bits', PRIVATE.replace('M=\n', 'N=\n')],
    ['id-of-another', PRIVATE.replace(KEY.publicKey.id, keyOf(4).publicKey.id)],
    ['huge', PRIVATE + 'x'.repeat(10_000_000)],
  ])('%s', (_, text) => {
    const refusal = refusalOf('key_file_invalid', () => parsePrivateKeyFile(bytesOf(text)));
    expect(refusal.message).not.toContain(seed.slice(0, 12));
  });
});

test('a public file of low order is refused', () => {
  const identity = encodeY(1n, 0n);
  const text = `SOUK PUBLIC KEY 1\nkeyid ed25519:${sha256Hex(identity)}\nkey ${encodeBase64(identity)}\n`;
  refusalOf('key_low_order', () => parsePublicKeyFile(bytesOf(text)));
});

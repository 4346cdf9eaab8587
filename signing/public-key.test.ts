import { expect, test } from 'vitest';
import { sha256Hex } from './digest.ts';
import { isKeyId, PublicKey } from './public-key.ts';
import { keyOf, refusalOf } from './testing.fixture.ts';

const KEY = keyOf(1).publicKey;

test('the id is the hash of the bytes, and base64 reads back', () => {
  expect(KEY.id).toBe(`ed25519:${sha256Hex(KEY.toBytes())}`);
  expect(PublicKey.fromBase64(KEY.toBase64()).id).toBe(KEY.id);
});

test('what is done to the bytes that were given or handed out does not reach the key', () => {
  const bytes = KEY.toBytes();
  const key = PublicKey.fromBytes(bytes);
  bytes.fill(0);
  key.toBytes().fill(0);
  expect(key.toBytes()).toEqual(KEY.toBytes());
});

test.each([0, 31, 33])('%d bytes are no key', (length) => {
  refusalOf('key_invalid', () => PublicKey.fromBytes(new Uint8Array(length).fill(9)));
});

test.each(['', '!', 'AAAA', KEY.toBase64().slice(0, -1), `${KEY.toBase64()}\n`])('%j is no key', (text) => {
  refusalOf('key_invalid', () => PublicKey.fromBase64(text));
});

test.each([KEY.id.toUpperCase(), KEY.id.slice(0, -1), `${KEY.id}\n`, KEY.id.replace('ed25519', 'rsa')])(
  '%j is no key id',
  (text) => {
    expect(isKeyId(text)).toBe(false);
  },
);

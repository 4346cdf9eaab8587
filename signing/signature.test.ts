import { createPublicKey, verify } from 'node:crypto';
import * as fc from 'fast-check';
import nacl from 'tweetnacl';
import { describe, expect, test } from 'vitest';
import {
  add,
  BASE,
  challenge,
  decodeScalar,
  encodePoint,
  encodeScalar,
  encodeY,
  IDENTITY,
  join,
  L,
  mod,
  multiply,
  P,
  type Point,
  torsionPoints,
} from './edwards-curve.fixture.ts';
import { PublicKey } from './public-key.ts';
import { judgeSignature, requireValidSignature } from './signature.ts';
import { bytesOf, keyOf, refusalOf } from './testing.fixture.ts';

const MESSAGE = bytesOf('what is signed');
const KEY = keyOf(7);
const GOOD = KEY.sign(MESSAGE);
const [R, S] = [GOOD.subarray(0, 32), decodeScalar(GOOD.subarray(32))];

function naclAccepts(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return nacl.sign.detached.verify(message, signature, key);
}

function nodeAccepts(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key]);
  return verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature);
}

describe('RFC 8032, section 7.1', () => {
  const vectors = [
    [
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
    [
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      'af82',
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    ],
  ].map((vector) => vector.map((hex) => Uint8Array.from(Buffer.from(hex, 'hex'))));

  test.each(vectors)('test %#', (key, message, signature) => {
    if (!key || !message || !signature) return expect.fail('a vector is incomplete');
    expect(judgeSignature(PublicKey.fromBytes(key), message, signature)).toBe('valid');
    return expect(judgeSignature(PublicKey.fromBytes(key), join(message, bytesOf('x')), signature)).toBe(
      'invalid',
    );
  });
});

describe('signatures that some engine takes and we do not', () => {
  test.each([1n, 2n, 4n, 8n, 14n])('S plus %d times the order is malleable', (times) => {
    const altered = join(R, encodeScalar(S + times * L));
    expect(judgeSignature(KEY.publicKey, MESSAGE, altered)).toBe('malleable');
    refusalOf('signature_malleable', () => requireValidSignature(KEY.publicKey, MESSAGE, altered));
  });

  test('tweetnacl alone would take S plus the order, so the check is ours to make', () => {
    expect(naclAccepts(KEY.publicKey.toBytes(), MESSAGE, join(R, encodeScalar(S + L)))).toBe(true);
  });

  /** With R of low order and S = h·a, the equation S·B = R + h·A holds up to the torsion point. */
  test.each(torsionPoints().map((point, index) => [index, point] as const))(
    'R is torsion point %d',
    (_, point) => {
      const secret = 12345n;
      const key = encodePoint(multiply(secret, BASE));
      const r = encodePoint(point);
      const signature = join(r, encodeScalar(mod(challenge(r, key, MESSAGE) * secret, L)));
      expect(judgeSignature(PublicKey.fromBytes(key), MESSAGE, signature)).toBe('notCanonical');
      refusalOf('signature_not_canonical', () =>
        requireValidSignature(PublicKey.fromBytes(key), MESSAGE, signature),
      );
      if (point.y === 1n) expect(naclAccepts(key, MESSAGE, signature)).toBe(true);
    },
  );

  test.each(Array.from({ length: 19 }, (_, index) => index))('R spells y = %d as y + p', (y) => {
    const signature = join(encodeY(BigInt(y) + P, 0n), GOOD.subarray(32));
    expect(judgeSignature(KEY.publicKey, MESSAGE, signature)).toBe('notCanonical');
  });

  test.each([0, 1, 63, 65, 128])('%d bytes are malformed', (length) => {
    const signature = new Uint8Array(length);
    expect(judgeSignature(KEY.publicKey, MESSAGE, signature)).toBe('malformed');
    refusalOf('signature_malformed', () => requireValidSignature(KEY.publicKey, MESSAGE, signature));
  });
});

describe('keys that some engine takes and we do not', () => {
  test.each(torsionPoints().map((point, index) => [index, encodePoint(point)] as const))(
    'the key is torsion point %d',
    (_, key) => {
      refusalOf('key_low_order', () => PublicKey.fromBytes(key));
    },
  );

  test('tweetnacl alone lets the identity verify a message that nobody signed', () => {
    const identity = encodePoint(IDENTITY);
    expect(naclAccepts(identity, MESSAGE, join(identity, encodeScalar(0n)))).toBe(true);
  });

  test.each(Array.from({ length: 19 }, (_, index) => index))('the key spells y = %d as y + p', (y) => {
    refusalOf('key_not_canonical', () => PublicKey.fromBytes(encodeY(BigInt(y) + P, 1n)));
  });
});

/** A key with a torsion part verifies or not depending on h modulo the order of that part: engines could differ. */
test('keys of mixed order are judged alike by both engines, cofactorless', () => {
  const [, torsion] = torsionPoints();
  const verdicts = Array.from({ length: 24 }, (_, index) => mixedOrderVerdict(torsion ?? IDENTITY, index));
  expect(new Set(verdicts)).toEqual(new Set(['valid', 'invalid']));
});

function mixedOrderVerdict(torsion: Point, index: number): string {
  const secret = 999n;
  const message = bytesOf(`message ${index}`);
  const key = encodePoint(add(multiply(secret, BASE), torsion));
  const r = encodePoint(multiply(77n, BASE));
  const signature = join(r, encodeScalar(mod(77n + challenge(r, key, message) * secret, L)));
  const ours = judgeSignature(PublicKey.fromBytes(key), message, signature);
  expect(naclAccepts(key, message, signature)).toBe(ours === 'valid');
  expect(nodeAccepts(key, message, signature)).toBe(ours === 'valid');
  return ours;
}

test('a key that is not on the curve verifies nothing', () => {
  // y = 2 has no x on this curve.
  const key = encodeY(2n, 0n);
  expect(judgeSignature(PublicKey.fromBytes(key), MESSAGE, GOOD)).toBe('invalid');
  expect(naclAccepts(key, MESSAGE, GOOD)).toBe(false);
});

test('property: after our checks both engines agree, and only the untouched triple is valid', () => {
  const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const damage = fc.record({ part: fc.constantFrom('none', 'key', 'message', 'signature'), bit: fc.nat() });
  fc.assert(
    fc.property(seed, fc.uint8Array({ maxLength: 200 }), damage, (seedBytes, message, { part, bit }) => {
      const pair = nacl.sign.keyPair.fromSeed(seedBytes);
      const triple = { key: pair.publicKey, message, signature: nacl.sign.detached(message, pair.secretKey) };
      if (part !== 'none') flipBit(triple[part], bit);
      const verdict = judgeOrRefuse(triple.key, triple.message, triple.signature);
      const untouched = part === 'none' || triple[part].length === 0;
      expect(verdict === 'valid').toBe(untouched);
      if (verdict === 'valid' || verdict === 'invalid') {
        expect(naclAccepts(triple.key, triple.message, triple.signature)).toBe(untouched);
        expect(nodeAccepts(triple.key, triple.message, triple.signature)).toBe(untouched);
      }
    }),
    { numRuns: 150 },
  );
});

function flipBit(bytes: Uint8Array, bit: number): void {
  const index = Math.floor(bit / 8) % Math.max(1, bytes.length);
  const byte = bytes[index];
  if (byte !== undefined) bytes[index] = byte ^ (1 << (bit % 8));
}

function judgeOrRefuse(key: Uint8Array, message: Uint8Array, signature: Uint8Array): string {
  try {
    return judgeSignature(PublicKey.fromBytes(key), message, signature);
  } catch {
    return 'key refused';
  }
}

import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../spec/error-codes.ts';
import { encodeBase64 } from './base64.ts';
import { sha256Hex } from './digest.ts';
import { encodeY } from './edwards-curve.fixture.ts';
import { parseKeyDocument, writeKeyDocument } from './key-document.ts';
import { bytesOf, keyDocument, keyOf, listed, refusalOf, time } from './testing.fixture.ts';

const GOOD = Buffer.from(writeKeyDocument(keyDocument())).toString();
const ID = keyOf(1).publicKey.id;
const REVOCATION = {
  keyId: keyOf(9).publicKey.id,
  effectiveFrom: time('2026-02-01'),
  decidedAt: time('2026-03-01'),
  reason: 'compromised',
} as const;

test('what was written is read back', () => {
  const document = keyDocument({ revocations: [REVOCATION] });
  const read = parseKeyDocument(writeKeyDocument(document));
  expect(writeKeyDocument(read)).toEqual(writeKeyDocument(document));
  expect(read.keys.map(({ key }) => key.id)).toEqual(document.keys.map(({ key }) => key.id));
  expect(read.revocations).toEqual([REVOCATION]);
});

type Loose = Record<string, unknown> & {
  keys: Record<string, unknown>[];
  roles: Record<string, Record<string, unknown>>;
};

function changed(change: (document: Loose) => void): string {
  const document = JSON.parse(GOOD) as Loose;
  change(document);
  return JSON.stringify(document);
}

function lowOrderKey(): Record<string, unknown> {
  const identity = encodeY(1n, 0n);
  return { keyid: `ed25519:${sha256Hex(identity)}`, key: encodeBase64(identity) };
}

describe('refused key documents', () => {
  const set = (changes: Record<string, unknown>) => changed((document) => Object.assign(document, changes));
  const setRoot = (changes: Record<string, unknown>) =>
    changed((document) => Object.assign(document.roles['root'] ?? {}, changes));
  const setKey = (changes: Record<string, unknown>) =>
    changed((document) => Object.assign(document.keys[0] ?? {}, changes));
  const invalid: [string, string][] = [
    ['other-type', set({ _type: 'x' })],
    ['unknown-member', set({ comment: '' })],
    ['publisher-in-capitals', set({ publisher: 'Kelompok' })],
    ['version-zero', set({ version: 0 })],
    ['version-beyond-integers', set({ version: 2 ** 53 })],
    ['period-backwards', set({ expiresAt: '2025-01-01T00:00:00Z' })],
    ['time-with-fraction', set({ expiresAt: '2027-01-01T00:00:00.5Z' })],
    ['time-with-offset', set({ expiresAt: '2027-01-01T00:00:00+00:00' })],
    ['time-30-february', set({ expiresAt: '2027-02-30T00:00:00Z' })],
    ['time-as-number', set({ expiresAt: 1 })],
    ['nine-keys', set({ keys: Array.from({ length: 9 }, () => ({})) })],
    ['key-twice', changed((document) => document.keys.push(document.keys[0] ?? {}))],
    ['keyid-of-another-key', setKey({ keyid: keyOf(5).publicKey.id })],
    ['role-missing', changed((document) => delete document.roles['publish'])],
    ['role-unknown', changed((document) => (document.roles['admin'] = {}))],
    ['threshold-zero', setRoot({ threshold: 0 })],
    ['threshold-out-of-reach', setRoot({ threshold: 2 })],
    ['threshold-as-text', setRoot({ threshold: '1' })],
    ['keyid-twice-in-role', setRoot({ keyids: [ID, ID], threshold: 2 })],
    ['role-empty', setRoot({ keyids: [] })],
    ['role-of-unlisted-key', setRoot({ keyids: [keyOf(5).publicKey.id] })],
    ['key-without-role', setRoot({ keyids: [keyOf(2).publicKey.id] })],
    [
      'revoked-key-with-role',
      set({
        revocations: [
          {
            keyid: ID,
            effectiveFrom: '2026-01-01T00:00:00Z',
            decidedAt: '2026-01-01T00:00:00Z',
            reason: 'lost',
          },
        ],
      }),
    ],
    [
      'revocation-of-unknown-reason',
      set({
        revocations: [
          {
            keyid: ID,
            effectiveFrom: '2026-01-01T00:00:00Z',
            decidedAt: '2026-01-01T00:00:00Z',
            reason: 'mood',
          },
        ],
      }),
    ],
  ];
  const others: [string, ErrorCode, string][] = [
    ['low-order-key', 'key_low_order', setKey(lowOrderKey())],
    ['short-key', 'key_invalid', setKey({ key: 'AAAA' })],
    ['too-large', 'key_document_too_large', `${GOOD}${' '.repeat(64 * 1024)}`],
  ];

  test.each([...invalid.map(([name, text]) => [name, 'key_document_invalid', text] as const), ...others])(
    '%s',
    (_, code, text) => {
      refusalOf(code, () => parseKeyDocument(bytesOf(text)));
    },
  );
});

test('a document of the largest size is below the limit', () => {
  const keys = Array.from({ length: 8 }, (_, index) => keyOf(index + 1));
  const role = { threshold: 8, keyIds: keys.map((key) => key.publicKey.id) };
  const revocations = Array.from({ length: 128 }, (_, index) => ({
    ...REVOCATION,
    keyId: keyOf(index + 100).publicKey.id,
  }));
  const document = keyDocument({
    keys: keys.map((key) => listed(key)),
    roles: { root: role, publish: role },
    revocations,
  });
  expect(writeKeyDocument(document).length).toBeLessThan(64 * 1024);
});

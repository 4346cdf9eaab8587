import { describe, expect, test } from 'vitest';
import { encodeBase64 } from './base64.ts';
import {
  bytesOf,
  EVIDENCE,
  keyDocument,
  keyDocumentEnvelope,
  keyOf,
  packageEnvelope,
  refusalOf,
  time,
} from './testing.fixture.ts';
import { parseTrustFile, type PinnedKeys, trustIn, writePinnedTrustFile } from './trust.ts';
import { verifyPackageEnvelope } from './verdict.ts';

const KEY = keyOf(2);
const PINNED: PinnedKeys = { kind: 'pinned', publisher: 'kelompok', threshold: 1, keys: [KEY.publicKey] };
const REQUEST = { ...EVIDENCE, envelope: packageEnvelope([KEY]), at: time('2026-02-01') };

describe('the trust file', () => {
  const file = (publishers: unknown[]) =>
    bytesOf(JSON.stringify({ _type: 'https://souk.dev/documents/trust/v1', publishers }));
  const base64 = KEY.publicKey.toBase64();

  test('pins keys', () => {
    const trust = trustIn(parseTrustFile(writePinnedTrustFile([PINNED])), 'kelompok');
    expect(verifyPackageEnvelope({ ...REQUEST, trust }).plugin).toBe('csv-import');
  });

  test('carries key documents', () => {
    const envelope = encodeBase64(keyDocumentEnvelope(keyDocument(), [keyOf(1)]));
    const bytes = file([
      { publisher: 'kelompok', documents: [{ acceptedAt: '2026-01-02T00:00:00Z', envelope }] },
    ]);
    expect(
      verifyPackageEnvelope({ ...REQUEST, trust: trustIn(parseTrustFile(bytes), 'kelompok') }).plugin,
    ).toBe('csv-import');
  });

  test('says nothing about others, whatever they are called', () => {
    const trust = parseTrustFile(writePinnedTrustFile([PINNED]));
    for (const name of ['sahabot', '__proto__', 'constructor'])
      refusalOf('trust_publisher_missing', () => trustIn(trust, name));
  });

  test.each([
    ['empty', bytesOf('')],
    ['another-type', bytesOf('{"_type":"https://example.org/other","publishers":[]}')],
    ['no-object', file([null])],
    [
      'publisher-twice',
      file([
        { publisher: 'a', threshold: 1, keys: [base64] },
        { publisher: 'a', threshold: 1, keys: [base64] },
      ]),
    ],
    ['threshold-zero', file([{ publisher: 'a', threshold: 0, keys: [base64] }])],
    ['threshold-out-of-reach', file([{ publisher: 'a', threshold: 2, keys: [base64] }])],
    ['key-twice', file([{ publisher: 'a', threshold: 2, keys: [base64, base64] }])],
    ['no-key', file([{ publisher: 'a', threshold: 1, keys: [] }])],
    ['both-forms', file([{ publisher: 'a', threshold: 1, keys: [base64], documents: [] }])],
  ])('refused: %s', (_, bytes) => {
    refusalOf('trust_file_invalid', () => parseTrustFile(bytes));
  });

  test('refused: a low-order pinned key', () => {
    const identity = encodeBase64(Uint8Array.from([1, ...new Uint8Array(31)]));
    refusalOf('key_low_order', () =>
      parseTrustFile(file([{ publisher: 'a', threshold: 1, keys: [identity] }])),
    );
  });
});

test('refused: a trust file whose second key document was not signed by the first', () => {
  const first = encodeBase64(keyDocumentEnvelope(keyDocument(), [keyOf(1)]));
  const takeover = keyDocument({
    version: 2,
    keys: [{ ...(keyDocument().keys[0] ?? expect.fail()), key: keyOf(66).publicKey }],
    roles: {
      root: { threshold: 1, keyIds: [keyOf(66).publicKey.id] },
      publish: { threshold: 1, keyIds: [keyOf(66).publicKey.id] },
    },
  });
  const second = encodeBase64(keyDocumentEnvelope(takeover, [keyOf(66)]));
  const documents = [first, second].map((envelope, index) => ({
    acceptedAt: `2026-01-0${index + 2}T00:00:00Z`,
    envelope,
  }));
  const text = {
    _type: 'https://souk.dev/documents/trust/v1',
    publishers: [{ publisher: 'kelompok', documents }],
  };
  refusalOf('signature_key_unknown', () => parseTrustFile(bytesOf(JSON.stringify(text))));
});

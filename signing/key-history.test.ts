import { describe, expect, test } from 'vitest';
import { formatEnvelope, signEnvelope } from './envelope.ts';
import { sha256Hex } from './digest.ts';
import { type KeyDocument, writeKeyDocument } from './key-document.ts';
import {
  acceptFirstKeyDocument,
  acceptNextKeyDocument,
  type KeyHistory,
  keysValidAt,
  replayKeyHistory,
} from './key-history.ts';
import { KEY_PROOF_PAYLOAD_TYPE, type KeyChallenge, writeKeyProof } from './key-proof.ts';
import type { PrivateKey } from './private-key.ts';
import {
  bytesOf,
  keyDocument,
  keyDocumentEnvelope,
  keyOf,
  listed,
  refusalOf,
  time,
} from './testing.fixture.ts';

const [ROOT, PUBLISH, NEW_ROOT, NEW_PUBLISH, STRANGER] = [keyOf(1), keyOf(2), keyOf(3), keyOf(4), keyOf(66)];
const AT = time('2026-01-02');
const CHALLENGE: KeyChallenge = {
  origin: 'https://souk.example.org',
  publisher: 'kelompok',
  nonce: Buffer.alloc(32, 5).toString('base64'),
  expiresAt: time('2026-01-02T00:10:00Z'),
};

function proofOf(document: KeyDocument, keys: readonly PrivateKey[], challenge = CHALLENGE): Uint8Array {
  const payload = writeKeyProof(challenge, sha256Hex(writeKeyDocument(document)));
  return bytesOf(formatEnvelope(signEnvelope(KEY_PROOF_PAYLOAD_TYPE, payload, keys)));
}

type First = Parameters<typeof acceptFirstKeyDocument>[0];

function first(changes: Partial<First> = {}, document = keyDocument()): First {
  return {
    publisher: 'kelompok',
    envelope: keyDocumentEnvelope(document, [ROOT]),
    proof: proofOf(document, [ROOT, PUBLISH]),
    challenge: CHALLENGE,
    at: AT,
    ...changes,
  };
}

const HISTORY: KeyHistory = [acceptFirstKeyDocument(first())];

describe('the first document', () => {
  test('is accepted with its root threshold and a proof by every key', () => {
    expect(HISTORY[0].document.version).toBe(1);
  });

  test.each([
    ['of-another-publisher', 'key_document_other_publisher', { publisher: 'sahabot' }],
    ['before-its-time', 'key_document_expired', { at: time('2025-12-31') }],
    ['after-its-time', 'key_document_expired', { at: time('2027-01-01') }],
    [
      'signed-by-publish-only',
      'signature_key_role_wrong',
      { envelope: keyDocumentEnvelope(keyDocument(), [PUBLISH]) },
    ],
    [
      'signed-by-stranger',
      'signature_key_unknown',
      { envelope: keyDocumentEnvelope(keyDocument(), [STRANGER]) },
    ],
    [
      'version-two',
      'key_document_version_wrong',
      { envelope: keyDocumentEnvelope(keyDocument({ version: 2 }), [ROOT]) },
    ],
    ['proof-lacks-a-key', 'key_document_key_unproven', { proof: proofOf(keyDocument(), [ROOT]) }],
    [
      'proof-is-the-document',
      'envelope_payload_type_wrong',
      { proof: keyDocumentEnvelope(keyDocument(), [ROOT, PUBLISH]) },
    ],
    [
      'proof-of-another-document',
      'key_proof_mismatch',
      { proof: proofOf(keyDocument({ expiresAt: time('2026-12-01') }), [ROOT, PUBLISH]) },
    ],
    [
      'proof-for-another-registry',
      'key_proof_mismatch',
      { proof: proofOf(keyDocument(), [ROOT, PUBLISH], { ...CHALLENGE, origin: 'https://evil.example' }) },
    ],
    [
      'proof-with-another-nonce',
      'key_proof_mismatch',
      {
        proof: proofOf(keyDocument(), [ROOT, PUBLISH], {
          ...CHALLENGE,
          nonce: Buffer.alloc(32).toString('base64'),
        }),
      },
    ],
    [
      'proof-with-a-longer-life',
      'key_proof_mismatch',
      { proof: proofOf(keyDocument(), [ROOT, PUBLISH], { ...CHALLENGE, expiresAt: time('2027-01-01') }) },
    ],
    ['proof-too-late', 'key_proof_expired', { at: CHALLENGE.expiresAt }],
  ] as const)('refused: %s', (_, code, changes) => {
    refusalOf(code, () => acceptFirstKeyDocument(first(changes)));
  });

  test('refused: another key registered without holding it', () => {
    const theft = keyDocument({
      keys: [listed(ROOT), listed(STRANGER)],
      roles: { ...keyDocument().roles, publish: { threshold: 1, keyIds: [STRANGER.publicKey.id] } },
    });
    const request = first({ proof: proofOf(theft, [ROOT, PUBLISH]) }, theft);
    refusalOf('key_document_key_unproven', () =>
      acceptFirstKeyDocument({ ...request, envelope: keyDocumentEnvelope(theft, [ROOT]) }),
    );
  });

  test('an invalid time is a fault, not a pass', () => {
    expect(() => acceptFirstKeyDocument(first({ at: new Date(Number.NaN) }))).toThrow('no time');
    expect(() => keysValidAt(HISTORY, new Date(Number.NaN))).toThrow('no time');
  });
});

/** Version 2: new keys for both roles, the old publish key revoked from 1 March on. */
const ROTATED = keyDocument({
  version: 2,
  keys: [listed(NEW_ROOT), listed(NEW_PUBLISH)],
  roles: {
    root: { threshold: 1, keyIds: [NEW_ROOT.publicKey.id] },
    publish: { threshold: 1, keyIds: [NEW_PUBLISH.publicKey.id] },
  },
  revocations: [
    {
      keyId: PUBLISH.publicKey.id,
      effectiveFrom: time('2026-03-01'),
      decidedAt: time('2026-04-01'),
      reason: 'compromised',
    },
  ],
});
const ALL = [ROOT, NEW_ROOT, NEW_PUBLISH];
const ROTATED_AT = time('2026-04-01');
const next = (document: KeyDocument, keys: readonly PrivateKey[], history = HISTORY, at = ROTATED_AT) =>
  acceptNextKeyDocument({ history, envelope: keyDocumentEnvelope(document, keys), at });
const AFTER: KeyHistory = [...HISTORY, next(ROTATED, ALL)];

describe('the next document', () => {
  test.each([
    ['without-old-root', 'signature_key_unknown', ROTATED, [NEW_ROOT, NEW_PUBLISH]],
    ['without-new-root', 'signature_key_role_wrong', ROTATED, [ROOT, NEW_PUBLISH]],
    ['without-proof-of-new-key', 'key_document_key_unproven', ROTATED, [ROOT, NEW_ROOT]],
    ['old-publish-instead-of-root', 'signature_key_role_wrong', ROTATED, [PUBLISH, NEW_ROOT, NEW_PUBLISH]],
    ['same-version', 'key_document_version_wrong', { ...ROTATED, version: 1 }, ALL],
    ['version-skipped', 'key_document_version_wrong', { ...ROTATED, version: 3 }, ALL],
    ['of-another-publisher', 'key_document_other_publisher', { ...ROTATED, publisher: 'sahabot' }, ALL],
    ['expired', 'key_document_expired', { ...ROTATED, expiresAt: time('2026-03-01') }, ALL],
  ] as const)('refused: %s', (_, code, document, keys) => {
    refusalOf(code, () => next(document, keys));
  });

  test.each([
    ['dropped', []],
    ['later', [{ ...ROTATED.revocations[0], effectiveFrom: time('2026-05-01') }]],
  ] as const)('refused: a revocation is %s', (_, revocations) => {
    const document = { ...ROTATED, version: 3, revocations } as KeyDocument;
    refusalOf('key_document_revocation_dropped', () => next(document, [NEW_ROOT], AFTER, time('2026-05-02')));
  });

  test('refused: accepted before its predecessor', () => {
    refusalOf('key_document_version_wrong', () => next(ROTATED, ALL, HISTORY, time('2026-01-01')));
  });

  test('both thresholds count: two of the old, two of the new', () => {
    const role = (...keys: PrivateKey[]) => ({ threshold: 2, keyIds: keys.map((key) => key.publicKey.id) });
    const before = keyDocument({ roles: { root: role(ROOT, PUBLISH), publish: role(ROOT, PUBLISH) } });
    const history: KeyHistory = [{ document: before, acceptedAt: AT }];
    const after = keyDocument({
      version: 2,
      keys: [listed(PUBLISH), listed(NEW_ROOT)],
      roles: { root: role(PUBLISH, NEW_ROOT), publish: role(PUBLISH, NEW_ROOT) },
    });
    refusalOf('signature_threshold_not_reached', () => next(after, [PUBLISH, NEW_ROOT], history));
    refusalOf('signature_threshold_not_reached', () => next(after, [ROOT, PUBLISH], history));
    expect(next(after, [ROOT, PUBLISH, NEW_ROOT], history).document.version).toBe(2);
  });

  test('an expired document can still be followed, as long as its keys are valid', () => {
    const lapsed: KeyHistory = [{ document: keyDocument({ expiresAt: time('2026-02-01') }), acceptedAt: AT }];
    refusalOf('signature_key_not_valid', () => keysValidAt(lapsed, time('2026-03-01')));
    expect(next(ROTATED, ALL, lapsed).document.version).toBe(2);
  });
});

describe('keys at a time', () => {
  const standing = (history: KeyHistory, key: PrivateKey, at: string) =>
    keysValidAt(history, time(at)).keys.get(key.publicKey.id)?.standing;

  test('before the effective time the old key counts, from it on it does not', () => {
    expect(standing(AFTER, PUBLISH, '2026-02-28T23:59:59Z')).toBe('good');
    expect(standing(AFTER, PUBLISH, '2026-03-01')).toBe('revoked');
    expect(standing(AFTER, PUBLISH, '2026-03-31')).toBe('revoked');
    expect(standing(AFTER, PUBLISH, '2026-04-01')).toBe('revoked');
  });

  test('the new key counts from the acceptance of its document on', () => {
    expect(standing(AFTER, NEW_PUBLISH, '2026-03-31T23:59:59Z')).toBeUndefined();
    expect(standing(AFTER, NEW_PUBLISH, '2026-04-01')).toBe('good');
  });

  test('a root key does not publish', () => {
    expect(standing(HISTORY, ROOT, '2026-02-01')).toBe('wrongRole');
  });

  test('a validity has its first moment and not its last', () => {
    const short = keyDocument({ keys: [listed(ROOT), listed(PUBLISH, '2026-02-01', '2026-03-01')] });
    const history: KeyHistory = [{ document: short, acceptedAt: AT }];
    expect(
      ['2026-01-31T23:59:59Z', '2026-02-01', '2026-02-28T23:59:59Z', '2026-03-01'].map((at) =>
        standing(history, PUBLISH, at),
      ),
    ).toEqual(['notValid', 'good', 'good', 'notValid']);
  });

  test('before the first document nothing counts', () => {
    refusalOf('signature_key_not_valid', () => keysValidAt(HISTORY, time('2026-01-01')));
  });
});

describe('replay', () => {
  const stored = [
    { envelope: keyDocumentEnvelope(keyDocument(), [ROOT]), acceptedAt: AT },
    { envelope: keyDocumentEnvelope(ROTATED, ALL), acceptedAt: ROTATED_AT },
  ];

  test('gives the history that was accepted', () => {
    const versions = replayKeyHistory('kelompok', stored).map(({ document }) => document.version);
    expect(versions).toEqual([1, 2]);
  });

  test('finds a document that was slipped into the store', () => {
    const forged = {
      envelope: keyDocumentEnvelope(ROTATED, [NEW_ROOT, NEW_PUBLISH]),
      acceptedAt: ROTATED_AT,
    };
    refusalOf('signature_key_unknown', () => replayKeyHistory('kelompok', [...stored.slice(0, 1), forged]));
    refusalOf('key_document_version_wrong', () => replayKeyHistory('kelompok', stored.slice(1)));
    refusalOf('key_document_invalid', () => replayKeyHistory('kelompok', []));
  });
});

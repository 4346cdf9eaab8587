import { describe, expect, test } from 'vitest';
import { sha256Hex } from './digest.ts';
import { encodeScalar, decodeScalar, L } from './edwards-curve.fixture.ts';
import { type Envelope, formatEnvelope, parseEnvelope } from './envelope.ts';
import type { KeyHistory } from './key-history.ts';
import { STATEMENT_PAYLOAD_TYPE } from './statement.ts';
import {
  ARCHIVE,
  bytesOf,
  EVIDENCE,
  FILES,
  keyDocument,
  keyOf,
  listed,
  packageEnvelope,
  refusalOf,
  time,
} from './testing.fixture.ts';
import type { PinnedKeys, Trust } from './trust.ts';
import { keyDocumentEnvelope } from './testing.fixture.ts';
import { matchFileList, matchIdentity, readUnverifiedStatement, verifyPackageEnvelope } from './verdict.ts';

const KEY = keyOf(2);
const PINNED: PinnedKeys = { kind: 'pinned', publisher: 'kelompok', threshold: 1, keys: [KEY.publicKey] };
const AT = time('2026-02-01');
const HISTORY: KeyHistory = [{ document: keyDocument(), acceptedAt: time('2026-01-02') }];
const REQUEST = { ...EVIDENCE, envelope: packageEnvelope([KEY]), trust: PINNED as Trust, at: AT };

function alter(change: (envelope: Envelope) => Partial<Envelope>): Uint8Array {
  const envelope = parseEnvelope(packageEnvelope([KEY]), STATEMENT_PAYLOAD_TYPE);
  return bytesOf(formatEnvelope({ ...envelope, ...change(envelope) }));
}

const alterSignature = (change: (signature: Uint8Array) => Uint8Array) =>
  alter(({ signatures }) => ({
    signatures: signatures.map((entry) => ({ ...entry, signature: change(entry.signature) })),
  }));

describe('a sound package', () => {
  test('is verified with pinned keys and with a key document', () => {
    for (const trust of [PINNED, { kind: 'documents', history: HISTORY } as const]) {
      const statement = verifyPackageEnvelope({
        ...REQUEST,
        trust,
        expected: { plugin: 'csv-import', version: '0.1.0' },
      });
      expect(statement.signers).toEqual([KEY.publicKey.id]);
      expect(statement.envelopeSha256).toBe(sha256Hex(REQUEST.envelope));
      const { payload } = parseEnvelope(REQUEST.envelope, STATEMENT_PAYLOAD_TYPE);
      expect(statement.statementSha256).toBe(sha256Hex(payload));
      expect(matchFileList(statement, FILES.toReversed())).toEqual(statement);
    }
  });

  test('a signature of an unknown key beside it does no harm', () => {
    const envelope = packageEnvelope([keyOf(66), KEY]);
    expect(verifyPackageEnvelope({ ...REQUEST, envelope }).signers).toEqual([KEY.publicKey.id]);
  });

  test('can be read without keys, which proves nothing about who signed', () => {
    expect(readUnverifiedStatement(REQUEST).publisher).toBe('kelompok');
  });
});

const flipLast = (bytes: Uint8Array): Uint8Array => bytes.with(40, (bytes[40] ?? 0) ^ 1);
const malleate = (signature: Uint8Array): Uint8Array =>
  Uint8Array.from([...signature.subarray(0, 32), ...encodeScalar(decodeScalar(signature.subarray(32)) + L)]);
const twoOf = (...keys: PinnedKeys['keys'][number][]): Trust => ({ ...PINNED, threshold: 2, keys });
const sixteenTimes = alter(({ signatures }) => ({
  signatures: Array.from({ length: 16 }, () => signatures[0] ?? expect.fail()),
}));
const underAnotherId = alter(({ signatures }) => ({
  signatures: [...signatures, ...signatures.map((entry) => ({ ...entry, keyId: keyOf(5).publicKey.id }))],
}));
const documents = (changes: Parameters<typeof keyDocument>[0]): Trust => ({
  kind: 'documents',
  history: [{ document: keyDocument(changes), acceptedAt: time('2026-01-02') }],
});

describe('refused packages', () => {
  test.each([
    ['unknown-key', 'signature_key_unknown', { envelope: packageEnvelope([keyOf(66)]) }],
    ['signature-altered', 'signature_invalid', { envelope: alterSignature(flipLast) }],
    ['signature-malleable', 'signature_malleable', { envelope: alterSignature(malleate) }],
    [
      'signature-cut',
      'signature_malformed',
      { envelope: alterSignature((signature) => signature.subarray(1)) },
    ],
    [
      'payload-altered',
      'signature_invalid',
      {
        envelope: alter(({ payload }) => ({
          payload: bytesOf(Buffer.from(payload).toString().replace('0.1.0', '0.2.0')),
        })),
      },
    ],
    [
      'payload-with-white-space',
      'signature_invalid',
      { envelope: alter(({ payload }) => ({ payload: bytesOf(`${Buffer.from(payload).toString()} `) })) },
    ],
    [
      'payload-type-of-key-documents',
      'envelope_payload_type_wrong',
      { envelope: keyDocumentEnvelope(keyDocument(), [KEY]) },
    ],
    [
      'signed-by-root-key',
      'signature_key_role_wrong',
      { envelope: packageEnvelope([keyOf(1)]), trust: documents({}) },
    ],
    [
      'key-not-yet-valid',
      'signature_key_not_valid',
      { trust: documents({ keys: [listed(keyOf(1)), listed(KEY, '2026-03-01')] }) },
    ],
    ['key-revoked', 'signature_key_revoked', { trust: revokedTrust() }],
    [
      'one-key-sixteen-times',
      'signature_threshold_not_reached',
      { envelope: sixteenTimes, trust: twoOf(KEY.publicKey, keyOf(5).publicKey) },
    ],
    [
      'one-key-under-two-ids',
      'signature_invalid',
      { envelope: underAnotherId, trust: twoOf(KEY.publicKey, keyOf(5).publicKey) },
    ],
    [
      'other-publisher',
      'statement_other_publisher',
      { envelope: packageEnvelope([KEY], { publisher: 'sahabot', plugin: 'csv-import', version: '0.1.0' }) },
    ],
    ['other-plugin', 'statement_other_plugin', { expected: { plugin: 'presets' } }],
    ['other-version', 'statement_other_version', { expected: { version: '0.1.1' } }],
    ['other-archive', 'signed_archive_differs', { archiveSha256: sha256Hex(bytesOf('x')) }],
    ['other-size', 'signed_archive_differs', { archiveSize: ARCHIVE.length + 1 }],
  ] as const)('%s', (_, code, changes) => {
    refusalOf(code, () => verifyPackageEnvelope({ ...REQUEST, ...changes }));
  });

  test('before the effective time of a revocation the package stays good', () => {
    const verdict = verifyPackageEnvelope({ ...REQUEST, trust: revokedTrust(), at: time('2026-01-14') });
    expect(verdict.signers).toEqual([KEY.publicKey.id]);
  });

  test('unread claims are held against the archive too', () => {
    refusalOf('signed_archive_differs', () =>
      readUnverifiedStatement({ ...REQUEST, archiveSha256: '0'.repeat(64) }),
    );
  });
});

function revokedTrust(): Trust {
  const document = keyDocument({
    version: 2,
    keys: [listed(keyOf(1)), listed(keyOf(4))],
    roles: { ...keyDocument().roles, publish: { threshold: 1, keyIds: [keyOf(4).publicKey.id] } },
    revocations: [
      {
        keyId: KEY.publicKey.id,
        effectiveFrom: time('2026-01-15'),
        decidedAt: time('2026-03-01'),
        reason: 'compromised',
      },
    ],
  });
  return { kind: 'documents', history: [...HISTORY, { document, acceptedAt: time('2026-03-01') }] };
}

describe('the file list', () => {
  const statement = readUnverifiedStatement(REQUEST);
  const [readme, ...others] = FILES;

  test.each([
    ['a-file-less', others],
    ['a-file-more', [...FILES, { path: 'evil.js', size: 1, sha256: '0'.repeat(64) }]],
    ['a-file-more-named-proto', [...FILES, { path: '__proto__', size: 1, sha256: '0'.repeat(64) }]],
    ['a-file-renamed', [{ ...readme, path: 'readme.md' }, ...others]],
    ['other-size', [{ ...readme, size: 1 }, ...others]],
    ['other-content', [{ ...readme, sha256: '0'.repeat(64) }, ...others]],
    ['a-file-twice', [...FILES, readme]],
    ['nothing', []],
  ])('refused: %s', (_, entries) => {
    refusalOf('signed_files_differ', () => matchFileList(statement, entries as typeof FILES));
  });

  test('reports at most twenty differences', () => {
    const entries = Array.from({ length: 500 }, (_, index) => ({ path: `f${index}`, size: 0, sha256: '' }));
    expect(refusalOf('signed_files_differ', () => matchFileList(statement, entries)).violations).toHaveLength(
      20,
    );
  });
});

test('the identity of the manifest is compared member by member', () => {
  const statement = readUnverifiedStatement(REQUEST);
  matchIdentity(statement, { publisher: 'kelompok', plugin: 'csv-import', version: '0.1.0' });
  refusalOf('statement_other_publisher', () => matchIdentity(statement, { publisher: 'sahabot' }));
});

/** Recomputes every value of the worked example from the text of docs/formats/signing.md. */
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SIGNING_ERRORS } from '../spec/errors/signing.ts';
import {
  acceptFirstKeyDocument,
  contentsDigest,
  formatEnvelope,
  formatPrivateKeyFile,
  formatPublicKeyFile,
  KEY_DOCUMENT_PAYLOAD_TYPE,
  KEY_PROOF_PAYLOAD_TYPE,
  type KeyChallenge,
  matchFileList,
  parseKeyDocument,
  parsePrivateKeyFile,
  parseTrustFile,
  sha256Hex,
  signEnvelope,
  STATEMENT_PAYLOAD_TYPE,
  trustIn,
  verifyPackageEnvelope,
  writeKeyDocument,
  writeKeyProof,
  writePinnedTrustFile,
  writeStatement,
} from './index.ts';
import { bytesOf, keyOf, refusalOf, time } from './testing.fixture.ts';

const TEXT = readFileSync(new URL('../docs/formats/signing.md', import.meta.url), 'utf8');
const BLOCKS = new Map(
  [...TEXT.matchAll(/```text example=(\S+)\n([\s\S]*?)```/gu)].map(([, name, content]) => [name, content]),
);

/** A block with its line feed. */
function block(name: string): string {
  return BLOCKS.get(name) ?? expect.fail(`the document has no example ${name}`);
}

const line = (name: string): string => block(name).slice(0, -1);

const PUBLISH = parsePrivateKeyFile(bytesOf(block('private-key-file')));
const ROOT = keyOf(1);
const ARCHIVE = Uint8Array.from(Buffer.from(line('archive'), 'base64'));
const FILES = ['index.js', 'manifest.json'].map((path) => {
  const content = bytesOf(block(path));
  return { path, size: content.length, sha256: sha256Hex(content) };
});

test('keys', () => {
  expect(PUBLISH.publicKey.id).toBe(keyOf(2).publicKey.id);
  expect(formatPrivateKeyFile(keyOf(2))).toBe(block('private-key-file'));
  expect(formatPublicKeyFile(PUBLISH.publicKey)).toBe(block('public-key-file'));
  expect(formatPublicKeyFile(ROOT.publicKey)).toBe(block('root-public-key-file'));
});

test('digests', () => {
  expect(sha256Hex(ARCHIVE)).toBe(line('archive-sha256'));
  expect(FILES.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join('')).toBe(block('summary'));
  expect(contentsDigest(FILES)).toBe(line('contents'));
  expect(`h1:${Buffer.from(sha256Hex(bytesOf(block('summary'))), 'hex').toString('base64')}`).toBe(
    line('contents'),
  );
});

test('statement and envelope', () => {
  const identity = { publisher: 'kelompok', plugin: 'hello', version: '0.1.0' };
  const payload = writeStatement(identity, { sha256: sha256Hex(ARCHIVE), size: ARCHIVE.length }, FILES);
  expect(Buffer.from(payload).toString()).toBe(line('statement'));
  expect(formatEnvelope(signEnvelope(STATEMENT_PAYLOAD_TYPE, payload, [PUBLISH]))).toBe(block('envelope'));
});

test('the signature, as a second implementation would verify it', () => {
  const payload = Buffer.from(line('statement'));
  const type = 'application/vnd.in-toto+json';
  const message = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
  const base64 = /^key (.+)$/mu.exec(block('public-key-file'))?.[1] ?? '';
  const x = Buffer.from(base64, 'base64').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  expect(verify(null, message, key, Buffer.from(line('signature'), 'base64'))).toBe(true);
  expect(block('envelope')).toContain(`"sig":"${line('signature')}"`);
});

test('key document, proof and registration', () => {
  const document = parseKeyDocument(bytesOf(line('key-document')));
  const payload = writeKeyDocument(document);
  expect(Buffer.from(payload).toString()).toBe(line('key-document'));
  expect(formatEnvelope(signEnvelope(KEY_DOCUMENT_PAYLOAD_TYPE, payload, [ROOT]))).toBe(
    block('key-document-envelope'),
  );
  const challenge: KeyChallenge = {
    origin: 'https://souk.example.org',
    publisher: 'kelompok',
    nonce: Buffer.alloc(32, 3).toString('base64'),
    expiresAt: time('2026-01-02T00:10:00Z'),
  };
  const proof = writeKeyProof(challenge, sha256Hex(payload));
  expect(Buffer.from(proof).toString()).toBe(line('key-proof'));
  expect(formatEnvelope(signEnvelope(KEY_PROOF_PAYLOAD_TYPE, proof, [ROOT, PUBLISH]))).toBe(
    block('key-proof-envelope'),
  );
  const accepted = acceptFirstKeyDocument({
    publisher: 'kelompok',
    envelope: bytesOf(block('key-document-envelope')),
    proof: bytesOf(block('key-proof-envelope')),
    challenge,
    at: time('2026-01-02'),
  });
  expect(accepted.document).toEqual(document);
});

test.each(['pinned-trust-file', 'trust-file'])('the verdict with the %s', (name) => {
  const trust = trustIn(parseTrustFile(bytesOf(block(name))), 'kelompok');
  const request = {
    archiveSha256: sha256Hex(ARCHIVE),
    archiveSize: ARCHIVE.length,
    trust,
    at: time('2026-02-01'),
  };
  const statement = verifyPackageEnvelope({ ...request, envelope: bytesOf(block('envelope')) });
  expect(matchFileList(statement, FILES).signers).toEqual([PUBLISH.publicKey.id]);
  const malleable = bytesOf(block('malleable-envelope'));
  refusalOf('signature_malleable', () => verifyPackageEnvelope({ ...request, envelope: malleable }));
});

test('the pinned trust file is what the command writes', () => {
  const bytes = writePinnedTrustFile([
    { kind: 'pinned', publisher: 'kelompok', threshold: 1, keys: [PUBLISH.publicKey] },
  ]);
  expect(Buffer.from(bytes).toString()).toBe(line('pinned-trust-file'));
});

test('every code that the document names exists, and it names every code of a form that it specifies', () => {
  const named = new Set(
    [...TEXT.matchAll(/`((?:key|envelope|signature|statement|signed|trust)_[a-z_]+)`/gu)].map(
      ([, code]) => code,
    ),
  );
  const codes = Object.keys(SIGNING_ERRORS);
  expect([...named].filter((code) => !codes.includes(code ?? ''))).toEqual([]);
  expect(codes.filter((code) => !named.has(code) && !code.startsWith('key_file_'))).toEqual([]);
});

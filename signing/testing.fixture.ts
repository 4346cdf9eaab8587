import { expect } from 'vitest';
import type { ErrorCode } from '../spec/error-codes.ts';
import { Refusal } from '../spec/refusal.ts';
import { sha256Hex } from './digest.ts';
import { formatEnvelope, signEnvelope } from './envelope.ts';
import {
  KEY_DOCUMENT_PAYLOAD_TYPE,
  type KeyDocument,
  type ListedKey,
  writeKeyDocument,
} from './key-document.ts';
import { PrivateKey } from './private-key.ts';
import { STATEMENT_PAYLOAD_TYPE, writeStatement } from './statement.ts';

/** A key that is the same in every run. */
export function keyOf(seedByte: number): PrivateKey {
  return PrivateKey.fromSeed(new Uint8Array(32).fill(seedByte));
}

export const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'utf8'));
export const time = (text: string): Date => new Date(text.includes('T') ? text : `${text}T00:00:00Z`);

/** Runs `act` and returns its refusal, which must have `code`. */
export function refusalOf(code: ErrorCode, act: () => unknown): Refusal {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    expect(error.code, error.message).toBe(code);
    return error;
  }
  return expect.fail(`nothing was refused, but ${code} was expected`);
}

export const ARCHIVE = bytesOf('the bytes of an archive');
export const FILES = ['README.md', 'index.js', 'manifest.json'].map((path) => ({
  path,
  size: path.length,
  sha256: sha256Hex(bytesOf(path)),
}));
export const IDENTITY = { publisher: 'kelompok', plugin: 'csv-import', version: '0.1.0' };
export const ARCHIVE_DIGEST = { sha256: sha256Hex(ARCHIVE), size: ARCHIVE.length };
export const EVIDENCE = { archiveSha256: ARCHIVE_DIGEST.sha256, archiveSize: ARCHIVE_DIGEST.size };

/** An envelope over a sound statement, signed by `keys`. */
export function packageEnvelope(keys: readonly PrivateKey[], identity = IDENTITY): Uint8Array {
  const payload = writeStatement(identity, ARCHIVE_DIGEST, FILES);
  return bytesOf(formatEnvelope(signEnvelope(STATEMENT_PAYLOAD_TYPE, payload, keys)));
}

export function listed(key: PrivateKey, notBefore = '2026-01-01', notAfter = '2027-01-01'): ListedKey {
  return { key: key.publicKey, notBefore: time(notBefore), notAfter: time(notAfter) };
}

/** A sound first document: key 1 is root, key 2 publishes. */
export function keyDocument(changes: Partial<KeyDocument> = {}): KeyDocument {
  return {
    publisher: 'kelompok',
    version: 1,
    issuedAt: time('2026-01-01'),
    expiresAt: time('2027-01-01'),
    keys: [listed(keyOf(1)), listed(keyOf(2))],
    roles: {
      root: { threshold: 1, keyIds: [keyOf(1).publicKey.id] },
      publish: { threshold: 1, keyIds: [keyOf(2).publicKey.id] },
    },
    revocations: [],
    ...changes,
  };
}

export function keyDocumentEnvelope(document: KeyDocument, keys: readonly PrivateKey[]): Uint8Array {
  return bytesOf(formatEnvelope(signEnvelope(KEY_DOCUMENT_PAYLOAD_TYPE, writeKeyDocument(document), keys)));
}

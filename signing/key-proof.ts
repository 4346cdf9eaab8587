/**
 * Proof of possession at registration: every key of a publisher's first key document answers a challenge of the
 * registry, so that nobody registers a key that belongs to someone else (an identity misbinding).
 *
 *     {"_type":"https://souk.dev/documents/key-challenge/v1","origin":"https://souk.example.org",
 *      "publisher":"kelompok","nonce":"<base64 of 32 bytes>","expiresAt":"2026-01-01T00:10:00Z",
 *      "documentSha256":"<hex>"}
 *
 * A payload type of its own keeps the answer from being worth anything elsewhere; `documentSha256` is over the
 * payload of the key document's envelope and thereby names every key.
 */
import { Refusal } from '../spec/refusal.ts';
import { decodeBase64 } from './base64.ts';
import { parseDocument, writeDocument } from './document.ts';
import {
  type Field,
  formatTime,
  readConstant,
  readMembers,
  readSha256,
  readText,
  readTime,
  refuseField,
} from './fields.ts';
import { readPublisher } from './key-document.ts';

export const KEY_PROOF_PAYLOAD_TYPE = 'application/vnd.souk.key-challenge+json';
const KEY_PROOF_TYPE = 'https://souk.dev/documents/key-challenge/v1';
const NONCE_BYTES = 32;

/** What the registry hands out and remembers until it is answered, once. */
export type KeyChallenge = {
  /** Scheme, host and port of the registry, as `URL.origin` spells it. */
  readonly origin: string;
  readonly publisher: string;
  /** 32 random bytes in base64. */
  readonly nonce: string;
  readonly expiresAt: Date;
};

/** Writes the answer that every key of the document signs. */
export function writeKeyProof(challenge: KeyChallenge, documentSha256: string): Uint8Array {
  const payload = writeDocument({
    _type: KEY_PROOF_TYPE,
    origin: challenge.origin,
    publisher: challenge.publisher,
    nonce: challenge.nonce,
    expiresAt: formatTime(challenge.expiresAt),
    documentSha256,
  });
  parseKeyProof(payload);
  return payload;
}

type KeyProof = KeyChallenge & { readonly documentSha256: string };

function parseKeyProof(payload: Uint8Array): KeyProof {
  const fields = readMembers(parseDocument(payload, 'key_proof_invalid'), [
    '_type',
    'origin',
    'publisher',
    'nonce',
    'expiresAt',
    'documentSha256',
  ]);
  readConstant(fields._type, KEY_PROOF_TYPE);
  return {
    origin: readText(fields.origin),
    publisher: readPublisher(fields.publisher),
    nonce: readNonce(fields.nonce),
    expiresAt: readTime(fields.expiresAt),
    documentSha256: readSha256(fields.documentSha256),
  };
}

function readNonce(field: Field): string {
  const text = readText(field);
  return decodeBase64(text)?.length === NONCE_BYTES
    ? text
    : refuseField(field, `is not ${NONCE_BYTES} bytes in base64`);
}

/**
 * @param challenge what this registry handed out; that it has not been answered before is the caller's to know
 * @throws Refusal `key_proof_invalid`, `key_proof_mismatch` or `key_proof_expired`
 */
export function requireAnswer(
  payload: Uint8Array,
  challenge: KeyChallenge,
  documentSha256: string,
  at: Date,
): void {
  const proof = parseKeyProof(payload);
  const expected: KeyProof = { ...challenge, documentSha256 };
  for (const name of ['origin', 'publisher', 'nonce', 'documentSha256'] as const) {
    if (proof[name] !== expected[name])
      throw new Refusal('key_proof_mismatch', {
        detail: `"${name}" is not that of the challenge and document.`,
      });
  }
  if (formatTime(proof.expiresAt) !== formatTime(challenge.expiresAt))
    throw new Refusal('key_proof_mismatch', { detail: '"expiresAt" is not that of the challenge.' });
  if (at >= challenge.expiresAt)
    throw new Refusal('key_proof_expired', {
      detail: `The challenge ran until ${formatTime(challenge.expiresAt)}.`,
    });
}

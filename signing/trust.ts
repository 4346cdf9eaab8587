/**
 * Whom a verifier believes about one publisher, and the trust file that says so offline:
 *
 *     {"_type":"https://souk.dev/documents/trust/v1","publishers":[
 *       {"publisher":"kelompok","threshold":1,"keys":["<base64 of a raw key>"]},
 *       {"publisher":"sahabot","documents":[{"acceptedAt":"2026-01-01T00:00:00Z","envelope":"<base64>"}]}]}
 *
 * Pinned keys are good at any time. Key documents carry validity, rotation and revocation; the first one is believed
 * because it lies in this file, each further one because of the one before it.
 */
import { ENVELOPE_LIMITS } from '../spec/limits.ts';
import { Fault, Refusal } from '../spec/refusal.ts';
import { parseDocument, writeDocument } from './document.ts';
import {
  type Field,
  readBase64,
  readConstant,
  readInteger,
  readItems,
  readMembers,
  readText,
  readTime,
  refuseField,
} from './fields.ts';
import { readPublisher } from './key-document.ts';
import { type KeyHistory, keysValidAt, replayKeyHistory } from './key-history.ts';
import { PublicKey } from './public-key.ts';
import type { SignerSet } from './signer-set.ts';

export type PinnedKeys = {
  readonly kind: 'pinned';
  readonly publisher: string;
  readonly threshold: number;
  readonly keys: readonly PublicKey[];
};

export type Trust = PinnedKeys | { readonly kind: 'documents'; readonly history: KeyHistory };

const TRUST_FILE_TYPE = 'https://souk.dev/documents/trust/v1';
const TRUST_FILE_BYTES_MAX = 16 * 1024 * 1024;
const PUBLISHERS_MAX = 1_000;
const DOCUMENTS_MAX = 1_000;

/** @returns the publisher about whom `trust` speaks */
export function trustedPublisher(trust: Trust): string {
  switch (trust.kind) {
    case 'pinned':
      return trust.publisher;
    case 'documents':
      return trust.history[0].document.publisher;
    default:
      throw new Fault(`unknown trust ${String(trust satisfies never)}`);
  }
}

/**
 * @param at the time at which the registry accepted the package, or will
 * @throws Refusal `signature_key_not_valid` where no key document is in force
 */
export function packageSignersAt(trust: Trust, at: Date): SignerSet {
  switch (trust.kind) {
    case 'pinned':
      return {
        threshold: trust.threshold,
        keys: new Map(trust.keys.map((key) => [key.id, { key, standing: 'good' }])),
      };
    case 'documents':
      return keysValidAt(trust.history, at);
    default:
      throw new Fault(`unknown trust ${String(trust satisfies never)}`);
  }
}

/** Trust by publisher. */
export type TrustFile = ReadonlyMap<string, Trust>;

/** @throws Refusal `trust_file_invalid`, and as `replayKeyHistory` and `PublicKey.fromBytes` */
export function parseTrustFile(bytes: Uint8Array): TrustFile {
  if (bytes.length > TRUST_FILE_BYTES_MAX)
    throw new Refusal('trust_file_invalid', { detail: `The file has ${bytes.length} bytes.` });
  const top = parseDocument(bytes, 'trust_file_invalid');
  const { _type, publishers } = readMembers(top, ['_type', 'publishers']);
  readConstant(_type, TRUST_FILE_TYPE);
  const file = new Map<string, Trust>();
  for (const item of readItems(publishers, PUBLISHERS_MAX)) {
    const trust = readTrust(item);
    const publisher = trustedPublisher(trust);
    if (file.has(publisher)) refuseField({ ...item, value: publisher }, 'is listed twice');
    file.set(publisher, trust);
  }
  return file;
}

/** @throws Refusal `trust_publisher_missing` */
export function trustIn(file: TrustFile, publisher: string): Trust {
  const trust = file.get(publisher);
  if (!trust) throw new Refusal('trust_publisher_missing', { detail: `Nothing is said about ${publisher}.` });
  return trust;
}

function readTrust(item: Field): Trust {
  const { value } = item;
  const hasDocuments = typeof value === 'object' && value !== null && Object.hasOwn(value, 'documents');
  return hasDocuments ? readDocuments(item) : readPinned(item);
}

function readPinned(item: Field): PinnedKeys {
  const fields = readMembers(item, ['publisher', 'threshold', 'keys']);
  const keys = readItems(fields.keys, ENVELOPE_LIMITS.signaturesMax).map((key) =>
    PublicKey.fromBase64(readText(key)),
  );
  if (keys.length === 0) refuseField(fields.keys, 'is empty');
  const ids = new Set(keys.map((key) => key.id));
  if (ids.size < keys.length) refuseField(fields.keys, 'lists a key twice');
  const threshold = readInteger(fields.threshold, 1, keys.length);
  return { kind: 'pinned', publisher: readPublisher(fields.publisher), threshold, keys };
}

function readDocuments(item: Field): Trust {
  const fields = readMembers(item, ['publisher', 'documents']);
  const publisher = readPublisher(fields.publisher);
  const documents = readItems(fields.documents, DOCUMENTS_MAX).map((entry) => {
    const { acceptedAt, envelope } = readMembers(entry, ['acceptedAt', 'envelope']);
    return { acceptedAt: readTime(acceptedAt), envelope: readBase64(envelope) };
  });
  return { kind: 'documents', history: replayKeyHistory(publisher, documents) };
}

/** @returns a trust file that pins keys, as `souk keygen` writes it for a first user. */
export function writePinnedTrustFile(pinned: readonly PinnedKeys[]): Uint8Array {
  const bytes = writeDocument({
    _type: TRUST_FILE_TYPE,
    publishers: pinned.map(({ publisher, threshold, keys }) => ({
      publisher,
      threshold,
      keys: keys.map((key) => key.toBase64()),
    })),
  });
  parseTrustFile(bytes);
  return bytes;
}

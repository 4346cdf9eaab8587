/**
 * The key document of a publisher: which keys speak for it, in the manner of TUF's root role (TUF, section 4.3).
 *
 *     {"_type":"https://souk.dev/documents/publisher-keys/v1","publisher":"kelompok","version":1,
 *      "issuedAt":"2026-01-01T00:00:00Z","expiresAt":"2027-01-01T00:00:00Z",
 *      "keys":[{"keyid":"ed25519:<hex>","key":"<base64>",
 *               "notBefore":"2026-01-01T00:00:00Z","notAfter":"2027-01-01T00:00:00Z"}],
 *      "roles":{"root":{"threshold":1,"keyids":["…"]},"publish":{"threshold":1,"keyids":["…"]}},
 *      "revocations":[{"keyid":"…","effectiveFrom":"…","decidedAt":"…","reason":"compromised"}]}
 *
 * It travels as the payload of a DSSE envelope with a type of its own. A validity runs from `notBefore` up to but not
 * including `notAfter`. Every key has a role; a revoked key has none. This file reads the form; `key-history.ts`
 * decides whether a document is accepted and what it means at a time.
 */
import { isNamespace } from '../spec/plugin-id.ts';
import { ENVELOPE_LIMITS } from '../spec/limits.ts';
import { Refusal } from '../spec/refusal.ts';
import { parseDocument, writeDocument } from './document.ts';
import {
  type Field,
  formatTime,
  readChoice,
  readConstant,
  readInteger,
  readItems,
  readMembers,
  readText,
  readTime,
  refuseField,
} from './fields.ts';
import { isKeyId, type KeyId, PublicKey } from './public-key.ts';

export const KEY_DOCUMENT_PAYLOAD_TYPE = 'application/vnd.souk.publisher-keys+json';
const KEY_DOCUMENT_TYPE = 'https://souk.dev/documents/publisher-keys/v1';

/** A document that replaces every key is signed by all the old and all the new ones, in one envelope. */
const KEYS_MAX = ENVELOPE_LIMITS.signaturesMax / 2;
const REVOCATIONS_MAX = 128;
/** 8 keys of about 300 bytes and 128 revocations of about 220 are below half of it. */
const KEY_DOCUMENT_BYTES_MAX = 64 * 1024;

export const KEY_ROLES = ['root', 'publish'] as const;
export type KeyRole = (typeof KEY_ROLES)[number];

export const REVOCATION_REASONS = ['compromised', 'lost', 'superseded', 'ceased'] as const;
type RevocationReason = (typeof REVOCATION_REASONS)[number];

export type ListedKey = { readonly key: PublicKey; readonly notBefore: Date; readonly notAfter: Date };
type RoleKeys = { readonly threshold: number; readonly keyIds: readonly KeyId[] };

export type Revocation = {
  readonly keyId: KeyId;
  /** From this time on the key has no effect; what was accepted before it stays good. */
  readonly effectiveFrom: Date;
  readonly decidedAt: Date;
  readonly reason: RevocationReason;
};

export type KeyDocument = {
  readonly publisher: string;
  readonly version: number;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  readonly keys: readonly ListedKey[];
  readonly roles: Readonly<Record<KeyRole, RoleKeys>>;
  readonly revocations: readonly Revocation[];
};

/**
 * Reads the form of a key document. Nothing is proved about who made it.
 * @throws Refusal `key_document_too_large`, `key_document_invalid`, or about a key as `PublicKey.fromBytes`
 */
export function parseKeyDocument(payload: Uint8Array): KeyDocument {
  if (payload.length > KEY_DOCUMENT_BYTES_MAX)
    throw new Refusal('key_document_too_large', { detail: `The document has ${payload.length} bytes.` });
  const fields = readMembers(parseDocument(payload, 'key_document_invalid'), [
    '_type',
    'publisher',
    'version',
    'issuedAt',
    'expiresAt',
    'keys',
    'roles',
    'revocations',
  ]);
  readConstant(fields._type, KEY_DOCUMENT_TYPE);
  const document = {
    publisher: readPublisher(fields.publisher),
    version: readInteger(fields.version, 1, Number.MAX_SAFE_INTEGER),
    ...readPeriod(fields.issuedAt, fields.expiresAt),
    keys: readItems(fields.keys, KEYS_MAX).map(readListedKey),
    roles: readRoles(fields.roles),
    revocations: readItems(fields.revocations, REVOCATIONS_MAX).map(readRevocation),
  };
  requireUniqueIds(
    fields.keys,
    document.keys.map(({ key }) => key.id),
  );
  requireUniqueIds(
    fields.revocations,
    document.revocations.map(({ keyId }) => keyId),
  );
  requireRolesMatchKeys(fields.roles, document);
  return document;
}

export function readPublisher(field: Field): string {
  const text = readText(field);
  return isNamespace(text) ? text : refuseField(field, 'is not the name of a publisher');
}

function readKeyId(field: Field): KeyId {
  const text = readText(field);
  return isKeyId(text) ? text : refuseField(field, 'is not a key id such as ed25519:<64 hexadecimal digits>');
}

function readPeriod(from: Field, until: Field): { issuedAt: Date; expiresAt: Date } {
  const [issuedAt, expiresAt] = [readTime(from), readTime(until)];
  if (expiresAt <= issuedAt) refuseField(until, 'is not after the beginning of the period');
  return { issuedAt, expiresAt };
}

function readListedKey(item: Field): ListedKey {
  const {
    keyid,
    key: encoded,
    notBefore,
    notAfter,
  } = readMembers(item, ['keyid', 'key', 'notBefore', 'notAfter']);
  const key = PublicKey.fromBase64(readText(encoded));
  if (readKeyId(keyid) !== key.id) refuseField(keyid, `is not the id of this key, which is ${key.id}`);
  const { issuedAt, expiresAt } = readPeriod(notBefore, notAfter);
  return { key, notBefore: issuedAt, notAfter: expiresAt };
}

function readRoles(field: Field): Record<KeyRole, RoleKeys> {
  const { root, publish } = readMembers(field, KEY_ROLES);
  return { root: readRole(root), publish: readRole(publish) };
}

/** A threshold that the role's keys cannot reach would lock the publisher out for ever. */
function readRole(field: Field): RoleKeys {
  const { threshold, keyids } = readMembers(field, ['threshold', 'keyids']);
  const keyIds = readItems(keyids, KEYS_MAX).map(readKeyId);
  requireUniqueIds(keyids, keyIds);
  if (keyIds.length === 0) refuseField(keyids, 'is empty');
  return { threshold: readInteger(threshold, 1, keyIds.length), keyIds };
}

function readRevocation(item: Field): Revocation {
  const { keyid, effectiveFrom, decidedAt, reason } = readMembers(item, [
    'keyid',
    'effectiveFrom',
    'decidedAt',
    'reason',
  ]);
  return {
    keyId: readKeyId(keyid),
    effectiveFrom: readTime(effectiveFrom),
    decidedAt: readTime(decidedAt),
    reason: readChoice(reason, REVOCATION_REASONS),
  };
}

/** TUF, section 4.3: each key is listed once, so that it cannot count twice. */
function requireUniqueIds(field: Field, ids: readonly KeyId[]): void {
  const repeated = ids.find((id, index) => ids.indexOf(id) < index);
  if (repeated) refuseField({ ...field, value: repeated }, 'is listed twice');
}

function requireRolesMatchKeys(field: Field, document: Omit<KeyDocument, 'publisher'>): void {
  const listed = new Set(document.keys.map(({ key }) => key.id));
  const employed = new Set(KEY_ROLES.flatMap((role) => document.roles[role].keyIds));
  const revoked = document.revocations.find(({ keyId }) => employed.has(keyId));
  if (revoked) refuseField({ ...field, value: revoked.keyId }, 'is revoked and still has a role');
  const unlisted = [...employed].find((id) => !listed.has(id));
  if (unlisted) refuseField({ ...field, value: unlisted }, 'has a role but is not among the keys');
  const idle = [...listed].find((id) => !employed.has(id));
  if (idle) refuseField({ ...field, value: idle }, 'is among the keys but has no role');
}

/** @returns the payload that is to be signed; reading it gives the same document (times cut to whole seconds). */
export function writeKeyDocument(document: KeyDocument): Uint8Array {
  const payload = writeDocument({
    _type: KEY_DOCUMENT_TYPE,
    publisher: document.publisher,
    version: document.version,
    issuedAt: formatTime(document.issuedAt),
    expiresAt: formatTime(document.expiresAt),
    keys: document.keys.map(({ key, notBefore, notAfter }) => ({
      keyid: key.id,
      key: key.toBase64(),
      notBefore: formatTime(notBefore),
      notAfter: formatTime(notAfter),
    })),
    roles: { root: writeRole(document.roles.root), publish: writeRole(document.roles.publish) },
    revocations: document.revocations.map(({ keyId, effectiveFrom, decidedAt, reason }) => ({
      keyid: keyId,
      effectiveFrom: formatTime(effectiveFrom),
      decidedAt: formatTime(decidedAt),
      reason,
    })),
  });
  parseKeyDocument(payload);
  return payload;
}

function writeRole(role: RoleKeys): object {
  return { threshold: role.threshold, keyids: role.keyIds };
}

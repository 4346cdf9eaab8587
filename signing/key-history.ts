/**
 * The accepted key documents of one publisher, and what they mean at a time. Pure functions: the registry keeps the
 * envelopes and the times at which it accepted them, and passes both in.
 */
import { Fault, Refusal } from '../spec/refusal.ts';
import { sha256Hex } from './digest.ts';
import { type Envelope, parseEnvelope } from './envelope.ts';
import { formatTime } from './fields.ts';
import {
  KEY_DOCUMENT_PAYLOAD_TYPE,
  type KeyDocument,
  type KeyRole,
  type ListedKey,
  parseKeyDocument,
  type Revocation,
} from './key-document.ts';
import { KEY_PROOF_PAYLOAD_TYPE, type KeyChallenge, requireAnswer } from './key-proof.ts';
import type { KeyId, PublicKey } from './public-key.ts';
import { type KeyStanding, requireThreshold, type SignerSet } from './signer-set.ts';

/** A key document and the registry's time of accepting it. */
export type AcceptedKeyDocument = { readonly document: KeyDocument; readonly acceptedAt: Date };

/** Every accepted document of one publisher, version 1 first, without a gap. */
export type KeyHistory = readonly [AcceptedKeyDocument, ...AcceptedKeyDocument[]];

/**
 * Accepts the first document of a publisher: its own threshold of root keys, and every key in it, stand behind it.
 * @param request.envelope the key document in its envelope
 * @param request.proof the answer to `challenge`, signed by every key of the document
 * @param request.at the registry's time
 * @throws Refusal `envelope_*`, `signature_*`, `key_*`
 */
export function acceptFirstKeyDocument(request: {
  readonly publisher: string;
  readonly envelope: Uint8Array;
  readonly proof: Uint8Array;
  readonly challenge: KeyChallenge;
  readonly at: Date;
}): AcceptedKeyDocument {
  const first = readFirstKeyDocument(request);
  const proof = parseEnvelope(request.proof, KEY_PROOF_PAYLOAD_TYPE);
  requireAnswer(proof.payload, request.challenge, first.payloadSha256, request.at);
  requireSignedByAll(proof, first.document.keys);
  return { document: first.document, acceptedAt: request.at };
}

/** The first document without the proof of possession, which is judged once, at registration, and not kept. */
function readFirstKeyDocument(request: {
  readonly publisher: string;
  readonly envelope: Uint8Array;
  readonly at: Date;
}): { document: KeyDocument; payloadSha256: string } {
  const { at } = request;
  requireTime(at);
  const envelope = parseEnvelope(request.envelope, KEY_DOCUMENT_PAYLOAD_TYPE);
  const document = parseKeyDocument(envelope.payload);
  requirePublisher(document, request.publisher);
  requireVersion(document, 1);
  requirePeriod(document, at);
  requireThreshold(envelope, signersOf({ document, role: 'root', at, revocations: document.revocations }));
  return { document, payloadSha256: sha256Hex(envelope.payload) };
}

/**
 * Accepts the next document (TUF, section 5.3: update the root role): exactly one version up, signed by the root
 * thresholds of the document in force and of itself, and by every key that it introduces. The document in force may
 * have expired, or nobody could ever renew it.
 * @param request.at the registry's time, not before that of the last acceptance
 * @throws Refusal `envelope_*`, `signature_*`, `key_*`
 */
export function acceptNextKeyDocument(request: {
  readonly history: KeyHistory;
  readonly envelope: Uint8Array;
  readonly at: Date;
}): AcceptedKeyDocument {
  const { history, at } = request;
  requireTime(at);
  const inForce = lastOf(history);
  const envelope = parseEnvelope(request.envelope, KEY_DOCUMENT_PAYLOAD_TYPE);
  const document = parseKeyDocument(envelope.payload);
  requirePublisher(document, inForce.document.publisher);
  requireVersion(document, inForce.document.version + 1);
  requirePeriod(document, at);
  requireMonotonicTime(inForce, at);
  requireRevocationsKept(inForce.document.revocations, document.revocations);
  // Arbitrary key replacement: without the old threshold whoever holds the new keys could take the name over.
  const { revocations } = inForce.document;
  requireThreshold(envelope, signersOf({ document: inForce.document, role: 'root', at, revocations }));
  requireThreshold(envelope, signersOf({ document, role: 'root', at, revocations: document.revocations }));
  requireSignedByAll(envelope, introducedKeys(inForce.document, document));
  return { document, acceptedAt: at };
}

/**
 * Rebuilds a history from stored envelopes, judging each again at the time at which it was accepted, so that whoever
 * can write to the store still cannot slip in a key.
 * @param accepted the envelopes in order, version 1 first, at least one
 * @throws Refusal as the accepting functions, and `key_document_version_wrong` where a time goes back
 */
export function replayKeyHistory(
  publisher: string,
  accepted: readonly { readonly envelope: Uint8Array; readonly acceptedAt: Date }[],
): KeyHistory {
  const [first, ...later] = accepted;
  if (!first) throw new Refusal('key_document_invalid', { detail: `${publisher} has no key document.` });
  const at = first.acceptedAt;
  const { document } = readFirstKeyDocument({ publisher, envelope: first.envelope, at });
  const start: KeyHistory = [{ document, acceptedAt: at }];
  return later.reduce<KeyHistory>(
    (history, { envelope, acceptedAt }) => [
      ...history,
      acceptNextKeyDocument({ history, envelope, at: acceptedAt }),
    ],
    start,
  );
}

/**
 * The keys that count for packages accepted at `at`: those of the document then in force. Revocations are taken from
 * the newest document, whatever its time, because they reach back to their `effectiveFrom`.
 * @throws Refusal `signature_key_not_valid` where no document was in force, or the one in force had expired
 */
export function keysValidAt(history: KeyHistory, at: Date): SignerSet {
  requireTime(at);
  const { document } = inForceAt(history, at);
  if (at >= document.expiresAt)
    throw new Refusal('signature_key_not_valid', {
      detail: `The key document of ${document.publisher} ran until ${formatTime(document.expiresAt)}.`,
    });
  const { revocations } = lastOf(history).document;
  const { threshold, keys } = signersOf({ document, role: 'publish', at, revocations });
  return { threshold, keys: new Map([...formerKeys(history, revocations, at), ...keys]) };
}

/** A revoked key leaves the document; whoever meets it later is to learn that it was revoked, not that it is unknown. */
function formerKeys(
  history: KeyHistory,
  revocations: readonly Revocation[],
  at: Date,
): [KeyId, { key: PublicKey; standing: KeyStanding }][] {
  const revoked = new Set(
    revocations.filter(({ effectiveFrom }) => at >= effectiveFrom).map(({ keyId }) => keyId),
  );
  return history
    .flatMap(({ document }) => document.keys)
    .filter(({ key }) => revoked.has(key.id))
    .map(({ key }) => [key.id, { key, standing: 'revoked' }]);
}

function inForceAt(history: KeyHistory, at: Date): AcceptedKeyDocument {
  const accepted = history.findLast((entry) => entry.acceptedAt <= at);
  if (!accepted)
    throw new Refusal('signature_key_not_valid', {
      detail: `${history[0].document.publisher} had no key document at ${formatTime(at)}.`,
    });
  return accepted;
}

function lastOf(history: KeyHistory): AcceptedKeyDocument {
  return history.at(-1) ?? history[0];
}

function signersOf(source: {
  readonly document: KeyDocument;
  readonly role: KeyRole;
  readonly at: Date;
  readonly revocations: readonly Revocation[];
}): SignerSet {
  const { threshold } = source.document.roles[source.role];
  const keys = source.document.keys.map((listed): [KeyId, { key: PublicKey; standing: KeyStanding }] => [
    listed.key.id,
    { key: listed.key, standing: standingOf(listed, source) },
  ]);
  return { threshold, keys: new Map(keys) };
}

function standingOf(listed: ListedKey, source: Parameters<typeof signersOf>[0]): KeyStanding {
  const revocation = source.revocations.find(({ keyId }) => keyId === listed.key.id);
  if (revocation && source.at >= revocation.effectiveFrom) return 'revoked';
  if (!source.document.roles[source.role].keyIds.includes(listed.key.id)) return 'wrongRole';
  return source.at >= listed.notBefore && source.at < listed.notAfter ? 'good' : 'notValid';
}

function requireTime(at: Date): void {
  // A comparison with an invalid date is always false, and a check that asks "has it expired?" would pass.
  if (Number.isNaN(at.getTime())) throw new Fault('the time of judgement is no time');
}

function requirePublisher(document: KeyDocument, publisher: string): void {
  if (document.publisher !== publisher)
    throw new Refusal('key_document_other_publisher', {
      detail: `The document is about ${document.publisher}, not ${publisher}.`,
    });
}

/** Rollback and fast-forward attacks (TUF, section 5.3.5): exactly the next number. */
function requireVersion(document: KeyDocument, expected: number): void {
  if (document.version !== expected)
    throw new Refusal('key_document_version_wrong', {
      detail: `The document has version ${document.version}; the next one is ${expected}.`,
    });
}

function requirePeriod(document: KeyDocument, at: Date): void {
  if (at < document.issuedAt || at >= document.expiresAt)
    throw new Refusal('key_document_expired', {
      detail: `It is valid from ${formatTime(document.issuedAt)} to ${formatTime(document.expiresAt)}.`,
    });
}

function requireMonotonicTime(inForce: AcceptedKeyDocument, at: Date): void {
  if (at < inForce.acceptedAt)
    throw new Refusal('key_document_version_wrong', {
      detail: `It would be accepted before version ${inForce.document.version} was.`,
    });
}

/** Who stole a root key must not be able to bring a revoked key back. */
function requireRevocationsKept(before: readonly Revocation[], next: readonly Revocation[]): void {
  for (const old of before) {
    const kept = next.find(({ keyId }) => keyId === old.keyId);
    if (!kept || kept.effectiveFrom > old.effectiveFrom)
      throw new Refusal('key_document_revocation_dropped', {
        detail: `The revocation of ${old.keyId} from ${formatTime(old.effectiveFrom)} is not carried over.`,
      });
  }
}

function introducedKeys(before: KeyDocument, next: KeyDocument): ListedKey[] {
  const known = new Set(before.keys.map(({ key }) => key.id));
  return next.keys.filter(({ key }) => !known.has(key.id));
}

function requireSignedByAll(envelope: Envelope, listed: readonly ListedKey[]): void {
  for (const { key } of listed) {
    if (!envelope.signatures.some(({ keyId }) => keyId === key.id))
      throw new Refusal('key_document_key_unproven', { detail: `${key.id} has not signed.` });
    requireThreshold(envelope, { threshold: 1, keys: new Map([[key.id, { key, standing: 'good' }]]) });
  }
}

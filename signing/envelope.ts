/**
 * DSSE envelopes (secure-systems-lab/dsse v1.0.2), read strictly.
 *
 *     {"payloadType":"<type>","payload":"<base64>","signatures":[{"keyid":"ed25519:<hex>","sig":"<base64>"}]}
 *
 * A signature stands under the pre-authentication encoding, with lengths in bytes as decimal numbers:
 *
 *     "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload
 *
 * Stricter than DSSE: exactly these members, `keyid` required and well formed, standard base64 in canonical form, at
 * most 4 MiB and 16 signatures. `keyid` only says which key to try; what it says is never believed.
 */
import { ENVELOPE_LIMITS } from '../spec/limits.ts';
import { Refusal } from '../spec/refusal.ts';
import { encodeBase64 } from './base64.ts';
import { parseDocument } from './document.ts';
import { type Field, readBase64, readItems, readMembers, readText, refuseField } from './fields.ts';
import type { PrivateKey } from './private-key.ts';
import { isKeyId, type KeyId } from './public-key.ts';
import { quote } from './quote.ts';

type EnvelopeSignature = { readonly keyId: KeyId; readonly signature: Uint8Array };

/** A well-formed envelope about which nothing has been proved yet. The payload was decoded once; use these bytes. */
export type Envelope = {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly EnvelopeSignature[];
};

/**
 * @param bytes the envelope as it came in
 * @param payloadType the only type that is taken here
 * @throws Refusal `envelope_too_large`, `envelope_invalid`, `envelope_payload_type_wrong`,
 *   `envelope_signatures_missing` or `envelope_signatures_too_many`
 */
export function parseEnvelope(bytes: Uint8Array, payloadType: string): Envelope {
  requireSize(bytes);
  requireFewParts(bytes);
  const top = parseDocument(bytes, 'envelope_invalid');
  const members = readMembers(top, ['payloadType', 'payload', 'signatures']);
  requirePayloadType(readText(members.payloadType), payloadType);
  const signatures = readSignatures(members.signatures);
  return { payloadType, payload: readBase64(members.payload), signatures };
}

function requireSize(bytes: Uint8Array): void {
  if (bytes.length > ENVELOPE_LIMITS.envelopeBytesMax)
    throw new Refusal('envelope_too_large', { detail: `The envelope has ${bytes.length} bytes.` });
}

/** Far more commas than 16 signatures need; none occur in base64. */
const COMMAS_MAX = 1_000;

/** A strict parser spends a second on 4 MiB of tiny values; counting commas first costs a few milliseconds. */
function requireFewParts(bytes: Uint8Array): void {
  let commas = 0;
  for (let at = bytes.indexOf(0x2c); at >= 0; at = bytes.indexOf(0x2c, at + 1)) {
    commas += 1;
    if (commas > COMMAS_MAX)
      throw new Refusal('envelope_invalid', { detail: 'The envelope has more parts than it can need.' });
  }
}

/** The type is signed, so that a signature made for one purpose is worth nothing for another. */
function requirePayloadType(found: string, expected: string): void {
  if (found !== expected)
    throw new Refusal('envelope_payload_type_wrong', {
      detail: `The envelope holds ${quote(found)}; here it must hold ${quote(expected)}.`,
    });
}

function readSignatures(field: Field): EnvelopeSignature[] {
  const items = readItems(field, Infinity);
  if (items.length === 0)
    throw new Refusal('envelope_signatures_missing', { detail: 'The list of signatures is empty.' });
  if (items.length > ENVELOPE_LIMITS.signaturesMax)
    throw new Refusal('envelope_signatures_too_many', {
      detail: `The envelope has ${items.length} signatures.`,
    });
  return items.map(readSignature);
}

function readSignature(item: Field): EnvelopeSignature {
  const { keyid, sig } = readMembers(item, ['keyid', 'sig']);
  const keyId = readText(keyid);
  if (!isKeyId(keyId)) return refuseField(keyid, 'is not a key id such as ed25519:<64 hexadecimal digits>');
  return { keyId, signature: readBase64(sig) };
}

/** DSSE's pre-authentication encoding (protocol.md, "Signature Definition"): what is signed, byte for byte. */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType, 'utf8');
  const head = Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} `),
    type,
    Buffer.from(` ${payload.length} `),
  ]);
  return new Uint8Array(Buffer.concat([head, payload]));
}

/** Signs `payload` with each key; a key given twice signs once. */
export function signEnvelope(
  payloadType: string,
  payload: Uint8Array,
  keys: readonly PrivateKey[],
): Envelope {
  const unsigned: Envelope = { payloadType, payload, signatures: [] };
  return keys.reduce(addSignature, unsigned);
}

/** @returns the envelope with the signature of `key` in addition, in place of an earlier one of the same key. */
export function addSignature(envelope: Envelope, key: PrivateKey): Envelope {
  const message = preAuthenticationEncoding(envelope.payloadType, envelope.payload);
  const others = envelope.signatures.filter((entry) => entry.keyId !== key.publicKey.id);
  return {
    ...envelope,
    signatures: [...others, { keyId: key.publicKey.id, signature: key.sign(message) }],
  };
}

/** @returns the JSON that `parseEnvelope` reads, ended by one LF. */
export function formatEnvelope(envelope: Envelope): string {
  const document = {
    payloadType: envelope.payloadType,
    payload: encodeBase64(envelope.payload),
    signatures: envelope.signatures.map(({ keyId, signature }) => ({
      keyid: keyId,
      sig: encodeBase64(signature),
    })),
  };
  return `${JSON.stringify(document)}\n`;
}

import { createPublicKey, type KeyObject } from 'node:crypto';
import { Fault, Refusal } from '../spec/refusal.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { sha256Hex } from './digest.ts';
import { judgePoint } from './point-encoding.ts';
import { quote } from './quote.ts';

const PUBLIC_KEY_BYTES = 32;

/** `ed25519:` and the SHA-256 of the raw key in hexadecimal. Always computed here, never taken over. */
export type KeyId = `ed25519:${string}`;

const KEY_ID = /^ed25519:[0-9a-f]{64}$/u;

/** RFC 8410, section 4: SubjectPublicKeyInfo with id-Ed25519, up to the 32 key bytes. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Keys kept ready: enough for the publishers that are busy at once; each costs below 1 KiB. */
const ENGINE_KEYS_MAX = 2_048;

/** A raw Ed25519 key that passed the checks. Two are the same key when their ids are equal. */
export class PublicKey {
  readonly id: KeyId;
  readonly #bytes: Uint8Array;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.id = `ed25519:${sha256Hex(bytes)}`;
  }

  /**
   * @param bytes 32 raw bytes (RFC 8032, section 5.1.5)
   * @throws Refusal `key_invalid`, `key_not_canonical` or `key_low_order`
   */
  static fromBytes(bytes: Uint8Array): PublicKey {
    if (bytes.length !== PUBLIC_KEY_BYTES)
      throw new Refusal('key_invalid', {
        detail: `The key has ${bytes.length} bytes, not ${PUBLIC_KEY_BYTES}.`,
      });
    const verdict = judgePoint(bytes);
    switch (verdict) {
      case 'sound':
        return new PublicKey(Uint8Array.from(bytes));
      case 'notCanonical':
        throw new Refusal('key_not_canonical', {
          detail: 'The y coordinate of the key is not below 2^255 - 19.',
        });
      case 'lowOrder':
        throw new Refusal('key_low_order', { detail: 'The key is one of the ten encodings of low order.' });
      default:
        throw new Fault(`unknown verdict ${String(verdict satisfies never)}`);
    }
  }

  /** @throws Refusal as `fromBytes`, and `key_invalid` where `text` is not canonical base64. */
  static fromBase64(text: string): PublicKey {
    const bytes = decodeBase64(text);
    if (!bytes) throw new Refusal('key_invalid', { detail: `${quote(text)} is not canonical base64.` });
    return PublicKey.fromBytes(bytes);
  }

  toBytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  toBase64(): string {
    return encodeBase64(this.#bytes);
  }

  /** The key as node:crypto takes it, made once per key. */
  toEngineKey(): KeyObject {
    const known = engineKeys.get(this.id);
    if (known) return known;
    const made = createPublicKey({
      key: Buffer.concat([SPKI_PREFIX, this.#bytes]),
      format: 'der',
      type: 'spki',
    });
    if (engineKeys.size >= ENGINE_KEYS_MAX) engineKeys.clear();
    engineKeys.set(this.id, made);
    return made;
  }
}

const engineKeys = new Map<KeyId, KeyObject>();

export function isKeyId(text: string): text is KeyId {
  return KEY_ID.test(text);
}

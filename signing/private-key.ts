import nacl from 'tweetnacl';
import { Refusal } from '../spec/refusal.ts';
import { PublicKey } from './public-key.ts';

const SEED_BYTES = 32;

/** An Ed25519 private key. The secret lies in private fields, so that no log or JSON can show it. */
export class PrivateKey {
  readonly publicKey: PublicKey;
  readonly #seed: Uint8Array;
  readonly #expanded: Uint8Array;

  private constructor(seed: Uint8Array) {
    const pair = nacl.sign.keyPair.fromSeed(seed);
    this.#seed = seed;
    this.#expanded = pair.secretKey;
    this.publicKey = PublicKey.fromBytes(pair.publicKey);
  }

  /** Makes a new key from the random source of the operating system. */
  static generate(): PrivateKey {
    return new PrivateKey(nacl.randomBytes(SEED_BYTES));
  }

  /**
   * @param seed 32 secret bytes (RFC 8032, section 5.1.5)
   * @throws Refusal `key_file_invalid`
   */
  static fromSeed(seed: Uint8Array): PrivateKey {
    if (seed.length !== SEED_BYTES)
      throw new Refusal('key_file_invalid', {
        detail: `The seed has ${seed.length} bytes, not ${SEED_BYTES}.`,
      });
    return new PrivateKey(Uint8Array.from(seed));
  }

  /** @returns the 64 bytes of RFC 8032, section 5.1.6; the same message always gives the same bytes. */
  sign(message: Uint8Array): Uint8Array {
    // tweetnacl tests for its own realm's Uint8Array; a copy also detaches pooled Buffers.
    return nacl.sign.detached(Uint8Array.from(message), this.#expanded);
  }

  /** The secret itself, for the key file and nothing else. */
  exportSeed(): Uint8Array {
    return Uint8Array.from(this.#seed);
  }
}

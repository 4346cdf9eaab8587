/** crypto (Web Cryptography section 10). */
import { bytesFromBinary } from './binary.ts';
import { bound } from './bound.ts';
import { DOMException } from './dom-exception.ts';
import { bytesOf, bytesSet, charCodeAt, isView, stringSlice, typedArrayName } from './intrinsics.ts';
import { quotaErrorPart, subtlePart } from './lazy.ts';
import type { SubtleCrypto } from './subtle-crypto.ts';
import { defineInterface, requireArguments } from './web-idl.ts';

/** Web Cryptography section 10.1.1. */
const RANDOM_BYTES_MAX = 65_536;
const INTEGER_ARRAY = /^(?:Big)?(?:Int|Uint)\d+(?:Clamped)?Array$/;

const MAKER = Symbol('maker of crypto');

class Crypto {
  /** Reading it throws a TypeError where the receiver is no instance (Web IDL section 3.7.7). */
  readonly #here = true;

  constructor(maker?: symbol) {
    if (maker !== MAKER) throw new TypeError('Illegal constructor');
  }

  get subtle(): SubtleCrypto {
    void this.#here;
    return subtlePart.use().subtle;
  }

  getRandomValues<T extends ArrayBufferView>(array: T): T {
    void this.#here;
    requireArguments(arguments.length, 1, 'Crypto.getRandomValues');
    const name = typedArrayName(array);
    if (!isView(array) || name === undefined || !INTEGER_ARRAY.test(name)) {
      throw new DOMException('The array is not an integer array.', 'TypeMismatchError');
    }
    const bytes = bytesOf(array);
    if (bytes.byteLength > RANDOM_BYTES_MAX) {
      const { QuotaExceededError } = quotaErrorPart.use();
      const amounts = { quota: RANDOM_BYTES_MAX, requested: bytes.byteLength };
      throw new QuotaExceededError(`More than ${RANDOM_BYTES_MAX} bytes were asked for.`, amounts);
    }
    bytesSet(bytes, bytesFromBinary(bound().randomBytes(bytes.byteLength)));
    return array;
  }

  /** RFC 9562 section 5.4: version 4, variant 10. */
  randomUUID(): string {
    void this.#here;
    const binary = bound().randomBytes(16);
    let hex = '';
    for (let index = 0; index < 16; index += 1) {
      const byte = charCodeAt(binary, index);
      hex += HEX_OF[index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte];
    }
    const part = (from: number, to: number): string => stringSlice(hex, from, to);
    return `${part(0, 8)}-${part(8, 12)}-${part(12, 16)}-${part(16, 20)}-${part(20, 32)}`;
  }
}

const HEX_OF = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

defineInterface(Crypto, 'Crypto', { constructor: 0 });
export { Crypto };
export const crypto = new Crypto(MAKER);

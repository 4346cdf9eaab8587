/** CryptoKey (Web Cryptography section 13). The key's bytes live in the isolate of the plugin that holds it. */
import { bytesFromBinary } from './binary.ts';
import { arraySlice, freeze } from './intrinsics.ts';
import { defineInterface } from './web-idl.ts';

export type KeyType = 'secret' | 'public' | 'private';

/** A key as the runner gives and takes it; `publicExponent` is a binary string. */
export type KeyParts = {
  readonly type: KeyType;
  readonly extractable: boolean;
  readonly algorithm: Readonly<Record<string, unknown>>;
  readonly usages: readonly string[];
  readonly material: { readonly format: string; readonly data: string };
};

let make: (parts: KeyParts) => CryptoKey;
let partsOf: (key: CryptoKey) => KeyParts;
let isHere: (value: object) => value is CryptoKey;
const MAKER = Symbol('maker of keys');

export class CryptoKey {
  static {
    make = (parts) => {
      const key = new CryptoKey(MAKER);
      key.#parts = parts;
      return key;
    };
    partsOf = (key) => key.#parts;
    isHere = (value): value is CryptoKey => #parts in value;
  }

  #parts: KeyParts = {
    type: 'secret',
    extractable: false,
    algorithm: {},
    usages: [],
    material: { format: 'raw', data: '' },
  };
  #algorithm: object | null = null;
  #usages: string[] | null = null;

  constructor(maker?: symbol) {
    if (maker !== MAKER) throw new TypeError('Illegal constructor');
  }

  get type(): KeyType {
    return this.#parts.type;
  }
  get extractable(): boolean {
    return this.#parts.extractable;
  }
  get algorithm(): object {
    this.#algorithm ??= freeze(shownAlgorithm(this.#parts.algorithm));
    return this.#algorithm;
  }
  get usages(): string[] {
    this.#usages ??= arraySlice(this.#parts.usages);
    return this.#usages;
  }
}

function shownAlgorithm(algorithm: KeyParts['algorithm']): object {
  const { publicExponent } = algorithm;
  return typeof publicExponent === 'string'
    ? { ...algorithm, publicExponent: bytesFromBinary(publicExponent) }
    : { ...algorithm };
}

export const makeKey = (parts: KeyParts): CryptoKey => make(parts);
export const isKey = (value: object): value is CryptoKey => isHere(value);
export const keyParts = (key: CryptoKey): KeyParts => partsOf(key);

defineInterface(CryptoKey, 'CryptoKey', { constructor: 0 });

/** SubtleCrypto (Web Cryptography section 14): arguments are put into JSON here, the work is done in the runner. */
import { bytesFromBinary, decodeStrictly, encodeToBinary } from './binary.ts';
import { bound } from './bound.ts';
import { makeKey, type CryptoKey, type KeyParts } from './crypto-key.ts';
import {
  binaryOfSource,
  requireExtractable,
  requireKey,
  toWireAlgorithm,
  wireKey,
  type WireAlgorithm,
} from './crypto-wire.ts';
import { DOMException } from './dom-exception.ts';
import { jsonParse, jsonStringify } from './intrinsics.ts';
import { defineInterface, isObject } from './web-idl.ts';

type Source = ArrayBuffer | ArrayBufferView;
type Algorithm = string | { readonly name: string };
type Key = CryptoKey;
type Usages = Iterable<string>;
type WirePair = { readonly publicKey: KeyParts; readonly privateKey: KeyParts };

type Answer = {
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string };
};

async function ask<T>(operation: string, args: object): Promise<T> {
  const answer = jsonParse(await bound().crypto(operation, jsonStringify(args))) as Answer;
  if (answer.error === undefined) return answer.value as T;
  const { name, message } = answer.error;
  throw name === 'TypeError' ? new TypeError(message) : new DOMException(message, name);
}

const toBuffer = (binary: string): ArrayBuffer => bytesFromBinary(binary).buffer;

async function askBytes(operation: string, args: object): Promise<ArrayBuffer> {
  return toBuffer(await ask<string>(operation, args));
}

/** Web Cryptography section 14.3.6, "normalized usages": each once, however often it was given. */
function toUsages(usages: Usages): string[] {
  const given: string[] = [];
  for (const usage of usages) {
    const name = `${usage}`;
    if (!given.includes(name)) given.push(name);
  }
  return given;
}

function toKey(parts: KeyParts, extractable: boolean): CryptoKey {
  return makeKey({ ...parts, extractable });
}

function toKeyData(format: string, keyData: unknown): unknown {
  if (format !== 'jwk') return binaryOfSource(keyData, 'the key data');
  if (!isObject(keyData) || 'byteLength' in keyData)
    throw new TypeError('SubtleCrypto: the key data must be a JWK.');
  return keyData;
}

/** @param uses the usage that the key must have for what is done with it */
function requireUsage(key: unknown, uses: string): void {
  if (!requireKey(key).usages.includes(uses)) {
    throw new DOMException(`The key does not allow "${uses}".`, 'InvalidAccessError');
  }
}

const isKeyWrap = (algorithm: WireAlgorithm): boolean => algorithm.name.toUpperCase() === 'AES-KW';

const MAKER = Symbol('maker of subtle');

export class SubtleCrypto {
  constructor(maker?: symbol) {
    if (maker !== MAKER) throw new TypeError('Illegal constructor');
  }

  async digest(algorithm: Algorithm, data: Source): Promise<ArrayBuffer> {
    return askBytes('digest', {
      algorithm: toWireAlgorithm(algorithm),
      data: binaryOfSource(data, 'the data'),
    });
  }

  async sign(algorithm: Algorithm, key: Key, data: Source): Promise<ArrayBuffer> {
    return askBytes('sign', {
      algorithm: toWireAlgorithm(algorithm),
      key: wireKey(key),
      data: binaryOfSource(data, 'the data'),
    });
  }

  async verify(algorithm: Algorithm, key: Key, signature: Source, data: Source): Promise<boolean> {
    return ask<boolean>('verify', {
      algorithm: toWireAlgorithm(algorithm),
      key: wireKey(key),
      signature: binaryOfSource(signature, 'the signature'),
      data: binaryOfSource(data, 'the data'),
    });
  }

  async encrypt(algorithm: Algorithm, key: Key, data: Source): Promise<ArrayBuffer> {
    return askBytes('encrypt', {
      algorithm: toWireAlgorithm(algorithm),
      key: wireKey(key),
      data: binaryOfSource(data, 'the data'),
    });
  }

  async decrypt(algorithm: Algorithm, key: Key, data: Source): Promise<ArrayBuffer> {
    return askBytes('decrypt', {
      algorithm: toWireAlgorithm(algorithm),
      key: wireKey(key),
      data: binaryOfSource(data, 'the data'),
    });
  }

  async generateKey(algorithm: Algorithm, extractable: unknown, usages: Usages): Promise<unknown> {
    const made = await ask<KeyParts | WirePair>('generateKey', {
      algorithm: toWireAlgorithm(algorithm),
      usages: toUsages(usages),
    });
    if (!('publicKey' in made)) return toKey(made, Boolean(extractable));
    // Web Cryptography: a public key is always extractable.
    return {
      publicKey: toKey(made.publicKey, true),
      privateKey: toKey(made.privateKey, Boolean(extractable)),
    };
  }

  async importKey(
    format: string,
    keyData: unknown,
    algorithm: Algorithm,
    extractable: unknown,
    usages: Usages,
  ): Promise<CryptoKey> {
    const data = toKeyData(`${format}`, keyData);
    if (isObject(data) && (data as { ext?: unknown }).ext === false && extractable) {
      throw new DOMException('The JWK does not allow the key to be extractable.', 'DataError');
    }
    const args = {
      format: `${format}`,
      keyData: data,
      algorithm: toWireAlgorithm(algorithm),
      usages: toUsages(usages),
    };
    return toKey(await ask<KeyParts>('importKey', args), Boolean(extractable));
  }

  async exportKey(format: string, key: Key): Promise<unknown> {
    requireExtractable(key);
    const exported = await ask<unknown>('exportKey', { format: `${format}`, key: wireKey(key) });
    return typeof exported === 'string' ? toBuffer(exported) : exported;
  }

  async deriveBits(algorithm: Algorithm, key: Key, length: number | null = null): Promise<ArrayBuffer> {
    return askBytes('deriveBits', { algorithm: toWireAlgorithm(algorithm), key: wireKey(key), length });
  }

  async deriveKey(
    algorithm: Algorithm,
    key: Key,
    derived: Algorithm,
    extractable: unknown,
    usages: Usages,
  ): Promise<CryptoKey> {
    const args = {
      algorithm: toWireAlgorithm(algorithm),
      key: wireKey(key),
      derived: toWireAlgorithm(derived),
      usages: toUsages(usages),
    };
    return toKey(await ask<KeyParts>('deriveKey', args), Boolean(extractable));
  }

  async wrapKey(format: string, key: Key, wrappingKey: Key, algorithm: Algorithm): Promise<ArrayBuffer> {
    requireUsage(wrappingKey, 'wrapKey');
    requireExtractable(key);
    const exported = await ask<unknown>('exportKey', { format: `${format}`, key: wireKey(key) });
    const data = typeof exported === 'string' ? exported : encodeToBinary(jsonStringify(exported));
    const wire = toWireAlgorithm(algorithm);
    return askBytes(isKeyWrap(wire) ? 'wrap' : 'encrypt', {
      algorithm: wire,
      key: forWrapping(wrappingKey, 'encrypt'),
      data,
    });
  }

  async unwrapKey(
    format: string,
    wrapped: Source,
    unwrappingKey: Key,
    algorithm: Algorithm,
    keyAlgorithm: Algorithm,
    extractable: unknown,
    usages: Usages,
  ): Promise<CryptoKey> {
    requireUsage(unwrappingKey, 'unwrapKey');
    const wire = toWireAlgorithm(algorithm);
    const args = {
      algorithm: wire,
      key: forWrapping(unwrappingKey, 'decrypt'),
      data: binaryOfSource(wrapped, 'the wrapped key'),
    };
    const binary = await ask<string>(isKeyWrap(wire) ? 'unwrap' : 'decrypt', args);
    const keyData = format === 'jwk' ? (jsonParse(decodeStrictly(binary) ?? '') as object) : toBuffer(binary);
    return this.importKey(format, keyData, keyAlgorithm, extractable, usages);
  }
}

/** Wrapping is encryption under another right (Web Cryptography section 14.3.11): the runner is told the plain one. */
function forWrapping(key: unknown, usage: 'encrypt' | 'decrypt'): ReturnType<typeof wireKey> {
  const wire = wireKey(key);
  const isKeyWrapKey = wire.algorithm['name'] === 'AES-KW';
  return isKeyWrapKey ? wire : { ...wire, usages: [usage] };
}

defineInterface(SubtleCrypto, 'SubtleCrypto', { constructor: 0, deriveBits: 2 });
export const subtle = new SubtleCrypto(MAKER);

/**
 * Arguments of cryptographic operations, which a guest wrote: read member by member into fresh objects. Algorithms are
 * those of a table, and what each costs is bounded here, before it begins.
 */
import type { webcrypto } from 'node:crypto';

import { CRYPTO_LIMITS } from '../../spec/limits.ts';
import { reject } from './crypto-rejection.ts';

type Usage = webcrypto.KeyUsage;
export type Fields = Readonly<Record<string, unknown>>;

export const HASH_BYTES: Readonly<Record<string, number>> = {
  'SHA-1': 20,
  'SHA-256': 32,
  'SHA-384': 48,
  'SHA-512': 64,
};
export const RSA = ['RSASSA-PKCS1-v1_5', 'RSA-PSS', 'RSA-OAEP'];
const ALGORITHMS = [
  ...Object.keys(HASH_BYTES),
  ...RSA,
  'HMAC',
  'ECDSA',
  'ECDH',
  'Ed25519',
  'X25519',
  'AES-GCM',
  'AES-CBC',
  'AES-CTR',
  'AES-KW',
  'HKDF',
  'PBKDF2',
];
const CURVES = ['P-256', 'P-384', 'P-521'];
const USAGES = ['encrypt', 'decrypt', 'sign', 'verify', 'deriveKey', 'deriveBits', 'wrapKey', 'unwrapKey'];
const BYTE_MEMBERS = ['iv', 'additionalData', 'counter', 'label', 'salt', 'info', 'publicExponent'];
const NUMBER_MEMBERS = ['length', 'modulusLength', 'tagLength', 'iterations', 'saltLength'];

export function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return reject('TypeError', 'An object was expected.');
  return Object.assign(Object.create(null) as object, value) as Fields;
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : reject('TypeError', 'A string was expected.');
}

export function bytesOf(value: unknown): Buffer<ArrayBuffer> {
  return Buffer.from(textOf(value), 'latin1');
}

export const toBinary = (bytes: ArrayBuffer): string => Buffer.from(bytes).toString('latin1');

/** Names are matched without regard to case (Web Cryptography section 18.4.4). */
export function named(name: unknown, table: readonly string[], what: string): string {
  const given = textOf(name).toLowerCase();
  return (
    table.find((known) => known.toLowerCase() === given) ??
    reject('NotSupportedError', `The ${what} is not supported.`)
  );
}

export type Algorithm = { name: string; hash?: string; namedCurve?: string } & Record<string, unknown>;

/** A fresh dictionary that holds known members of the right type only, within the limits. */
export function readAlgorithm(value: unknown): Algorithm {
  const given = fieldsOf(value);
  const algorithm: Algorithm = { name: named(given['name'], ALGORITHMS, 'algorithm') };
  if (given['hash'] !== undefined)
    algorithm.hash = named(hashName(given['hash']), Object.keys(HASH_BYTES), 'hash');
  if (given['namedCurve'] !== undefined) algorithm.namedCurve = named(given['namedCurve'], CURVES, 'curve');
  for (const name of BYTE_MEMBERS)
    if (given[name] !== undefined) algorithm[name] = new Uint8Array(bytesOf(given[name]));
  for (const name of NUMBER_MEMBERS) if (given[name] !== undefined) algorithm[name] = countOf(given[name]);
  boundCosts(algorithm);
  return algorithm;
}

/** In a key's own algorithm the hash is an object with a name; in arguments it is a name. */
const hashName = (hash: unknown): unknown =>
  typeof hash === 'object' && hash !== null ? fieldsOf(hash)['name'] : hash;

export function countOf(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xffff_ffff)
    return reject('TypeError', 'A count was expected.');
  return value;
}

function boundCosts({ name, length, modulusLength, publicExponent, iterations }: Algorithm): void {
  if (typeof iterations === 'number' && iterations > CRYPTO_LIMITS.pbkdf2RoundsMax) {
    reject('NotSupportedError', `More than ${CRYPTO_LIMITS.pbkdf2RoundsMax} iterations are not supported.`);
  }
  if (typeof length === 'number' && length > CRYPTO_LIMITS.derivedBitsMax)
    reject('NotSupportedError', `The length is too large for ${name}.`);
  if (typeof modulusLength === 'number') boundModulus(modulusLength);
  if (publicExponent instanceof Uint8Array && publicExponent.byteLength > CRYPTO_LIMITS.exponentBytesMax) {
    reject('NotSupportedError', 'The public exponent is too large.');
  }
}

export function boundModulus(bits: number): void {
  const { modulusBitsMin, modulusBitsMax } = CRYPTO_LIMITS;
  if (bits < modulusBitsMin || bits > modulusBitsMax) {
    reject('NotSupportedError', `An RSA modulus must have ${modulusBitsMin} to ${modulusBitsMax} bits.`);
  }
}

export function readUsages(value: unknown): Usage[] {
  if (!Array.isArray(value) || value.length > USAGES.length)
    return reject('TypeError', 'The usages must be a list.');
  return value.map((usage: unknown) => {
    if (typeof usage !== 'string' || !USAGES.includes(usage))
      return reject('TypeError', 'A usage does not exist.');
    return usage as Usage;
  });
}

/** Keys as they travel between a guest, which keeps them as bytes, and one operation on them. */
import { webcrypto } from 'node:crypto';

import { CRYPTO_LIMITS } from '../../spec/limits.ts';
import {
  boundModulus,
  bytesOf,
  fieldsOf,
  readAlgorithm,
  readUsages,
  RSA,
  textOf,
  toBinary,
  type Algorithm,
  type Fields,
} from './crypto-arguments.ts';
import { reject } from './crypto-rejection.ts';

const { subtle } = webcrypto;

type CryptoKey = webcrypto.CryptoKey;
type Usage = webcrypto.KeyUsage;

export const KEY_FORMATS = ['raw', 'pkcs8', 'spki', 'jwk'];
const JWK_MEMBERS = ['kty', 'use', 'alg', 'crv', 'x', 'y', 'd', 'n', 'e', 'p', 'q', 'dp', 'dq', 'qi', 'k'];

/** A key as it travels: `material` is its bytes in the format that every such key can be exported in. */
export type WireKey = {
  readonly type: string;
  readonly algorithm: Fields;
  readonly usages: readonly string[];
  readonly material: { readonly format: string; readonly data: string };
};

export async function readKey(value: unknown): Promise<CryptoKey> {
  const { algorithm, usages, material } = fieldsOf(value);
  const { format, data } = fieldsOf(material);
  return importMaterial(textOf(format), data, readAlgorithm(algorithm), readUsages(usages), 'held');
}

/** A guest's format, or the one in which its keys are held; both are checked the same. */
export async function importMaterial(
  format: string,
  data: unknown,
  algorithm: Algorithm,
  usages: Usage[],
  origin: 'given' | 'held',
): Promise<CryptoKey> {
  if (!KEY_FORMATS.includes(format)) return reject('NotSupportedError', 'The key format is not supported.');
  const isDerivation = algorithm.name === 'HKDF' || algorithm.name === 'PBKDF2';
  const keyData = format === 'jwk' ? readJwk(data) : bytesOf(data);
  const key = await subtle.importKey(
    format as 'raw',
    keyData as never,
    algorithm as never,
    !isDerivation,
    usages,
  );
  if (origin === 'given' || RSA.includes(key.algorithm.name)) boundKey(key);
  return key;
}

/** Keys that make each later operation slow are refused when they come in. */
function boundKey(key: CryptoKey): void {
  const { modulusLength, publicExponent } = key.algorithm as {
    modulusLength?: number;
    publicExponent?: Uint8Array;
  };
  if (modulusLength !== undefined) boundModulus(modulusLength);
  if (publicExponent !== undefined && publicExponent.byteLength > CRYPTO_LIMITS.exponentBytesMax) {
    reject('NotSupportedError', 'The public exponent is too large.');
  }
}

function readJwk(value: unknown): webcrypto.JsonWebKey {
  const given = fieldsOf(value);
  const jwk: Record<string, unknown> = {};
  for (const name of JWK_MEMBERS) if (given[name] !== undefined) jwk[name] = textOf(given[name]);
  if (given['key_ops'] !== undefined) jwk['key_ops'] = readUsages(given['key_ops']);
  return jwk;
}

/** @param secret the bytes, for keys that Web Cryptography never exports (HKDF, PBKDF2) */
export async function writeKey(key: CryptoKey, secret?: Buffer): Promise<WireKey> {
  const format = key.type === 'secret' ? 'raw' : key.type === 'public' ? 'spki' : 'pkcs8';
  const data =
    secret === undefined ? toBinary(await subtle.exportKey(format, key)) : secret.toString('latin1');
  return {
    type: key.type,
    algorithm: writeAlgorithm(key.algorithm),
    usages: [...key.usages],
    material: { format, data },
  };
}

function writeAlgorithm(algorithm: webcrypto.KeyAlgorithm): Fields {
  const { publicExponent, ...rest } = algorithm as unknown as { publicExponent?: Uint8Array } & Record<
    string,
    unknown
  >;
  return publicExponent === undefined
    ? rest
    : { ...rest, publicExponent: Buffer.from(publicExponent).toString('latin1') };
}

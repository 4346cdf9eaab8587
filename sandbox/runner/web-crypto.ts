/**
 * The host's half of `crypto.subtle`: one operation of Web Cryptography on arguments that a guest wrote.
 *
 * Nothing is kept between calls: a key comes with each of them as bytes, and is imported, used and dropped. What the
 * guest writes is read member by member into fresh objects; algorithms are those of a table, and the cost of each is
 * bounded before it begins, because nothing can stop it then. What it took is charged by `crypto-queue.ts`.
 */
import { webcrypto } from 'node:crypto';

import { CRYPTO_LIMITS } from '../../spec/limits.ts';
import {
  bytesOf,
  countOf,
  fieldsOf,
  HASH_BYTES,
  named,
  readAlgorithm,
  readUsages,
  textOf,
  toBinary,
  type Algorithm,
  type Fields,
} from './crypto-arguments.ts';
import { importMaterial, KEY_FORMATS, readKey, writeKey, type WireKey } from './crypto-keys.ts';
import { describeError, reject } from './crypto-rejection.ts';

const { subtle } = webcrypto;

type CryptoKey = webcrypto.CryptoKey;

type Operation = (args: Fields) => Promise<unknown>;

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  [
    'digest',
    async ({ algorithm, data }) => toBinary(await subtle.digest(readAlgorithm(algorithm), bytesOf(data))),
  ],
  [
    'sign',
    async ({ algorithm, key, data }) =>
      toBinary(await subtle.sign(readAlgorithm(algorithm), await readKey(key), bytesOf(data))),
  ],
  [
    'verify',
    async ({ algorithm, key, signature, data }) =>
      subtle.verify(readAlgorithm(algorithm), await readKey(key), bytesOf(signature), bytesOf(data)),
  ],
  [
    'encrypt',
    async ({ algorithm, key, data }) =>
      toBinary(await subtle.encrypt(readAlgorithm(algorithm) as never, await readKey(key), bytesOf(data))),
  ],
  [
    'decrypt',
    async ({ algorithm, key, data }) =>
      toBinary(await subtle.decrypt(readAlgorithm(algorithm) as never, await readKey(key), bytesOf(data))),
  ],
  ['generateKey', generateKey],
  ['importKey', importKey],
  ['exportKey', exportKey],
  ['deriveBits', deriveBits],
  ['deriveKey', deriveKey],
  ['wrap', wrap],
  ['unwrap', unwrap],
]);

/**
 * @param operation a method of SubtleCrypto, or `wrap` and `unwrap` for AES-KW on bytes
 * @param json its arguments as one object, bytes as binary strings
 * @returns `{"value": …}` or `{"error": {"name", "message"}}`; never rejects
 */
export async function performCrypto(operation: string, json: string): Promise<string> {
  try {
    return JSON.stringify({ value: await perform(operation, json) });
  } catch (error) {
    return JSON.stringify({ error: describeError(error) });
  }
}

async function perform(operation: string, json: string): Promise<unknown> {
  const act = OPERATIONS.get(operation);
  if (act === undefined) return reject('NotSupportedError', 'The operation does not exist.');
  if (json.length > CRYPTO_LIMITS.jsonCharsMax)
    return reject('QuotaExceededError', 'The data is too large for one operation.');
  return act(fieldsOf(JSON.parse(json)));
}

async function generateKey({
  algorithm,
  usages,
}: Fields): Promise<WireKey | { publicKey: WireKey; privateKey: WireKey }> {
  const wanted = readAlgorithm(algorithm);
  if (Number(wanted['modulusLength']) > CRYPTO_LIMITS.generatedModulusBitsMax) {
    const { generatedModulusBitsMax } = CRYPTO_LIMITS;
    return reject(
      'NotSupportedError',
      `An RSA key that is made here has at most ${generatedModulusBitsMax} bits.`,
    );
  }
  const made = (await subtle.generateKey(wanted as never, true, readUsages(usages))) as
    | CryptoKey
    | webcrypto.CryptoKeyPair;
  if (!('publicKey' in made)) return writeKey(made);
  return { publicKey: await writeKey(made.publicKey), privateKey: await writeKey(made.privateKey) };
}

async function importKey({ format, keyData, algorithm, usages }: Fields): Promise<WireKey> {
  const key = await importMaterial(
    textOf(format),
    keyData,
    readAlgorithm(algorithm),
    readUsages(usages),
    'given',
  );
  return writeKey(key, key.extractable ? undefined : bytesOf(keyData));
}

async function exportKey({ format, key }: Fields): Promise<unknown> {
  const wanted = named(format, KEY_FORMATS, 'key format') as 'raw';
  const exported: unknown = await subtle.exportKey(wanted, await readKey(key));
  return exported instanceof ArrayBuffer ? toBinary(exported) : exported;
}

async function readDerivation(value: unknown): Promise<Algorithm> {
  const algorithm = readAlgorithm(value);
  const other = fieldsOf(value)['public'];
  if (other !== undefined) algorithm['public'] = await readKey(other);
  return algorithm;
}

async function deriveBits({ algorithm, key, length }: Fields): Promise<string> {
  const bits = length === null || length === undefined ? null : countOf(length);
  const derivation = await readDerivation(algorithm);
  boundDerivation(derivation, bits ?? 0);
  return toBinary(await subtle.deriveBits(derivation as never, await readKey(key), bits as number));
}

/** PBKDF2 (RFC 8018 section 5.2) does all its rounds for each block of output. */
function boundDerivation({ name, hash, iterations }: Algorithm, bits: number): void {
  if (bits > CRYPTO_LIMITS.derivedBitsMax) reject('NotSupportedError', 'The derived length is too large.');
  if (name !== 'PBKDF2') return;
  const blocks = Math.max(1, Math.ceil(bits / 8 / (HASH_BYTES[hash ?? ''] ?? 1)));
  if (Number(iterations) * blocks > CRYPTO_LIMITS.pbkdf2RoundsMax) {
    reject(
      'NotSupportedError',
      `More than ${CRYPTO_LIMITS.pbkdf2RoundsMax} rounds of PBKDF2 are not supported.`,
    );
  }
}

async function deriveKey({ algorithm, key, derived, usages }: Fields): Promise<WireKey> {
  const target = readAlgorithm(derived);
  const derivation = await readDerivation(algorithm);
  // An HMAC key without a length takes its hash's block: at most 1,024 bits.
  boundDerivation(derivation, typeof target['length'] === 'number' ? target['length'] : 1_024);
  const made = await subtle.deriveKey(
    derivation as never,
    await readKey(key),
    target as never,
    true,
    readUsages(usages),
  );
  return writeKey(made);
}

/** AES-KW (RFC 3394) exists for keys only: the bytes pass as an HMAC key, whose raw form they are. */
const CARRIER = { name: 'HMAC', hash: 'SHA-256' };

async function wrap({ key, data }: Fields): Promise<string> {
  const carried = await subtle.importKey('raw', bytesOf(data), CARRIER, true, ['sign']);
  return toBinary(await subtle.wrapKey('raw', carried, await readKey(key), 'AES-KW'));
}

async function unwrap({ key, data }: Fields): Promise<string> {
  const carried = await subtle.unwrapKey('raw', bytesOf(data), await readKey(key), 'AES-KW', CARRIER, true, [
    'sign',
  ]);
  return toBinary(await subtle.exportKey('raw', carried));
}

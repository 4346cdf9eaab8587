/**
 * The host's half of `crypto.subtle`: one operation of Web Cryptography on arguments that a guest wrote.
 *
 * Nothing is kept between calls: a key comes with each of them as bytes, and is imported, used and dropped. What the
 * guest writes is read member by member into fresh objects; algorithms are those of a table, and the cost of each is
 * bounded before it begins, because nothing can stop it then. What it took is charged by `crypto-desk.ts`.
 */
import { webcrypto } from 'node:crypto';
import { Fault } from '../../spec/refusal.ts';

const { subtle } = webcrypto;

type CryptoKey = webcrypto.CryptoKey;
type Usage = webcrypto.KeyUsage;
type Fields = Readonly<Record<string, unknown>>;

/** Arguments of one operation as JSON: a megabyte of bytes, each at most six characters when escaped. */
const JSON_CHARS_MAX = 6 * 1_048_576 + 65_536;

export const CRYPTO_LIMITS = {
  jsonCharsMax: JSON_CHARS_MAX,
  /** OWASP advises 600,000 rounds of PBKDF2-HMAC-SHA-256: about 0.2 s. Counted once for each block of output. */
  pbkdf2RoundsMax: 1_000_000,
  /** RSA keys: signing takes about 5 ms at 4,096 bits and grows with the cube. */
  modulusBitsMax: 4_096,
  modulusBitsMin: 2_048,
  /** Making a key tries numbers until two are prime: 0.1 s on average at 3,072 bits, several times that with bad luck. */
  generatedModulusBitsMax: 3_072,
  /** RSA public exponents, whose length is the cost of a verification. */
  exponentBytesMax: 4,
  /** Output of a derivation, and length of an HMAC key. */
  derivedBitsMax: 65_536,
  /** Operations that wait, of one run and of one isolate: what a library asks for at once, and many runs of it. */
  runPendingMax: 32,
  pendingMax: 256,
  /** Their arguments together: two of the largest. */
  pendingCharsMax: 2 * JSON_CHARS_MAX,
} as const;

const HASH_BYTES: Readonly<Record<string, number>> = {
  'SHA-1': 20,
  'SHA-256': 32,
  'SHA-384': 48,
  'SHA-512': 64,
};
const RSA = ['RSASSA-PKCS1-v1_5', 'RSA-PSS', 'RSA-OAEP'];
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
const FORMATS = ['raw', 'pkcs8', 'spki', 'jwk'];
const USAGES = ['encrypt', 'decrypt', 'sign', 'verify', 'deriveKey', 'deriveBits', 'wrapKey', 'unwrapKey'];
const BYTE_MEMBERS = ['iv', 'additionalData', 'counter', 'label', 'salt', 'info', 'publicExponent'];
const NUMBER_MEMBERS = ['length', 'modulusLength', 'tagLength', 'iterations', 'saltLength'];
const JWK_MEMBERS = ['kty', 'use', 'alg', 'crv', 'x', 'y', 'd', 'n', 'e', 'p', 'q', 'dp', 'dq', 'qi', 'k'];

/** A failure that the guest sees as a DOMException (or TypeError) of this name. */
class CryptoRejection extends Fault {
  readonly errorName: string;
  constructor(errorName: string, message: string) {
    super(message);
    this.errorName = errorName;
  }
}

const reject = (errorName: string, message: string): never => {
  throw new CryptoRejection(errorName, message);
};

/** A key as it travels: `material` is its bytes in the format that every such key can be exported in. */
type WireKey = {
  readonly type: string;
  readonly algorithm: Fields;
  readonly usages: readonly string[];
  readonly material: { readonly format: string; readonly data: string };
};

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

const ERROR_CHARS_MAX = 200;
const ERROR_NAMES: ReadonlySet<string> = new Set([
  'DataError',
  'InvalidAccessError',
  'NotSupportedError',
  'OperationError',
  'QuotaExceededError',
  'SyntaxError',
  'TypeError',
]);

/** Names that Web Cryptography knows pass; everything else is an OperationError without a text of ours. */
function describeError(error: unknown): { name: string; message: string } {
  if (error instanceof CryptoRejection) return { name: error.errorName, message: error.message };
  const isPlain = error instanceof Error && ERROR_NAMES.has(error.name) && !(error instanceof SyntaxError);
  return isPlain
    ? { name: error.name, message: error.message.slice(0, ERROR_CHARS_MAX) }
    : { name: 'OperationError', message: 'The operation failed.' };
}

function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return reject('TypeError', 'An object was expected.');
  return Object.assign(Object.create(null) as object, value) as Fields;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : reject('TypeError', 'A string was expected.');
}

function bytesOf(value: unknown): Buffer<ArrayBuffer> {
  return Buffer.from(textOf(value), 'latin1');
}

const toBinary = (bytes: ArrayBuffer): string => Buffer.from(bytes).toString('latin1');

/** Names are matched without regard to case (Web Cryptography section 18.4.4). */
function named(name: unknown, table: readonly string[], what: string): string {
  const given = textOf(name).toLowerCase();
  return (
    table.find((known) => known.toLowerCase() === given) ??
    reject('NotSupportedError', `The ${what} is not supported.`)
  );
}

type Algorithm = { name: string; hash?: string; namedCurve?: string } & Record<string, unknown>;

/** A fresh dictionary that holds known members of the right type only, within the limits. */
function readAlgorithm(value: unknown): Algorithm {
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

function countOf(value: unknown): number {
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

function boundModulus(bits: number): void {
  const { modulusBitsMin, modulusBitsMax } = CRYPTO_LIMITS;
  if (bits < modulusBitsMin || bits > modulusBitsMax) {
    reject('NotSupportedError', `An RSA modulus must have ${modulusBitsMin} to ${modulusBitsMax} bits.`);
  }
}

function readUsages(value: unknown): Usage[] {
  if (!Array.isArray(value) || value.length > USAGES.length)
    return reject('TypeError', 'The usages must be a list.');
  return value.map((usage: unknown) => {
    if (typeof usage !== 'string' || !USAGES.includes(usage))
      return reject('TypeError', 'A usage does not exist.');
    return usage as Usage;
  });
}

async function readKey(value: unknown): Promise<CryptoKey> {
  const { algorithm, usages, material } = fieldsOf(value);
  const { format, data } = fieldsOf(material);
  return importMaterial(textOf(format), data, readAlgorithm(algorithm), readUsages(usages), 'held');
}

/** A guest's format, or the one in which its keys are held; both are checked the same. */
async function importMaterial(
  format: string,
  data: unknown,
  algorithm: Algorithm,
  usages: Usage[],
  origin: 'given' | 'held',
): Promise<CryptoKey> {
  if (!FORMATS.includes(format)) return reject('NotSupportedError', 'The key format is not supported.');
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
async function writeKey(key: CryptoKey, secret?: Buffer): Promise<WireKey> {
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
  const wanted = named(format, FORMATS, 'key format') as 'raw';
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

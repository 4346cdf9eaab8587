/** How arguments of SubtleCrypto travel to the runner: JSON, bytes as binary strings, keys whole. */
import { binaryFromBytes } from './binary.ts';
import { DOMException } from './dom-exception.ts';
import { bytesOf, create, isBufferSource, mapGet, SafeMap, stringToLowerCase } from './intrinsics.ts';
import { CryptoKey, keyParts, type KeyParts } from './crypto-key.ts';
import { isObject } from './web-idl.ts';

/**
 * Members of algorithm dictionaries (Web Cryptography sections 20 to 35), by the name of the algorithm in lower case.
 * Each algorithm has its own dictionary, so what it does not know is not even looked at (Web IDL section 3.2.17):
 * programs pass a curve with Ed25519, which knows none.
 */
const MEMBERS: ReadonlyMap<string, readonly string[]> = new SafeMap([
  ['rsassa-pkcs1-v1_5', ['hash', 'modulusLength', 'publicExponent']],
  ['rsa-pss', ['hash', 'modulusLength', 'publicExponent', 'saltLength']],
  ['rsa-oaep', ['hash', 'modulusLength', 'publicExponent', 'label']],
  ['ecdsa', ['hash', 'namedCurve']],
  ['ecdh', ['namedCurve', 'public']],
  ['x25519', ['public']],
  ['hmac', ['hash', 'length']],
  ['aes-gcm', ['iv', 'additionalData', 'tagLength', 'length']],
  ['aes-cbc', ['iv', 'length']],
  ['aes-ctr', ['counter', 'length']],
  ['aes-kw', ['length']],
  ['hkdf', ['hash', 'salt', 'info']],
  ['pbkdf2', ['hash', 'salt', 'iterations']],
]);

export type WireAlgorithm = { name: string } & Record<string, unknown>;

export function binaryOfSource(value: unknown, what: string): string {
  if (!isBufferSource(value)) throw new TypeError(`SubtleCrypto: ${what} must be an ArrayBuffer or a view.`);
  return binaryFromBytes(bytesOf(value));
}

/** Web Cryptography section 18.4, "normalize an algorithm", as far as the guest's side goes: the runner checks values. */
export function toWireAlgorithm(given: unknown): WireAlgorithm {
  const wire = create(null) as WireAlgorithm;
  if (!isObject(given)) {
    wire.name = `${given as string}`;
    return wire;
  }
  const source = given as Record<string, unknown>;
  if (source['name'] === undefined) throw new TypeError('SubtleCrypto: the algorithm has no name.');
  wire.name = `${source['name'] as string}`;
  for (const member of mapGet(MEMBERS, stringToLowerCase(wire.name)) ?? []) {
    const value = source[member];
    if (value !== undefined) wire[member] = toWireMember(member, value);
  }
  return wire;
}

/** How a member travels: by its name, as all dictionaries that have it give it the same type. */
function toWireMember(member: string, value: unknown): unknown {
  switch (member) {
    case 'hash':
      return toWireAlgorithm(value).name;
    case 'namedCurve':
      return `${value as string}`;
    case 'public':
      return wireKey(value);
    case 'length':
    case 'modulusLength':
    case 'tagLength':
    case 'iterations':
    case 'saltLength':
      return Number(value);
    default:
      return binaryOfSource(value, `"${member}"`);
  }
}

export function wireKey(key: unknown): Pick<KeyParts, 'type' | 'algorithm' | 'usages' | 'material'> {
  const { type, algorithm, usages, material } = requireKey(key);
  return { type, algorithm, usages, material };
}

export function requireKey(key: unknown): KeyParts {
  if (!(key instanceof CryptoKey)) throw new TypeError('SubtleCrypto: the key must be a CryptoKey.');
  return keyParts(key);
}

export function requireExtractable(key: unknown): void {
  if (!requireKey(key).extractable)
    throw new DOMException('The key is not extractable.', 'InvalidAccessError');
}

/** How arguments of SubtleCrypto travel to the runner: JSON, bytes as binary strings, keys whole. */
import { binaryFromBytes } from './binary.ts';
import { DOMException } from './dom-exception.ts';
import { bytesOf, create, isBufferSource } from './intrinsics.ts';
import { CryptoKey, keyParts, type KeyParts } from './crypto-key.ts';
import { isObject } from './web-idl.ts';

/** Members of algorithm dictionaries (Web Cryptography sections 18 to 33), by how they travel. */
const BYTE_MEMBERS = ['iv', 'additionalData', 'counter', 'label', 'salt', 'info', 'publicExponent'] as const;
const NUMBER_MEMBERS = ['length', 'modulusLength', 'tagLength', 'iterations', 'saltLength'] as const;

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
  if (source['hash'] !== undefined) wire['hash'] = toWireAlgorithm(source['hash']).name;
  if (source['namedCurve'] !== undefined) wire['namedCurve'] = `${source['namedCurve'] as string}`;
  if (source['public'] !== undefined) wire['public'] = wireKey(source['public']);
  for (const name of BYTE_MEMBERS)
    if (source[name] !== undefined) wire[name] = binaryOfSource(source[name], `"${name}"`);
  for (const name of NUMBER_MEMBERS) if (source[name] !== undefined) wire[name] = Number(source[name]);
  return wire;
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

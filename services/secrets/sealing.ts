/**
 * How a secret lies in the database: JWE compact (RFC 7516), `alg` A256GCMKW and `enc` A256GCM, so that each value has
 * a content key of its own, wrapped by the master key that `kid` names. The protected header says whose it is, which the
 * encryption authenticates: a row that is copied to another place does not open.
 */
import { CompactEncrypt, compactDecrypt } from 'jose';
import { Fault } from '../../spec/refusal.ts';
import type { KeyRing } from './key-ring.ts';

/** Where a secret belongs: to an installation, or to a service that an organization has configured. */
export type SecretPlace =
  | {
      readonly org: string;
      readonly installation: string;
      readonly plugin: string;
      readonly name: string;
    }
  | { readonly org: string; readonly service: string; readonly name: string };

export type SealedSecret = { readonly sealed: string; readonly keyId: string };

const ALGORITHMS = {
  keyManagementAlgorithms: ['A256GCMKW'],
  contentEncryptionAlgorithms: ['A256GCM'],
};

export async function seal({ current }: KeyRing, place: SecretPlace, value: string): Promise<SealedSecret> {
  const sealed = await new CompactEncrypt(Buffer.from(value, 'utf8'))
    .setProtectedHeader({ alg: 'A256GCMKW', enc: 'A256GCM', kid: current.id, ...place })
    .encrypt(current.bytes);
  return { sealed, keyId: current.id };
}

/** @throws Fault when it was sealed under a key that is not there, for another place, or has been changed */
export async function unseal(
  ring: KeyRing,
  place: SecretPlace,
  { sealed, keyId }: SealedSecret,
): Promise<string> {
  const key = ring.byId.get(keyId);
  if (!key) throw new Fault(`a secret is sealed under the master key ${keyId}, which is not here`);
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(sealed, key.bytes, ALGORITHMS);
    if (isFor(place, protectedHeader)) return Buffer.from(plaintext).toString('utf8');
  } catch (error) {
    throw new Fault('a secret does not open', { cause: error });
  }
  throw new Fault('a secret was sealed for another place than where it was found');
}

function isFor(place: SecretPlace, header: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(place).every(([key, value]) => header[key] === value);
}

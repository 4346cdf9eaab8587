/** The next key document of a publisher, made from the one in force. Pure: files and server are the verb's. */
import type { KeyDocument, KeyId, PublicKey, Revocation } from '../signing/index.ts';
import { Refusal } from '../spec/refusal.ts';

export type KeyChange = {
  /** Keys that have the role from now on; those of the document in force where absent. */
  readonly root?: readonly PublicKey[];
  readonly publish?: readonly PublicKey[];
  /** How many of them must sign; as before where absent. */
  readonly rootThreshold?: number;
  readonly publishThreshold?: number;
  readonly revocation?: Revocation;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
};

type RoleKeys = { readonly threshold: number; readonly keys: readonly PublicKey[] };

/**
 * @returns a document one version up, in which every key holds until the document ends
 * @throws Refusal `key_role_empty`; what else is wrong is refused where the document is written
 */
export function nextKeyDocument(inForce: KeyDocument, change: KeyChange): KeyDocument {
  const root = roleOf(inForce, 'root', change);
  const publish = roleOf(inForce, 'publish', change);
  const keys = [...new Map([...root.keys, ...publish.keys].map((key) => [key.id, key])).values()];
  const began = new Map(inForce.keys.map(({ key, notBefore }) => [key.id, notBefore]));
  const { issuedAt, expiresAt, revocation } = change;
  return {
    publisher: inForce.publisher,
    version: inForce.version + 1,
    issuedAt,
    expiresAt,
    keys: keys.map((key) => ({ key, notBefore: began.get(key.id) ?? issuedAt, notAfter: expiresAt })),
    roles: { root: idsOf(root), publish: idsOf(publish) },
    revocations: revocation ? withRevocation(inForce.revocations, revocation) : inForce.revocations,
  };
}

/** Keys of `document` that `earlier` does not list: each has to sign it. */
export function introducedIds(earlier: KeyDocument, document: KeyDocument): KeyId[] {
  const known = new Set(earlier.keys.map(({ key }) => key.id));
  return document.keys.map(({ key }) => key.id).filter((id) => !known.has(id));
}

function roleOf(inForce: KeyDocument, role: keyof KeyDocument['roles'], change: KeyChange): RoleKeys {
  const before = inForce.roles[role];
  const held = inForce.keys.map(({ key }) => key).filter(({ id }) => before.keyIds.includes(id));
  const keys = (change[role] ?? held).filter(({ id }) => id !== change.revocation?.keyId);
  if (keys.length === 0)
    throw new Refusal('key_role_empty', { detail: `No key would have the role ${role}.` });
  return { keys, threshold: change[`${role}Threshold`] ?? before.threshold };
}

function idsOf({ threshold, keys }: RoleKeys): { threshold: number; keyIds: KeyId[] } {
  return { threshold, keyIds: keys.map(({ id }) => id) };
}

/** A revocation that is repeated can only reach further back. */
function withRevocation(earlier: readonly Revocation[], revocation: Revocation): Revocation[] {
  const before = earlier.find(({ keyId }) => keyId === revocation.keyId);
  const kept = earlier.filter((each) => each !== before);
  return [...kept, before && before.effectiveFrom < revocation.effectiveFrom ? before : revocation];
}

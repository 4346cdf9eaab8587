/** Key documents as people read them. */
import { KEY_ROLES, type KeyDocument, type KeyId } from '../signing/index.ts';

/** Every key with its roles, and every revocation: what the root keys have put their names to. */
export function keyLines({ publisher, version, keys, roles, revocations }: KeyDocument): string[] {
  const rolesOf = (id: KeyId): string =>
    KEY_ROLES.filter((role) => roles[role].keyIds.includes(id)).join(', ');
  const thresholds = KEY_ROLES.map(
    (role) => `${roles[role].threshold} of ${roles[role].keyIds.length} ${role}`,
  );
  return [
    `${publisher}: key document ${version}, ${thresholds.join(', ')}`,
    ...keys.map(({ key, notAfter }) => `${key.id} ${rolesOf(key.id)}, until ${notAfter.toISOString()}`),
    ...revocations.map(
      ({ keyId, effectiveFrom, reason }) => `${keyId} revoked from ${effectiveFrom.toISOString()}, ${reason}`,
    ),
  ];
}

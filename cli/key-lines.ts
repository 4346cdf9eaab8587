/** Key documents as people read them, and the period for which the command makes them. */
import { KEY_ROLES, type KeyDocument, type KeyId } from '../signing/index.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const CLOCK_SKEW_MS = 5 * 60 * 1000;

/** A hundred years: a document that never ends would keep a key in force that everybody has forgotten. */
export const DOCUMENT_DAYS_MAX = 36_500;

/**
 * From now on. In whole seconds, as documents write times; set back a little, because the clock of the registry is the
 * one that counts.
 *
 * @param days 1 to DOCUMENT_DAYS_MAX
 */
export function documentPeriod(days: number): { issuedAt: Date; expiresAt: Date } {
  const issuedAt = new Date(Math.floor((Date.now() - CLOCK_SKEW_MS) / 1000) * 1000);
  return { issuedAt, expiresAt: new Date(issuedAt.getTime() + days * DAY_MS) };
}

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

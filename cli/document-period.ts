/** The period for which the command makes key documents. */
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

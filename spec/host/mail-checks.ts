/** What mail is refused for wherever it is sent from. */
import { MAIL_LIMITS } from '../limits.ts';
import { Refusal } from '../refusal.ts';

/**
 * @param used recipients of today (UTC), with those of the message that is sent
 * @throws Refusal `mail_quota_exceeded`
 */
export function requireMailQuota(used: { readonly plugin: number; readonly organization: number }): void {
  requireRoom('This plugin', used.plugin, MAIL_LIMITS.recipientsPerDayMax);
  requireRoom('This organization', used.organization, MAIL_LIMITS.orgRecipientsPerDayMax);
}

function requireRoom(who: string, used: number, max: number): void {
  if (used <= max) return;
  throw new Refusal('mail_quota_exceeded', { detail: `${who} may write to ${max} recipients a day.` });
}

export function mailNotConfigured(): Refusal {
  return new Refusal('mail_not_configured', { detail: 'This organization has no mail server.' });
}

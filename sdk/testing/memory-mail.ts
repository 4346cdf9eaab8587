/** Mail that is kept instead of sent: the checks, quotas and refusals of a server. */
import { randomUUID } from 'node:crypto';
import { mailNotConfigured, requireMailQuota } from '../../spec/host/mail-checks.ts';
import { recipientsOf, type MailMessage } from '../../spec/host/mail-message.ts';
import type { MailPort } from '../../spec/host/mail.ts';
import { Refusal } from '../../spec/refusal.ts';

/** A message as it would have left, with who took it. */
export type SentMail = MailMessage & {
  readonly messageId: string;
  readonly accepted: readonly string[];
  readonly rejected: readonly string[];
};

/** The mail server of the organization: addresses that it does not take, or that there is none. */
export type MemoryMailServer = 'none' | { readonly rejects?: readonly string[] };

const DAY_MS = 86_400_000;

/** @param nowMs milliseconds since 1970 */
export function createMemoryMail(
  server: MemoryMailServer,
  nowMs: () => number,
): MailPort & { readonly outbox: readonly SentMail[] } {
  const outbox: SentMail[] = [];
  const used = new Map<number, number>();
  return {
    outbox,
    send: async (_sender, message) => {
      if (server === 'none') throw mailNotConfigured();
      const recipients = recipientsOf(message);
      const day = Math.floor(nowMs() / DAY_MS);
      const count = (used.get(day) ?? 0) + recipients.length;
      requireMailQuota({ plugin: count, organization: count });
      used.set(day, count);
      const rejected = recipients.filter((address) => server.rejects?.includes(address));
      const accepted = recipients.filter((address) => !rejected.includes(address));
      if (accepted.length === 0)
        throw new Refusal('mail_recipients_rejected', {
          detail: 'The mail server took no recipient, or not the sender. It answered 550.',
        });
      const messageId = `<${randomUUID()}@test.invalid>`;
      outbox.push({ ...message, messageId, accepted, rejected });
      return { messageId, accepted, rejected };
    },
    verify: async () => {
      if (server === 'none') throw mailNotConfigured();
    },
  };
}

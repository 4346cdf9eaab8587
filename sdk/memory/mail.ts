/** Mail that is kept instead of sent: the checks, quotas and refusals of a server. */
import { randomUUID } from 'node:crypto';
import { mailNotConfigured, requireMailQuota } from '../../spec/host/mail-checks.ts';
import { recipientsOf, type MailMessage } from '../../spec/host/mail-message.ts';
import type { MailPort } from '../../spec/host/mail.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';

/** A message as it would have left, with who took it. */
export type SentMail = MailMessage & {
  readonly plugin: PluginId;
  readonly messageId: string;
  readonly accepted: readonly string[];
  readonly rejected: readonly string[];
};

/** The mail server of the organization: addresses that it does not take, or that there is none. */
export type MemoryMailServer = 'none' | { readonly rejects?: readonly string[] };

export type MemoryMail = MailPort & { readonly outbox: readonly SentMail[] };

export type MailPorts = {
  /** The server as a plugin meets it. */
  readonly serverOf: (plugin: PluginId) => MemoryMailServer;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly sent: (mail: SentMail) => void;
};

const DAY_MS = 86_400_000;

export function createMemoryMail({ serverOf, nowMs, sent }: MailPorts): MemoryMail {
  const outbox: SentMail[] = [];
  const used = new Map<string, number>();
  const count = (plugin: PluginId, recipients: number): void => {
    const day = Math.floor(nowMs() / DAY_MS);
    const [own, all] = [`${plugin} ${day}`, `${day}`];
    const sum = (key: string): number => (used.get(key) ?? 0) + recipients;
    const now = { plugin: sum(own), organization: sum(all) };
    requireMailQuota(now);
    used.set(own, now.plugin).set(all, now.organization);
  };
  return {
    outbox,
    send: async ({ plugin }, message) => {
      const server = requireServer(serverOf(plugin));
      const recipients = recipientsOf(message);
      count(plugin, recipients.length);
      const rejected = recipients.filter((address) => server.rejects?.includes(address));
      const accepted = recipients.filter((address) => !rejected.includes(address));
      if (accepted.length === 0)
        throw new Refusal('mail_recipients_rejected', {
          detail: 'The mail server took no recipient, or not the sender. It answered 550.',
        });
      const messageId = `<${randomUUID()}@test.invalid>`;
      const mail = { ...message, plugin, messageId, accepted, rejected };
      outbox.push(mail);
      sent(mail);
      return { messageId, accepted, rejected };
    },
    verify: async ({ plugin }) => {
      requireServer(serverOf(plugin));
    },
  };
}

function requireServer(server: MemoryMailServer): Exclude<MemoryMailServer, 'none'> {
  if (server === 'none') throw mailNotConfigured();
  return server;
}

/** Mail that plugins send, through the server of their organization. */
import { appendAudit, type Database } from '../../database/index.ts';
import type { Acting } from '../../registry/installations/index.ts';
import { MAIL_LIMITS } from '../../spec/limits.ts';
import type { MailDelivery, MailPort, MailSender } from '../../spec/host/mail.ts';
import type { JudgePorts } from '../egress/guard.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { deliver, greet } from './delivery.ts';
import { readMessage, recipientsOf, type MailMessage } from '../../spec/host/mail-message.ts';
import { countRecipients, sweepMailUsage } from './quota.ts';
import {
  deleteMailServer,
  readMailServer,
  readMailServerView,
  rewrapMailPasswords,
  setMailServer,
  type MailServerInput,
  type MailServerView,
} from './server-settings.ts';

export type Mail = MailPort & {
  /** @throws Refusal `mail_not_configured` */
  view(orgId: string): Promise<MailServerView>;
  /** @throws Refusal `mail_server_invalid` */
  configure(acting: Acting, server: MailServerInput): Promise<void>;
  /** @throws Refusal `mail_not_configured` */
  forget(acting: Acting): Promise<void>;
  /** Sends a message of ours. @throws Refusal as `send` */
  test(acting: Acting, to: string): Promise<MailDelivery>;
  /** Seals passwords under the current master key. @returns how many */
  rewrap(): Promise<number>;
  /** Forgets counts of days that are over. @returns how many */
  sweep(): Promise<number>;
};

export type MailPorts = JudgePorts & { readonly database: Database; readonly ring: KeyRing };

export function openMail(ports: MailPorts): Mail {
  return {
    view: (orgId) => readMailServerView(ports, orgId),
    configure: (acting, server) => setMailServer(ports, acting, server),
    forget: (acting) => deleteMailServer(ports, acting),
    test: (acting, to) => sendTest(ports, acting, to),
    send: (sender, message) => send(ports, sender, message),
    verify: async (sender) => greet(await readMailServer(ports, sender.orgId), deliveryOf(ports, sender)),
    rewrap: () => rewrapMailPasswords(ports),
    sweep: () => sweepMailUsage(ports.database),
  };
}

async function send(ports: MailPorts, sender: MailSender, message: MailMessage): Promise<MailDelivery> {
  const server = await readMailServer(ports, sender.orgId);
  await countRecipients(ports.database, sender, recipientsOf(message).length);
  const delivery = await deliver(server, message, deliveryOf(ports, sender));
  await record(ports, { orgId: sender.orgId, actor: { kind: 'plugin', plugin: sender.plugin } }, delivery);
  return delivery;
}

async function sendTest(ports: MailPorts, acting: Acting, to: string): Promise<MailDelivery> {
  const message = readMessage({
    to,
    subject: 'Test message from Souk',
    text: 'The mail server of your organization works.',
  });
  const server = await readMailServer(ports, acting.orgId);
  const limits = { timeMs: MAIL_LIMITS.deliveryMsMax, signal: new AbortController().signal };
  const delivery = await deliver(server, message, { ...ports, ...limits });
  await record(ports, acting, delivery);
  return delivery;
}

function deliveryOf(ports: MailPorts, { deadline, signal }: MailSender) {
  return { ...ports, timeMs: deadline - performance.now(), signal };
}

/** How many, and never who or what: entries are for ever. */
async function record(
  { database }: MailPorts,
  { orgId, actor }: Acting,
  delivery: MailDelivery,
): Promise<void> {
  const scope = { kind: 'org', orgId } as const;
  const detail = {
    messageId: delivery.messageId,
    accepted: delivery.accepted.length,
    rejected: delivery.rejected.length,
  };
  await database.transaction(scope, (tx) =>
    appendAudit(tx, { scope, actor, action: 'mail.sent', subject: 'mail', detail }),
  );
}

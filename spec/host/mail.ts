/** `host.mail`: its calls, and who answers them. */
import type { JsonValue } from '../json.ts';
import type { PluginId } from '../plugin-id.ts';
import type { Capability } from './capability.ts';
import { MESSAGE_SCHEMA, readMessage, type MailMessage } from './mail-message.ts';

/** A run that sends, from the supervisor's own record. */
export type MailSender = {
  readonly orgId: string;
  readonly installationId: string;
  readonly plugin: PluginId;
  /** Milliseconds of `performance.now()` by which it must be over. */
  readonly deadline: number;
  readonly signal: AbortSignal;
};

export type MailDelivery = {
  readonly messageId: string;
  readonly accepted: readonly string[];
  readonly rejected: readonly string[];
};

export type MailPort = {
  /**
   * @throws Refusal `mail_not_configured`, `mail_quota_exceeded`, `mail_server_unreachable`, `mail_server_refused`,
   * `mail_recipients_rejected`
   */
  send(sender: MailSender, message: MailMessage): Promise<MailDelivery>;
  /** Greets the server and logs in. @throws Refusal as `send`, but for the recipients */
  verify(sender: MailSender): Promise<void>;
};

/** The run on whose behalf mail is sent. */
export type MailContext = {
  readonly guest: {
    readonly installationId: string;
    readonly org: { readonly id: string };
    readonly plugin: { readonly id: PluginId };
  };
  readonly deadline: number;
  readonly signal: AbortSignal;
};

/**
 * `mail.send({ to, cc, replyTo, subject, text, html })` → `{ messageId, accepted, rejected }` · `mail.verify()` → true when
 * the server of the organization greets and takes the login.
 */
export function mailCapabilities(mail: MailPort): Capability<MailContext>[] {
  return [
    {
      name: 'mail.send',
      argumentSchema: MESSAGE_SCHEMA,
      requires: () => ({ name: 'mail.send' }),
      act: async (args, context): Promise<JsonValue> => {
        const { messageId, accepted, rejected } = await mail.send(senderOf(context), readMessage(args));
        return { messageId, accepted: [...accepted], rejected: [...rejected] };
      },
    },
    {
      name: 'mail.verify',
      argumentSchema: { type: 'object', properties: {}, additionalProperties: false },
      requires: () => ({ name: 'mail.send' }),
      act: async (_args, context) => {
        await mail.verify(senderOf(context));
        return true;
      },
    },
  ];
}

function senderOf({ guest, deadline, signal }: MailContext): MailSender {
  const { installationId, org, plugin } = guest;
  return { orgId: org.id, installationId, plugin: plugin.id, deadline, signal };
}

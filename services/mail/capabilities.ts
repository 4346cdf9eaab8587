/** What a guest reaches as `host.mail`. */
import type { JsonValue } from '../../spec/json.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { Capability } from '../capability.ts';
import type { Mail, MailSender } from './mail.ts';
import { MESSAGE_SCHEMA, readMessage } from './message.ts';

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
export function mailCapabilities(mail: Mail): Capability<MailContext>[] {
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

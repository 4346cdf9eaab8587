/** An invitation as the event `invitations.send-requested` tells it, and the mail that becomes of it. */
import * as z from 'zod/mini';
import type { Host, MailMessage } from 'souk/sdk';

const invitationSchema = z.object({
  to: z.email(),
  link: z.url(),
  name: z._default(z.string().check(z.maxLength(100)), ''),
  inviter: z._default(z.string().check(z.maxLength(100)), 'Somebody'),
});

export type Invitation = z.infer<typeof invitationSchema>;
type Texts = { projectName: string; replyTo?: string; subject: string; text: string };

/** @throws Error that says what the event lacks: it ends among the dead letters, where an administrator reads it */
export function readInvitation(data: unknown): Invitation {
  const { success, data: invitation, error } = z.safeParse(invitationSchema, data);
  if (success) return invitation;
  const faults = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(`this is no invitation: ${faults.join('; ')}`);
}

export function invitationMail({ to, link, name, inviter }: Invitation, { config }: Host): MailMessage {
  const texts = config as Texts;
  const words: Record<string, string> = { name: name || to, inviter, link, project: texts.projectName };
  // What is filled in is not looked at again: a name may hold braces. Line breaks end a subject.
  const fill = (template: string): string =>
    template.replace(/\{(\w+)\}/gu, (whole, word: string) => words[word] ?? whole);
  const subject = fill(texts.subject).replace(/\s+/gu, ' ').trim();
  return { to, subject, text: fill(texts.text), ...(texts.replyTo ? { replyTo: texts.replyTo } : {}) };
}

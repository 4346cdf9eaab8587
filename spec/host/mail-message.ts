/** A message as a plugin asks for it, checked: who receives it, and what it says. */
import type { JsonObject } from '../json.ts';
import { MAIL_LIMITS } from '../limits.ts';
import { Refusal } from '../refusal.ts';
import { parseMailAddress, type MailAddress } from './mail-address.ts';

/** Made by `readMessage` alone. The sender is not in it: it is the organization's. */
export type MailMessage = {
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  readonly replyTo: MailAddress | null;
  readonly subject: string;
  readonly text: string | null;
  readonly html: string | null;
};

const ADDRESSES: JsonObject = {
  anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }],
};

/** Of what `host.mail.send` takes. */
export const MESSAGE_SCHEMA: JsonObject = {
  type: 'object',
  required: ['to', 'subject'],
  additionalProperties: false,
  properties: {
    to: ADDRESSES,
    cc: ADDRESSES,
    replyTo: { type: 'string' },
    subject: { type: 'string' },
    text: { type: 'string' },
    html: { type: 'string' },
  },
};

/**
 * @param asked what MESSAGE_SCHEMA takes
 * @throws Refusal `mail_message_invalid`
 */
export function readMessage(asked: JsonObject): MailMessage {
  const to = readAddresses('to', asked['to']);
  const cc = readAddresses('cc', asked['cc']);
  const recipients = to.length + cc.length;
  if (recipients > MAIL_LIMITS.recipientsMax)
    throw invalid(`It has ${recipients} recipients; at most ${MAIL_LIMITS.recipientsMax} are taken.`);
  const message = {
    to,
    cc,
    replyTo: readAddresses('replyTo', asked['replyTo'])[0] ?? null,
    subject: readSubject(String(asked['subject'])),
    text: (asked['text'] ?? null) as string | null,
    html: (asked['html'] ?? null) as string | null,
  };
  requireContent(message);
  return message;
}

/** @returns every address that gets the message, each once */
export function recipientsOf({ to, cc }: MailMessage): string[] {
  return [...new Set([...to, ...cc].map(({ address }) => address))];
}

function readAddresses(field: string, asked: unknown): MailAddress[] {
  if (asked === undefined) return [];
  const texts = (Array.isArray(asked) ? asked : [asked]) as string[];
  return texts.map((text) => {
    const address = parseMailAddress(text);
    if (address) return address;
    throw invalid(`${JSON.stringify(text.slice(0, 100))} in "${field}" is no mail address.`);
  });
}

/** A line break in a header would begin another one (RFC 5322 section 2.2). */
function readSubject(subject: string): string {
  if (/[\p{Cc}\p{Cs}]/u.test(subject)) throw invalid('The subject holds a control character.');
  const bytes = Buffer.byteLength(subject, 'utf8');
  if (bytes > 0 && bytes <= MAIL_LIMITS.subjectBytesMax) return subject;
  throw invalid(`The subject has ${bytes} bytes; 1 to ${MAIL_LIMITS.subjectBytesMax} are taken.`);
}

function requireContent({ text, html }: MailMessage): void {
  if (!text && !html) throw invalid('It has neither text nor html.');
  const bytes = Buffer.byteLength(text ?? '', 'utf8') + Buffer.byteLength(html ?? '', 'utf8');
  if (bytes > MAIL_LIMITS.contentBytesMax)
    throw invalid(`Its content has ${bytes} bytes; at most ${MAIL_LIMITS.contentBytesMax} are taken.`);
}

function invalid(detail: string): Refusal {
  return new Refusal('mail_message_invalid', { detail });
}

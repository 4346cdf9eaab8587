/** The contract `mail-sender@1` on `host.mail`. */
import type { Host, Json } from 'souk/sdk';

type Address = { address: string; name?: string };
type Mail = { to: Address[]; subject: string; text?: string; html?: string; replyTo?: Address };

/** Errors of `host.mail` that another attempt may mend. */
const PASSING = new Set(['mail_server_unreachable', 'mail_quota_exceeded', 'mail_not_configured']);

/** An error with one of the codes of the contract. */
class SenderError extends Error {
  readonly code: 'provider_refused' | 'provider_unavailable';

  constructor(code: SenderError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export async function send(
  input: Json,
  host: Host,
): Promise<{ messageId: string; rejected: { address: string }[] }> {
  const { to, replyTo, ...rest } = input as unknown as Mail;
  try {
    const sent = await host.mail.send({
      ...rest,
      to: to.map(format),
      ...(replyTo ? { replyTo: format(replyTo) } : {}),
    });
    return { messageId: sent.messageId, rejected: sent.rejected.map((address) => ({ address })) };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    throw new SenderError(PASSING.has(code ?? '') ? 'provider_unavailable' : 'provider_refused', message);
  }
}

/** EHLO, TLS and login, and no mail. */
export async function verify(host: Host): Promise<{ ok: boolean; message: string }> {
  try {
    await host.mail.verify();
    return { ok: true, message: 'The mail server greets and takes the login.' };
  } catch (error) {
    return { ok: false, message: (error as Error).message };
  }
}

/** A name in quotes or brackets would be read as something else. */
function format({ address, name }: Address): string {
  const plain = name?.replace(/["<>\\\p{C}]/gu, ' ').trim();
  return plain ? `${plain} <${address}>` : address;
}

/**
 * One connection to the SMTP server of an organization, for one message or one test (RFC 5321). The connection goes to
 * the addresses that the egress guard has judged: what an administrator enters may not reach the instance's own network.
 */
import { connect, type Socket } from 'node:net';
import {
  createTransport,
  type NodemailerError,
  type SMTPSentMessageInfo,
  type SMTPTransportOptions,
  type Transporter,
} from 'nodemailer';
import type { MailDelivery } from '../../spec/host/mail.ts';
import { MAIL_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import { judge, pinnedLookup, type JudgePorts } from '../egress/guard.ts';
import { recipientsOf, type MailMessage } from '../../spec/host/mail-message.ts';
import type { MailServer } from './server-settings.ts';

export type DeliveryPorts = JudgePorts & {
  /** By when it must be over: milliseconds from now. */
  readonly timeMs: number;
  readonly signal: AbortSignal;
};

/**
 * @throws Refusal `mail_server_unreachable`, `mail_server_refused` (login, TLS, sender), `mail_recipients_rejected` (all)
 */
export async function deliver(
  server: MailServer,
  message: MailMessage,
  ports: DeliveryPorts,
): Promise<MailDelivery> {
  const { to, cc, replyTo, subject, text, html } = message;
  const sent = await withServer(server, ports, (transport, signal) =>
    transport.sendMail({
      from: server.from,
      to: [...to],
      cc: [...cc],
      subject,
      ...(replyTo ? { replyTo } : {}),
      ...(text === null ? {} : { text }),
      ...(html === null ? {} : { html }),
      // The content is text and never a reference to a file or an address of ours.
      disableFileAccess: true,
      disableUrlAccess: true,
      signal,
    }),
  );
  const accepted = recipientsOf(message).filter((address) => !sent.rejected.includes(address));
  return { messageId: sent.messageId, accepted, rejected: sent.rejected };
}

/** Greets the server, secures the connection and logs in, and sends nothing. @throws as `deliver` */
export async function greet(server: MailServer, ports: DeliveryPorts): Promise<void> {
  await withServer(server, ports, (transport) => transport.verify());
}

type Transport = Transporter<SMTPSentMessageInfo, SMTPTransportOptions>;

async function withServer<Result>(
  server: MailServer,
  ports: DeliveryPorts,
  use: (transport: Transport, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const timeMs = Math.max(1, Math.min(MAIL_LIMITS.deliveryMsMax, Math.floor(ports.timeMs)));
  const signal = AbortSignal.any([ports.signal, AbortSignal.timeout(timeMs)]);
  let socket: Socket | undefined;
  try {
    socket = await open(server, ports, signal);
    // Whatever hangs afterwards hangs on this socket.
    signal.addEventListener('abort', () => socket?.destroy(), { once: true });
    return await use(createTransport(optionsOf(server, socket, timeMs)), signal);
  } catch (error) {
    throw toRefusal(error);
  } finally {
    socket?.destroy();
  }
}

async function open({ host, port }: MailServer, ports: JudgePorts, signal: AbortSignal): Promise<Socket> {
  const addresses = await judge({ host: host.replace(/^\[|\]$/gu, ''), port }, ports);
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: addresses[0]?.address ?? '',
      port,
      lookup: pinnedLookup(addresses),
      signal,
    });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

function optionsOf(
  { host, security, login }: MailServer,
  connection: Socket,
  timeMs: number,
): SMTPTransportOptions {
  return {
    host,
    connection,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(login ? { auth: login } : {}),
    connectionTimeout: timeMs,
    greetingTimeout: timeMs,
    socketTimeout: timeMs,
    maxResponseSize: MAIL_LIMITS.replyBytesMax,
  };
}

/** The server's own words stay out: they are a stranger's text of any length. Its codes are said (RFC 5321, RFC 3463). */
function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal && error.code !== 'egress_failed') return error;
  const { code, responseCode } = error as Partial<NodemailerError> & { responseCode?: number };
  const reply = responseCode === undefined ? '' : ` It answered ${responseCode}.`;
  switch (code) {
    case 'EAUTH':
    case 'ENOAUTH':
      return new Refusal('mail_server_refused', {
        detail: `The mail server did not take the login.${reply}`,
      });
    case 'ETLS':
      return new Refusal('mail_server_refused', { detail: `The connection could not be secured.${reply}` });
    case 'EENVELOPE':
      return new Refusal('mail_recipients_rejected', {
        detail: `The mail server took no recipient, or not the sender.${reply}`,
      });
    case 'EMESSAGE':
      return new Refusal('mail_server_refused', {
        detail: `The mail server did not take the message.${reply}`,
      });
    default:
      return new Refusal('mail_server_unreachable', { detail: 'The mail server does not answer as one.' });
  }
}

/** The mail server of the demo: on the loopback device, keeping what it is sent. */
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export type Mailbox = {
  readonly port: number;
  /** Subjects and recipients, in the order of arrival. */
  readonly mails: readonly { readonly to: readonly string[]; readonly subject: string }[];
  close(): Promise<void>;
};

export async function openMailbox(): Promise<Mailbox> {
  const mails: { to: string[]; subject: string }[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    authOptional: true,
    onData: (stream, { envelope }, callback) => {
      let source = '';
      stream.on('data', (chunk: Buffer) => (source += chunk.toString('utf8')));
      stream.on('end', () => {
        const [, subject = ''] = /^Subject: (.*)$/mu.exec(source) ?? [];
        mails.push({ to: envelope.rcptTo.map(({ address }) => address), subject: subject.trim() });
        callback();
      });
    },
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

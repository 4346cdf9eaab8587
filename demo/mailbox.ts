/** A mail server that takes whatever comes: on the loopback device, keeping what it is sent. */
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export type Mail = { readonly to: readonly string[]; readonly subject: string; readonly source: string };

export type Mailbox = {
  readonly port: number;
  /** In the order of arrival; `source` is the whole message as it came. */
  readonly mails: readonly Mail[];
  close(): Promise<void>;
};

export async function openMailbox(): Promise<Mailbox> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    authOptional: true,
    onData: (stream, { envelope }, callback) => {
      let source = '';
      stream.on('data', (chunk: Buffer) => (source += chunk.toString('utf8')));
      stream.on('end', () => {
        const [, subject = ''] = /^Subject: (.*)$/mu.exec(source) ?? [];
        mails.push({ to: envelope.rcptTo.map(({ address }) => address), subject: subject.trim(), source });
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

/** Mail from a plugin through the server of its organization: a real SMTP server, real connections, real refusals. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consentTo, type TestOrg } from '../support/test-org.ts';
import { startSoukOn, testDatabase } from '../support/test-souk.ts';

const MAILER = 'situs/mailer';
const CODE = `
const say = async (asked, host) => {
  try {
    return asked === 'verify' ? await host.mail.verify() : await host.mail.send(asked);
  } catch (error) {
    return { code: error.code, message: error.message };
  }
};
export default {
  fetch: async (request, host) => Response.json(await say(await request.json(), host)),
  commands: { say },
};\n`;
const LETTER = { to: 'Ada <ada@example.org>', subject: 'Grüße', text: 'Hello', html: '<p>Hello</p>' };

type Received = { user: string | null; from: string; to: string[]; source: string };
const received: Received[] = [];
const open = new Set<Socket>();
let mailPort: number;
let silent: Server;
let neverReached: Server;
let reached = 0;
let acme: TestOrg;
let other: TestOrg;

const smtp = new SMTPServer({
  disabledCommands: ['STARTTLS'],
  allowInsecureAuth: true,
  authOptional: true,
  onAuth: ({ username, password }, _session, callback) =>
    password === 'right' ? callback(null, { user: username ?? '' }) : callback(new Error('no')),
  onRcptTo: ({ address }, _session, callback) =>
    callback(
      address.startsWith('nobody@') ? Object.assign(new Error('no such user'), { responseCode: 550 }) : null,
    ),
  onData: (stream, { envelope, user }, callback) => {
    let source = '';
    stream.on('data', (chunk: Buffer) => (source += chunk.toString('utf8')));
    stream.on('end', () => {
      const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
      received.push({
        user: user === undefined ? null : String(user),
        from,
        to: envelope.rcptTo.map(({ address }) => address),
        source,
      });
      callback();
    });
  },
});

beforeAll(async () => {
  await new Promise<void>((resolve) => void smtp.listen(0, '127.0.0.1', resolve));
  mailPort = (smtp.server.address() as AddressInfo).port;
  silent = await listening((socket) => void open.add(socket));
  neverReached = await listening(() => (reached += 1));
  const allow = `127.0.0.1:${mailPort},127.0.0.1:${portOf(silent)}`;
  const souk = await startSoukOn((await testDatabase()).url, { environment: { SOUK_EGRESS_ALLOW: allow } });
  acme = await souk.org('acme');
  other = await souk.org('other');
  const publisher = await souk.publisher('situs', acme);
  await publisher.ship({
    id: MAILER,
    code: CODE,
    permissions: [{ name: 'mail.send' }],
    contributes: { commands: [{ name: 'say' }] },
  });
  for (const org of [acme, other]) {
    const plan = await org.plan({ kind: 'install', plugin: MAILER });
    expect((await org.apply(plan.json.id, consentTo(plan.json))).status).toBe(201);
    expect((await org.step(MAILER, 'activate', {})).status).toBe(200);
  }
});

afterAll(async () => {
  for (const socket of open) socket.destroy();
  silent.close();
  neverReached.close();
  await new Promise<void>((resolve) => void smtp.close(() => resolve()));
});

async function listening(onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onConnection);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

const settings = (changes: object = {}): object => ({
  host: '127.0.0.1',
  port: mailPort,
  security: 'none',
  from: 'Acme <souk@acme.example>',
  username: 'acme',
  password: 'right',
  ...changes,
});

const configure = (org: TestOrg, changes: object = {}) => org.owner.put(org.path('/mail'), settings(changes));

type Said = { code?: string; accepted?: string[] };

async function say(org: TestOrg, what: object | 'verify'): Promise<Said> {
  const answer = await org.call(MAILER, '/', { method: 'POST', body: JSON.stringify(what) });
  expect(answer.status, answer.text).toBe(200);
  return answer.json;
}

describe('the mail server of an organization', () => {
  it('has to be there', async () => {
    expect((await acme.owner.get(acme.path('/mail'))).json.code).toBe('mail_not_configured');
    expect((await say(acme, LETTER)).code).toBe('mail_not_configured');
  });

  it('is set by an administrator, and its password is shown to nobody', async () => {
    const set = await configure(acme);
    expect(set.status, set.text).toBe(200);
    expect(set.json).toMatchObject({ host: '127.0.0.1', username: 'acme', password: 'set' });
    expect((await acme.owner.get(acme.path('/mail'))).text).not.toContain('right');
  });

  it.each([
    ['a path in the host', { host: '127.0.0.1/x' }],
    ['another spelling of an address', { host: '2130706433' }],
    ['a port in the host', { host: '127.0.0.1:2525' }],
    ['a sender with a second header', { from: 'a@b.org\r\nBcc: c@d.org' }],
    ['a user with a line break', { username: 'acme\r\nQUIT' }],
    ['a password without user', { username: undefined }],
  ])('%s is refused', async (_trick, changes) => {
    const answer = await configure(acme, changes);
    expect([answer.status, answer.json.code]).toEqual([422, 'mail_server_invalid']);
  });

  it('keeps the password only for the server that it was given for', async () => {
    const renamed = await configure(acme, { password: undefined, from: 'New <new@acme.example>' });
    expect(renamed.json.password).toBe('set');
    const moved = await configure(acme, { password: undefined, port: portOf(neverReached) });
    expect(moved.json.code).toBe('mail_server_invalid');
    await configure(acme);
  });

  it('sends a test message', async () => {
    const sent = await acme.owner.post(acme.path('/mail/test'), { to: 'owner@acme.example' });
    expect(sent.status, sent.text).toBe(200);
    expect(sent.json).toMatchObject({ accepted: ['owner@acme.example'], rejected: [] });
    expect(received.at(-1)).toMatchObject({ user: 'acme', from: 'souk@acme.example' });
  });
});

describe('a plugin', () => {
  it('sends as its organization', async () => {
    expect(await say(acme, LETTER)).toMatchObject({ accepted: ['ada@example.org'], rejected: [] });
    const { from, to, source } = received.at(-1) as Received;
    expect([from, to]).toEqual(['souk@acme.example', ['ada@example.org']]);
    expect(source).toMatch(/^Subject: =\?UTF-8\?/mu);
    expect(source).toContain('<p>Hello</p>');
  });

  it('learns which recipients were not taken', async () => {
    const sent = await say(acme, { ...LETTER, to: ['nobody@example.org', 'eve@example.org'] });
    expect(sent).toMatchObject({ accepted: ['eve@example.org'], rejected: ['nobody@example.org'] });
    const none = await say(acme, { ...LETTER, to: 'nobody@example.org' });
    expect(none).toMatchObject({ code: 'mail_recipients_rejected', message: expect.stringContaining('550') });
  });

  it('can add no header', async () => {
    const before = received.length;
    expect((await say(acme, { ...LETTER, subject: 'x\r\nBcc: eve@example.org' })).code).toBe(
      'mail_message_invalid',
    );
    expect(received.length).toBe(before);
  });

  it('tests the server', async () => {
    expect(await say(acme, 'verify')).toBe(true);
    await configure(acme, { password: 'wrong' });
    expect((await say(acme, 'verify')).code).toBe('mail_server_refused');
    await configure(acme, { security: 'starttls' });
    expect((await say(acme, 'verify')).code).toBe('mail_server_refused');
  });

  it('gets an answer though the server hangs, and others are served meanwhile', async () => {
    await configure(acme, { port: portOf(silent) });
    // By a command, which may take three times as long as a mail.
    const hanging = acme.owner.post(acme.path(`/plugins/${MAILER}/commands/say`), LETTER);
    await expect.poll(() => open.size).toBe(1);
    await configure(other);
    expect((await say(other, LETTER)).accepted).toEqual(['ada@example.org']);
    const { json, text } = await hanging;
    expect(json.result?.code, text).toBe('mail_server_unreachable');
  });

  it('reaches no address that the instance keeps for itself', async () => {
    await configure(acme, { port: portOf(neverReached) });
    expect((await say(acme, LETTER)).code).toBe('mail_server_unreachable');
    await configure(acme, { host: 'localhost', port: portOf(neverReached) });
    expect((await say(acme, LETTER)).code).toBe('mail_server_unreachable');
    expect(reached).toBe(0);
  });

  it('stops at the quota of the day', async () => {
    await configure(acme);
    const to = Array.from({ length: 50 }, (_, index) => `member-${index}@example.org`);
    let last: Said = {};
    // Twice as often as one day allows: midnight may lie between.
    for (let round = 0; round < 82 && last.code === undefined; round += 1) {
      last = await say(acme, { ...LETTER, to });
    }
    expect(last.code).toBe('mail_quota_exceeded');
    expect((await say(other, LETTER)).accepted).toEqual(['ada@example.org']);
  });
});

it('every message that was sent stands in the audit log, without its content', async () => {
  const { json, text } = await acme.owner.get(acme.path('/audit?action=mail.sent'));
  expect(json.items.length).toBeGreaterThan(2);
  expect(text).not.toContain('ada@example.org');
});

it('is forgotten', async () => {
  expect((await acme.owner.delete(acme.path('/mail'))).status).toBe(204);
  expect((await say(acme, LETTER)).code).toBe('mail_not_configured');
});

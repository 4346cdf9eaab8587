/**
 * Situs' integrations, told with its own API (docs/admins/equivalents.md): the catalogue of providers, an instance for each
 * project, its configuration, test, events and end. Invitations go out by mail, and by webhook.
 */
import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openMailbox, type Mailbox } from '../../demo/mailbox.ts';
import { followEvents } from '../support/event-stream.ts';
import { adaptExample, fetchingFrom } from '../support/example-package.ts';
import { consentTo, type TestOrg } from '../support/test-org.ts';
import { startSoukOn, testDatabase } from '../support/test-souk.ts';

const EMAIL = 'situs/email-smtp';
const WEBHOOK = 'situs/webhook-generic';
const KEY = 'a key of 32 bytes or more, known to both';

type Posted = { headers: Record<string, unknown>; body: string };
let mailbox: Mailbox;
const posts: Posted[] = [];
const answers: number[] = [];
let hook: Server;
let site: TestOrg;
let shop: TestOrg;
let url: string;

beforeAll(async () => {
  mailbox = await openMailbox();
  hook = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    posts.push({ headers: request.headers, body });
    response.writeHead(answers.shift() ?? 204).end();
  });
  await new Promise<void>((resolve) => void hook.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(hook.address() as AddressInfo).port}`;
  url = `${origin}/hooks/situs`;
  const souk = await startSoukOn((await testDatabase()).url, {
    environment: { SOUK_EGRESS_ALLOW: '127.0.0.0/8' },
  });
  [site, shop] = [await souk.org('site'), await souk.org('shop')];
  const situs = await souk.publisher('situs', site);
  await situs.shipExamples(EMAIL);
  await situs.shipArchive(await adaptExample(WEBHOOK, fetchingFrom(`${origin}/hooks/*`)));
});

afterAll(async () => {
  hook.closeAllConnections();
  hook.close();
  await mailbox.close();
});

const pathOf = (plugin: string, rest = ''): string => site.path(`/plugins/${plugin}${rest}`);
const invite = (org: TestOrg, data: object) =>
  org.owner.post(org.path('/events'), { name: 'invitations.send-requested', data });
const ADA = { to: 'ada@example.org', name: 'Ada', inviter: 'Grace', link: 'https://situs.example/join/1' };

describe('GET /api/integrations/providers', () => {
  it('lists both with the schema of their settings, and neither is installed', async () => {
    const { json } = await site.owner.get(site.path('/providers?type=integration'));
    const found = json.items.map((each: { plugin: string; category: string }) => [
      each.plugin,
      each.category,
    ]);
    expect(found.toSorted()).toEqual([
      [EMAIL, 'email'],
      [WEBHOOK, 'webhook'],
    ]);
    expect(json.items.every((each: { installed: unknown }) => each.installed === null)).toBe(true);
    const email = json.items.find((each: { plugin: string }) => each.plugin === EMAIL);
    expect(email.configSchema.properties).toHaveProperty('projectName');
    expect(email.capabilities.contracts).toEqual(['mail-sender@1']);
  });
});

describe('an email integration', () => {
  it('is made and activated, and its test says ERROR until there is a mail server', async () => {
    await site.install(EMAIL);
    const early = await site.step(EMAIL, 'test');
    expect(early.json).toMatchObject({ status: 'ERROR' });
    const server = {
      host: '127.0.0.1',
      port: mailbox.port,
      security: 'none',
      from: 'Situs <situs@site.example>',
    };
    expect((await site.owner.put(site.path('/mail'), server)).status).toBe(200);
    const tested = await site.step(EMAIL, 'test');
    expect(tested.json, tested.text).toMatchObject({ status: 'READY' });
  });

  it('sends a test mail', async () => {
    const sent = await site.owner.post(site.endpoint(EMAIL, '/test-mail'), { to: 'owner@site.example' });
    expect(sent.status, sent.text).toBe(200);
    expect(mailbox.mails.at(-1)?.to).toEqual(['owner@site.example']);
  });

  it('has its settings changed, all faults at once', async () => {
    const wrong = await site.owner.put(pathOf(EMAIL, '/config'), { projectName: '', color: 'red' });
    expect([wrong.status, wrong.json.violations.length]).toEqual([422, 2]);
    const right = await site.owner.put(pathOf(EMAIL, '/config'), {
      projectName: 'Situs',
      replyTo: 'office@site.example',
    });
    expect(right.status, right.text).toBe(200);
  });

  it('sends the invitation that the project asks for, and says what is wrong with one that is none', async () => {
    const before = mailbox.mails.length;
    const told = await invite(site, { ...ADA, name: 'Ada\r\nBcc: eve@example.org' });
    expect(told.json, told.text).toMatchObject({ subscribers: 1 });
    await vi.waitFor(() => expect(mailbox.mails.length).toBe(before + 1), 30_000);
    expect(mailbox.mails.at(-1)?.to).toEqual(['ada@example.org']);
    expect(mailbox.mails.at(-1)?.source).toContain('You are invited to Situs');
    expect(mailbox.mails.at(-1)?.source).toContain('https://situs.example/join/1');
    await invite(site, { to: 'nobody' });
    await vi.waitFor(async () => expect(await site.log(EMAIL)).toContain('this is no invitation'), 30_000);
  });

  it('answers the contract for other plugins', async () => {
    const path = site.path('/contracts/mail-sender@1/send');
    const input = { to: [{ address: 'eve@example.org', name: 'Eve' }], subject: 'Hello', text: 'Hi' };
    const sent = await site.owner.post(path, { input });
    expect(sent.status, sent.text).toBe(200);
    expect(mailbox.mails.at(-1)?.to).toEqual(['eve@example.org']);
  });
});

describe('a webhook integration', () => {
  it('needs its key, and a consent that can name the one address', async () => {
    const plan = await site.plan({ kind: 'install', plugin: WEBHOOK });
    const grants = consentTo(plan.json).map(({ plugin, permission }) => ({
      plugin,
      permission: permission.name === 'http.fetch' ? { ...permission, scope: [url] } : permission,
    }));
    const applied = await site.apply(plan.json.id, grants);
    expect(applied.status, applied.text).toBe(201);
    expect((await site.step(WEBHOOK, 'activate', {})).json.code).toBe('secret_missing');
    await site.owner.put(pathOf(WEBHOOK, '/secrets/signingKey'), { value: KEY });
    await site.owner.put(pathOf(WEBHOOK, '/config'), { url, events: ['invitations.*'] });
    expect((await site.step(WEBHOOK, 'activate', {})).status).toBe(200);
  });

  it('posts what it hears with a signature that the other side can check', async () => {
    await invite(site, ADA);
    await vi.waitFor(() => expect(posts.length).toBe(1), 30_000);
    const { headers, body } = posts[0] as Posted;
    expect(JSON.parse(body)).toMatchObject({ type: 'invitations.send-requested', data: ADA });
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const expected = createHmac('sha256', KEY).update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${expected}`);
  });

  it('tries again under the same id, and gives up where it is refused for good', async () => {
    answers.push(503, 410);
    await invite(site, { ...ADA, link: 'https://situs.example/join/2' });
    await vi.waitFor(() => expect(posts.length).toBe(3), 30_000);
    expect(posts[2]?.headers['webhook-id']).toBe(posts[1]?.headers['webhook-id']);
    await vi.waitFor(async () => expect(await site.log(WEBHOOK)).toContain('410'), 30_000);
  });

  it('goes nowhere else, though its settings say so', async () => {
    const elsewhere = url.replace('/hooks/situs', '/hooks/other');
    await site.owner.put(pathOf(WEBHOOK, '/config'), { url: elsewhere, events: [] });
    const before = posts.length;
    const path = site.path('/contracts/webhook@1/deliver');
    const input = { id: '1', event: 'a.b', data: {}, emittedAt: '2026-11-21T08:00:00Z' };
    const answer = await site.owner.post(path, { input });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(posts.length).toBe(before);
  });
});

describe('another project', () => {
  it('has none of it', async () => {
    const { json } = await shop.owner.get(shop.path('/providers'));
    expect(json.items.every((each: { installed: unknown }) => each.installed === null)).toBe(true);
    expect((await shop.owner.get(shop.path('/mail'))).status).toBe(409);
    // The email integration hears each invitation that the webhook is told of, and sends it in its own time.
    const invited = () => mailbox.mails.filter(({ to }) => to.includes(ADA.to)).length;
    await expect.poll(invited).toBe(3);
    const before = [mailbox.mails.length, posts.length];
    expect((await invite(shop, ADA)).json).toMatchObject({ subscribers: 0 });
    expect((await shop.owner.get(pathOf(EMAIL))).status).toBe(404);
    expect([mailbox.mails.length, posts.length]).toEqual(before);
  });
});

describe('the end', () => {
  it('is told to whoever listens, and leaves a history', async () => {
    const history = await site.owner.get(pathOf(EMAIL, '/events'));
    expect(history.json.items.length).toBeGreaterThan(3);
    expect((await site.step(WEBHOOK, 'deactivate', {})).status).toBe(200);
    expect((await site.owner.get(pathOf(WEBHOOK))).json.status).toBe('DISABLED');
    expect((await site.owner.delete(pathOf(WEBHOOK))).status).toBeLessThan(300);
    const stream = `${site.owner.url}${site.path('/events')}`;
    const heard = await followEvents(stream, site.owner.token, 5, '0');
    expect(new Set(heard.map(({ event }) => event))).toContain('installation.created');
  });
});

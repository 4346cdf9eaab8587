/** A plugin that talks to the outside with a secret of its organization: from the manifest to the request. */
import { writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandLine } from '../support/command-line.ts';
import { consentTo, type TestOrg } from '../support/test-org.ts';
import type { TestPublisher } from '../support/test-publisher.ts';
import { startSoukOn, testDatabase, type TestSouk } from '../support/test-souk.ts';

const BOT = 'kelompok/bot';
const CODE = `export default { async fetch(request, host) {
  const { pathname } = new URL(request.url);
  try {
    if (pathname === '/own') return new Response(await host.secrets.get('botToken'));
    if (pathname === '/say') {
      const token = await host.secrets.get('botToken');
      host.log.info('the token is', token);
      throw new Error('with ' + token);
    }
    if (pathname === '/relay') return fetch(await request.text());
    const { url, ...init } = await request.json();
    const answer = await fetch(url, init);
    return Response.json({ status: answer.status, text: await answer.text(), url: answer.url });
  } catch (error) {
    if (pathname === '/say') throw error;
    return Response.json({ name: error.name, code: error.code, message: error.message });
  }
} };\n`;

const LARGE_BYTES = 5_000_000;
const events = Promise.withResolvers<ServerResponse>();
let outside: Server;
let origin: string;
const seen: (string | undefined)[] = [];
let souk: Omit<TestSouk, 'superuser' | 'databaseUrl'>;
let publisher: TestPublisher;
let acme: TestOrg;

beforeAll(async () => {
  outside = createServer((request, response) => {
    seen.push(request.headers.authorization);
    if (request.url === '/api/away') response.writeHead(302, { location: '/private' }).end();
    else if (request.url === '/api/events') {
      events.resolve(response);
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    } else if (request.url === '/api/large') response.end(Buffer.alloc(LARGE_BYTES, 'é'));
    else response.end(`${request.method} ${request.url}`);
  });
  await new Promise<void>((resolve) => void outside.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;
  souk = await startSoukOn((await testDatabase()).url, { environment: { SOUK_EGRESS_ALLOW: '127.0.0.0/8' } });
  acme = await souk.org('acme');
  publisher = await souk.publisher('kelompok', acme);
  await publisher.ship({
    id: BOT,
    code: CODE,
    permissions: [
      { name: 'http.fetch', scope: [`${origin}/api/*`, 'http://10.0.0.1/*'], methods: ['GET', 'POST'] },
      { name: 'secrets' },
    ],
    secrets: { botToken: { title: 'Bot token', required: true } },
  });
});

afterAll(() => {
  outside.closeAllConnections();
  outside.close();
});

const secretsOf = (org: TestOrg, rest = ''): string => org.path(`/plugins/${BOT}/secrets${rest}`);

async function ask(request: object): Promise<Record<string, unknown>> {
  const answer = await acme.call(BOT, '/ask', { method: 'POST', body: JSON.stringify(request) });
  expect(answer.status, answer.text).toBe(200);
  return answer.json;
}

describe('a required secret', () => {
  it('stands between installation and activation', async () => {
    const plan = await acme.plan({ kind: 'install', plugin: BOT });
    expect(plan.json.missingSecrets).toEqual([{ plugin: BOT, secret: 'botToken' }]);
    expect((await acme.apply(plan.json.id, consentTo(plan.json))).status).toBe(201);
    const early = await acme.step(BOT, 'activate', {});
    expect([early.status, early.json.code]).toEqual([422, 'secret_missing']);
    const set = await acme.owner.put(secretsOf(acme, '/botToken'), { value: 's3cret-of-acme' });
    expect(set.status, set.text).toBe(204);
    expect((await acme.step(BOT, 'activate', {})).status).toBe(200);
  });

  it('is set and removed with the command, from a file', async () => {
    const { folder, ok, refused } = commandLine(souk.process.url, acme.owner.token);
    await writeFile(join(folder, 'value'), 'from-a-file\n');
    const own = ['plugin', 'secrets', BOT, '--org', 'acme'];
    const { items } = await ok(...own, '--set', 'botToken', '--from', 'value');
    expect(items).toMatchObject([{ name: 'botToken', setAt: expect.any(String) }]);
    expect((await acme.call(BOT, '/own')).text).toBe('from-a-file');
    expect((await ok(...own, '--remove', 'botToken')).items).toMatchObject([{ setAt: null }]);
    expect(await refused(...own, '--remove', 'botToken')).toBe('secret_not_found');
    expect(await refused(...own, '--set', '../config', '--from', 'value')).toBe('secret_unknown');
    await acme.owner.put(secretsOf(acme, '/botToken'), { value: 's3cret-of-acme' });
  });

  it('is shown to nobody over HTTP, neither set nor asked for by those who may not', async () => {
    const list = await acme.owner.get(secretsOf(acme));
    expect(list.json.items).toMatchObject([{ name: 'botToken', required: 'yes', setAt: expect.any(String) }]);
    expect((await acme.owner.get(secretsOf(acme, '/botToken'))).status).toBe(405);
    const audit = await acme.owner.get(acme.path('/audit?limit=200'));
    expect(audit.text).toContain('secret.set');
    for (const { text } of [list, audit]) expect(text).not.toContain('s3cret-of-acme');
    const rival = await souk.org('rival');
    const member = await souk.user('Mia');
    await acme.owner.put(acme.path(`/members/${member.id}`), { role: 'member' });
    for (const client of [rival.owner, member.client, souk.anyone]) {
      expect((await client.get(secretsOf(acme))).status).toBeGreaterThanOrEqual(401);
      expect((await client.put(secretsOf(acme, '/botToken'), { value: 'x' })).status).toBeGreaterThanOrEqual(
        401,
      );
      expect((await client.delete(secretsOf(acme, '/botToken'))).status).toBeGreaterThanOrEqual(401);
    }
  });

  it.each([
    ['U+0000', 'botToken', { value: 'a\0b' }, 400, 'body_not_json'],
    ['100 KB', 'botToken', { value: 'x'.repeat(100_000) }, 422, 'secret_invalid'],
    ['a misspelt name', 'botTokn', { value: 'x' }, 422, 'secret_unknown'],
    ['__proto__', '__proto__', { value: 'x' }, 422, 'secret_unknown'],
    ['a number', 'botToken', { value: 7 }, 400, 'request_invalid'],
  ])('does not take %s', async (_name, name, body, status, code) => {
    const answer = await acme.owner.put(secretsOf(acme, `/${name}`), body);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    expect(answer.text).not.toContain('x'.repeat(20));
  });
});

describe('a plugin', () => {
  it('reads its secret, and what it says of it is taken out of the logs', async () => {
    expect((await acme.call(BOT, '/own')).text).toBe('s3cret-of-acme');
    const failed = await acme.call(BOT, '/say');
    expect(failed.json).toMatchObject({ code: 'plugin_run_failed', outcome: 'exception' });
    await expect.poll(() => acme.log(BOT)).toContain('with [secret]');
    expect(await acme.log(BOT)).not.toContain('s3cret-of-acme');
    expect(JSON.stringify(souk.process.log)).not.toContain('s3cret-of-acme');
  });

  it('sends what its grant covers, with the secret that a header refers to', async () => {
    const headers = { authorization: 'Bot {{secret:botToken}}' };
    const answer = await ask({ url: `${origin}/api/x?y=1`, method: 'POST', body: 'é', headers });
    expect(answer).toEqual({ status: 200, text: 'POST /api/x?y=1', url: `${origin}/api/x?y=1` });
    expect(seen.at(-1)).toBe('Bot s3cret-of-acme');
    const metric = 'souk_plugin_egress_requests_total{plugin="kelompok/bot",result="answered"}';
    expect(await souk.metric(metric)).toBe(1);
  });

  const relay = (url: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${souk.process.url}/orgs/acme/p/${BOT}/relay`, { method: 'POST', body: url, ...init });

  it('hands on what the outside sends as it comes, and hangs up when its caller has', async () => {
    const caller = new AbortController();
    const answer = await relay(`${origin}/api/events`, { signal: caller.signal });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const sender = await events.promise;
    const closed = new Promise((resolve) => void sender.once('close', resolve));
    const reader = answer.body?.getReader();
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      sender.write(event);
      expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe(event);
    }
    caller.abort();
    await closed;
  });

  it('hands on what is larger than one answer, all of it', async () => {
    const answer = await relay(`${origin}/api/large`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.equals(Buffer.alloc(LARGE_BYTES, 'é'))).toBe(true);
    const read = await ask({ url: `${origin}/api/large` });
    expect(read).toMatchObject({ name: 'TypeError', code: 'egress_response_too_large' });
  });

  it.each([
    ['a path outside', () => ({ url: `${origin}/private` }), 'PermissionDenied'],
    ['a path that leaves the grant', () => ({ url: `${origin}/api/%2e%2e/private` }), 'PermissionDenied'],
    ['a method outside', () => ({ url: `${origin}/api/x`, method: 'DELETE' }), 'PermissionDenied'],
    ['another port', () => ({ url: 'http://127.0.0.1:1/api/x' }), 'PermissionDenied'],
    ['a redirect out of the grant', () => ({ url: `${origin}/api/away` }), 'PermissionDenied'],
    ['an address of the inside', () => ({ url: 'http://10.0.0.1/' }), 'HostError'],
  ])('is denied %s, by name', async (_trick, request, name) => {
    const before = seen.length;
    const denied = await ask(request());
    expect(denied['name']).toBe(name);
    if (name === 'HostError') expect(denied['code']).toBe('egress_failed');
    expect(seen.slice(before).length).toBe(String(request().url).endsWith('/away') ? 1 : 0);
  });

  it('sends nothing more once its grant has been narrowed, and reads no secret', async () => {
    const grants = [{ name: 'http.fetch', scope: [`${origin}/api/only`], methods: ['GET'] }];
    expect((await acme.owner.put(acme.path(`/plugins/${BOT}/grants`), { grants })).status).toBe(200);
    expect(await ask({ url: `${origin}/api/x` })).toMatchObject({ name: 'PermissionDenied' });
    expect(await ask({ url: `${origin}/api/only` })).toMatchObject({ status: 200 });
    expect((await acme.call(BOT, '/own')).json).toMatchObject({ name: 'PermissionDenied' });
  });
});

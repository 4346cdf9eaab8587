/** Calls: what reaches a plugin, what comes back, and what never crosses. */
import { describe, expect, it } from 'vitest';
import { sendRaw } from '../support/raw-http.ts';
import { testSouk } from '../support/test-souk.ts';
import { RUN_LIMITS } from '../../spec/limits.ts';
import type { Endpoint } from '../../spec/manifest.ts';

const ECHO = 'kelompok/echo';
const CODE = `
const HEADERS = { 'x-plugin': 'yes', 'set-cookie': 'a=b', 'content-security-policy': 'default-src *',
  'strict-transport-security': 'max-age=1', 'x-souk-user': 'root', server: 'mine', connection: 'x-plugin' };
const answers = {
  async '/echo'(request, host) {
    const body = Array.from(new Uint8Array(await request.arrayBuffer()));
    const headers = Object.fromEntries(request.headers);
    return Response.json({ method: request.method, url: request.url, headers, body, caller: host.caller });
  },
  '/bytes': () => new Response(Uint8Array.from({ length: 256 }, (_, i) => i), { headers: HEADERS }),
  '/empty': () => new Response(null, { status: 204 }),
  '/moved': () => new Response(null, { status: 302, headers: { location: 'https://example.org/' } }),
  '/crlf': () => new Response('', { headers: { 'x-a': 'b\\r\\nset-cookie: stolen=1' } }),
  '/unicode-header': () => new Response('', { headers: { 'x-a': 'snow \\u2603' } }),
  '/without-content': ({ method }) => new Response(null, { status: method === 'HEAD' ? 200 : 204 }),
  async '/typed'(request) { return Response.json(await request.json()); },
  '/typed-in-pieces': () => new Response(new ReadableStream({ start(c) {
    for (const piece of ['{"n":', '3}']) c.enqueue(new TextEncoder().encode(piece));
    c.close();
  } }), { headers: { 'content-type': 'application/json' } }),
  async '/size'(request) { return Response.json((await request.arrayBuffer()).byteLength); },
  '/throws': () => { throw new Error('my secret ' + 40 + 2); },
  '/not-an-answer': () => 42,
};
export default { fetch(request, host) {
  const { pathname } = new URL(request.url);
  const [, first] = pathname.split('/');
  return answers['/' + first](request, host);
} };`;
const open = (method: Endpoint['method'], path: string): Endpoint => ({ method, path, access: 'public' });
const SMALL = { type: 'object', required: ['n'], properties: { n: { type: 'integer', maximum: 10 } } };
const TYPED: Endpoint = {
  ...open('POST', '/typed'),
  request: { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } },
  response: SMALL,
};
const ENDPOINTS: Endpoint[] = [
  ...['/echo/:id', '/bytes', '/empty', '/moved', '/crlf', '/unicode-header', '/throws', '/not-an-answer'].map(
    (path) => open('GET', path),
  ),
  open('POST', '/echo/:id'),
  open('POST', '/size'),
  { method: 'GET', path: '/echo/of/members' },
  { method: 'GET', path: '/echo/of/admins', access: 'admin' },
  TYPED,
  { ...open('GET', '/typed-in-pieces'), response: SMALL },
  { ...open('GET', '/without-content'), response: { type: 'object' } },
];

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
await kelompok.ship({ id: ECHO, code: CODE, endpoints: ENDPOINTS });
await acme.install(ECHO);
const member = await souk.user('member');
await acme.owner.put(acme.path(`/members/${member.id}`), { role: 'member' });
const stranger = await souk.user('stranger');

const refusal = ({ status, json }: { status: number; json: { code?: string } | null }): unknown => [
  status,
  json?.code,
];
const failed = { code: 'plugin_run_failed', outcome: 'exception' };

describe('a call', () => {
  it('reaches the endpoint with method, path below the plugin, query and parameters', async () => {
    const { json } = await acme.call(ECHO, '/echo/a%20b?x=1&x=2');
    expect(json).toMatchObject({ method: 'GET', url: `${souk.process.url}/echo/a%20b?x=1&x=2`, body: [] });
    expect(json.headers['x-forwarded-prefix']).toBe(`/orgs/acme/p/${ECHO}`);
  });

  it('carries bytes both ways, unchanged', async () => {
    const all = Uint8Array.from({ length: 256 }, (_, index) => index);
    const { json } = await acme.call(ECHO, '/echo/1', { method: 'POST', body: all });
    expect(json.body).toEqual([...all]);
    expect((await acme.call(ECHO, '/bytes')).bytes.equals(all)).toBe(true);
  });

  it('answers HEAD as GET, without the body', async () => {
    const head = await acme.call(ECHO, '/bytes', { method: 'HEAD' });
    expect([head.status, head.bytes.length, head.headers.get('x-plugin')]).toEqual([200, 0, 'yes']);
  });

  it('passes statuses without a body and redirects on', async () => {
    expect((await acme.call(ECHO, '/empty')).status).toBe(204);
    const moved = await acme.call(ECHO, '/moved');
    expect([moved.status, moved.headers.get('location')]).toEqual([302, 'https://example.org/']);
  });

  it('is refused where no endpoint was declared, and names the methods where another was', async () => {
    expect(refusal(await acme.call(ECHO, '/nothing'))).toEqual([404, 'endpoint_not_found']);
    const wrong = await acme.call(ECHO, '/typed');
    expect(refusal(wrong)).toEqual([405, 'method_not_allowed']);
    expect(wrong.headers.get('allow')).toBe('POST');
    expect(refusal(await souk.anyone.get('/orgs/acme/p/kelompok/none/x'))).toEqual([404, 'not_found']);
    expect(refusal(await souk.anyone.get(`/orgs/nobody/p/${ECHO}/echo/1`))).toEqual([404, 'not_found']);
  });
});

describe('who calls', () => {
  const as = (client: typeof acme.owner, path: string) => client.get(acme.endpoint(ECHO, path));

  it('is asked for where the endpoint is not public', async () => {
    expect(refusal(await acme.call(ECHO, '/echo/of/members'))).toEqual([401, 'authentication_required']);
    expect((await as(member.client, '/echo/of/members')).json.caller).toMatchObject({
      kind: 'user',
      role: 'member',
    });
    expect(refusal(await as(member.client, '/echo/of/admins'))).toEqual([403, 'role_missing']);
    expect((await as(acme.owner, '/echo/of/admins')).status).toBe(200);
  });

  it('learns nothing with a token of somebody else', async () => {
    expect(refusal(await as(stranger.client, '/echo/of/members'))).toEqual([404, 'not_found']);
    expect((await as(stranger.client, '/echo/1')).json.caller).toMatchObject({ role: null });
  });

  it('never hands its token of Souk to the plugin, but any other Authorization', async () => {
    expect((await as(member.client, '/echo/1')).json.headers).not.toHaveProperty('authorization');
    const basic = { authorization: 'Basic dXNlcjpwYXNz' };
    expect((await acme.call(ECHO, '/echo/1', { headers: basic })).json.headers).toMatchObject(basic);
    const foreign = { authorization: 'Bearer ghp_of_somebody_else' };
    expect((await acme.call(ECHO, '/echo/1', { headers: foreign })).json.headers).toMatchObject(foreign);
  });

  it('is refused with a token of Souk that is not good, even where the endpoint is public', async () => {
    const forged = { authorization: `${`Bearer ${acme.owner.token}`.slice(0, -4)}aaaa` };
    const answer = await acme.call(ECHO, '/echo/1', { headers: forged });
    expect(answer.status).toBe(401);
    expect(answer.text).not.toContain('headers');
  });
});

describe('headers', () => {
  it('do not reach the plugin where they are not meant for it', async () => {
    const sent = {
      cookie: 'session=1',
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-prefix': '/forged',
      forwarded: 'for=10.0.0.1',
      'x-real-ip': '10.0.0.1',
      'x-souk-user': 'root',
      via: '1.1 proxy',
      'x-mine': 'kept',
    };
    const { headers } = (await acme.call(ECHO, '/echo/1', { headers: sent })).json;
    expect(headers).toMatchObject({ 'x-mine': 'kept', 'x-forwarded-prefix': `/orgs/acme/p/${ECHO}` });
    const { 'x-mine': _mine, 'x-forwarded-prefix': _prefix, ...strange } = sent;
    for (const name of [...Object.keys(strange), 'host', 'connection'])
      expect(headers).not.toHaveProperty(name);
  });

  it('that Connection names stay on their hop (RFC 9110, section 7.6.1)', async () => {
    const answer = await sendRaw(souk.process.url, [
      `GET ${acme.endpoint(ECHO, '/echo/1')} HTTP/1.1`,
      'Connection: close, x-hop',
      'x-hop: secret',
      'x-mine: kept',
    ]);
    expect(answer).toContain('"x-mine":"kept"');
    expect(answer).not.toContain('x-hop');
  });

  it('of a plugin do not speak for this origin', async () => {
    const { headers } = await acme.call(ECHO, '/bytes');
    expect(headers.get('x-plugin')).toBe('yes');
    expect(headers.get('content-security-policy')).toBe('sandbox');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    for (const name of ['set-cookie', 'strict-transport-security', 'x-souk-user', 'server'])
      expect(headers.get(name), name).toBeNull();
  });

  it('are on refusals of the gateway too', async () => {
    const thrown = await acme.call(ECHO, '/throws');
    expect(thrown.headers.get('content-security-policy')).toBe('sandbox');
    expect(thrown.headers.get('x-request-id')).toBe(thrown.json.requestId);
  });

  it.each(['/crlf', '/unicode-header'])(
    'that no message can carry are the failure of the plugin: %s',
    async (path) => {
      const answer = await acme.call(ECHO, path);
      expect([answer.status, answer.json]).toEqual([502, expect.objectContaining(failed)]);
      expect(answer.headers.get('set-cookie')).toBeNull();
    },
  );

  it.each([
    ['a header with a bare carriage return', 'x-a: b\rset-cookie: c'],
    ['a folded header', 'x-a: b\r\n set-cookie: c'],
    ['a header name with a space', 'x a: b'],
  ])('that smuggle are refused before the plugin: %s', async (_trick, field) => {
    const answer = await sendRaw(souk.process.url, [`GET ${acme.endpoint(ECHO, '/echo/1')} HTTP/1.1`, field]);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /u);
  });
});

describe('schemas of the manifest', () => {
  const send = (body: string, type = 'application/json') =>
    acme.call(ECHO, '/typed', { method: 'POST', body, headers: { 'content-type': type } });

  it('let through what fits', async () => {
    expect((await send('{"n":3}')).json).toEqual({ n: 3 });
    expect((await acme.call(ECHO, '/typed-in-pieces')).json).toEqual({ n: 3 });
  });

  it('refuse a request with every violation', async () => {
    const wrong = await send('{"n":"three"}');
    expect(refusal(wrong)).toEqual([400, 'request_invalid']);
    expect(wrong.json.violations).toEqual([{ pointer: '/n', message: expect.stringContaining('integer') }]);
    expect(refusal(await send('{"n":'))).toEqual([400, 'body_not_json']);
    expect(refusal(await send('n=3', 'application/x-www-form-urlencoded'))).toEqual([
      415,
      'media_type_unsupported',
    ]);
  });

  it.each([
    ['HEAD', 200],
    ['GET', 204],
  ])('judge no content where there is none: %s, %i', async (method, status) => {
    const answer = await souk.anyone.send(method, acme.endpoint(ECHO, '/without-content'));
    expect([answer.status, answer.text]).toEqual([status, '']);
  });

  it('hold an answer that breaks its own promise back', async () => {
    const broken = await send('{"n":11}');
    expect([broken.status, broken.json]).toEqual([502, expect.objectContaining(failed)]);
    expect(await acme.log(ECHO)).toContain('the answer breaks the response schema');
  });
});

describe('limits and failures', () => {
  it('a body that is too large is refused, stated or streamed', async () => {
    const body = Buffer.alloc(RUN_LIMITS.endpoint.requestBytesMax + 1);
    expect(refusal(await acme.call(ECHO, '/echo/1', { method: 'POST', body }))).toEqual([
      413,
      'body_too_large',
    ]);
    const streamed = { method: 'POST', body: new Blob([body]).stream(), duplex: 'half' } as RequestInit;
    expect(refusal(await acme.call(ECHO, '/echo/1', streamed))).toEqual([413, 'body_too_large']);
    const largest = await acme.call(ECHO, '/size', { method: 'POST', body: body.subarray(1) });
    expect(largest.json).toBe(RUN_LIMITS.endpoint.requestBytesMax);
  });

  it.each(['/throws', '/not-an-answer'])(
    'a plugin that fails is an exception without its inside: %s',
    async (path) => {
      const answer = await acme.call(ECHO, path);
      expect([answer.status, answer.json]).toEqual([502, expect.objectContaining(failed)]);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.text).not.toMatch(/secret|index\.js|node_modules/u);
    },
  );

  it('the reason is in the log of the plugin, by the request id', async () => {
    const { json } = await acme.call(ECHO, '/throws');
    const { json: log } = await acme.owner.get(acme.path(`/plugins/${ECHO}/logs`));
    const line = log.items.find(({ requestId }: { requestId: string }) => requestId === json.requestId);
    expect(line.text).toContain('my secret 402');
    expect(line.text).toContain('index.js');
  });
});

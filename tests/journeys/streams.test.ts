/** Bodies in pieces between callers and plugins, over real connections. */
import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { build } from 'esbuild';
import { describe, expect, it, vi } from 'vitest';
import { openSocket, sendRaw } from '../support/raw-http.ts';
import { testSouk } from '../support/test-souk.ts';
import { STREAM_LIMITS } from '../../spec/limits.ts';
import type { Endpoint } from '../../spec/manifest.ts';

const STREAMS = 'kelompok/streams';
const CODE = `
let cancelled = 0, release = () => {};
const encoder = new TextEncoder();
const stream = (source) => new Response(new ReadableStream(source, { highWaterMark: 0 }), { headers: { 'content-length': '3', 'x-plugin': 'yes' } });
const endless = { pull: (c) => c.enqueue(new Uint8Array(65536)), cancel() { cancelled += 1; } };
let step = 0;
const answers = {
  '/two-steps': () => stream({
    start(c) { c.enqueue(encoder.encode('first')); },
    pull: (c) => new Promise((done) => { release = () => { c.enqueue(encoder.encode('second')); c.close(); done(); }; }),
  }),
  '/release': () => { release(); return new Response('done'); },
  '/endless': () => stream(endless),
  '/cancelled': () => Response.json(cancelled),
  '/fails': () => { let step = 0; return stream({ pull(c) { if (step++ > 2) throw new Error('midway'); c.enqueue(encoder.encode('x'.repeat(1000))); } }); },
  '/spins': () => { let step = 0; return stream({ pull(c) { if (step++ > 0) for (;;); c.enqueue(encoder.encode('x')); } }); },
  '/echo': (request) => new Response(request.body),
  async '/count'(request) { let sum = 0; for await (const chunk of request.body) sum += chunk.length; return Response.json(sum); },
  async '/json'(request) { return Response.json((await request.json()).length); },
  '/ignores': () => new Response('not read'),
  '/judged': () => stream({ pull(c) { c.enqueue(encoder.encode('{"n":1}')); c.close(); } }),
};
export default { fetch(request) { return answers[new URL(request.url).pathname](request); } };`;

const GETS = ['two-steps', 'release', 'endless', 'cancelled', 'fails', 'spins'];
const POSTS = ['echo', 'count', 'json', 'ignores'];
const ENDPOINTS: Endpoint[] = [
  ...GETS.map((name): Endpoint => ({ method: 'GET', path: `/${name}`, access: 'public' })),
  ...POSTS.map((name): Endpoint => ({ method: 'POST', path: `/${name}`, access: 'public' })),
  { method: 'GET', path: '/judged', access: 'public', response: { type: 'object', required: ['n'] } },
];

const HONO = 'kelompok/hono';
const { outputFiles } = await build({
  stdin: {
    contents: `
      import { Hono } from 'hono';
      import { stream, streamSSE, streamText } from 'hono/streaming';
      const app = new Hono();
      app.get('/text', (c) => streamText(c, async (out) => { for (const part of ['a', 'b', 'c']) { await out.writeln(part); await out.sleep(5); } }));
      app.get('/events', (c) => streamSSE(c, async (out) => { for (let id = 0; id < 3; id += 1) await out.writeSSE({ id: String(id), event: 'tick', data: 'é' }); }));
      export default app;`,
    resolveDir: import.meta.dirname,
  },
  bundle: true,
  write: false,
  format: 'esm',
});

const WATCH = 'kelompok/watch';
/** Says again and again whether it may read kv. */
const WATCHING = `export default { fetch: (request, host) => {
  const encoder = new TextEncoder();
  const may = () => host.kv.get('key').then(() => 'yes', (error) => error.name);
  return new Response(new ReadableStream({ async pull(c) {
    await new Promise((done) => setTimeout(done, 100));
    c.enqueue(encoder.encode(await may()));
  } }, { highWaterMark: 0 }));
} };`;

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
await kelompok.ship(
  { id: STREAMS, code: CODE, endpoints: ENDPOINTS },
  {
    id: WATCH,
    code: WATCHING,
    permissions: [{ name: 'kv', reason: 'Watches.' }],
    endpoints: [{ method: 'GET', path: '/', access: 'public' }],
  },
  {
    id: HONO,
    code: outputFiles[0]?.text ?? '',
    endpoints: ['/text', '/events'].map((path): Endpoint => ({ method: 'GET', path, access: 'public' })),
  },
);
await acme.install(STREAMS);
await acme.install(HONO);
await acme.install(WATCH);

const { url } = souk.process;
const path = (name: string): string => acme.endpoint(STREAMS, `/${name}`);

function ask(name: string, method = 'GET'): ClientRequest {
  const asked = httpRequest(new URL(path(name), url), { method, agent: false });
  // Whoever reads the answer hears of a broken connection there.
  return asked.on('error', () => undefined);
}

async function answerOf(asked: ClientRequest): Promise<IncomingMessage> {
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return answer;
}

async function nextOf(answer: IncomingMessage): Promise<string> {
  const [chunk] = (await once(answer, 'data')) as [Buffer];
  return chunk.toString();
}

type Received = { readonly text: string; readonly end: 'whole' | 'broken' };

async function receive(answer: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    return { text: Buffer.concat(chunks).toString(), end: 'whole' };
  } catch {
    return { text: Buffer.concat(chunks).toString(), end: 'broken' };
  }
}

type Runner = { readonly runs: number; readonly pid: number };

async function runners(): Promise<Runner[]> {
  return (await souk.admin.get('/readyz')).json.sandbox.runners as Runner[];
}

async function runsInFlight(): Promise<number> {
  return (await runners()).reduce((sum, { runs }) => sum + runs, 0);
}

const nothingInFlight = (): Promise<void> =>
  vi.waitFor(async () => expect(await runsInFlight()).toBe(0), 30_000);

describe('an answer in pieces', () => {
  it('is there before the plugin has finished it, without a length, under the headers of every answer', async () => {
    const asked = ask('two-steps').end();
    const answer = await answerOf(asked);
    const [first] = (await once(answer, 'data')) as [Buffer];
    expect(first.toString()).toBe('first');
    expect(answer.headers).toMatchObject({
      'transfer-encoding': 'chunked',
      'x-plugin': 'yes',
      'content-security-policy': 'sandbox',
    });
    expect(answer.headers).not.toHaveProperty('content-length');
    await vi.waitFor(async () => {
      await acme.call(STREAMS, '/release');
      expect(answer.complete).toBe(true);
    }, 30_000);
    await nothingInFlight();
  });

  it('stops in the plugin when the caller reads no further, and is cancelled when it goes away', async () => {
    const before = (await acme.call(STREAMS, '/cancelled')).json as number;
    const asked = ask('endless').end();
    const answer = await answerOf(asked);
    await once(answer, 'readable');
    answer.destroy();
    await vi.waitFor(
      async () => expect((await acme.call(STREAMS, '/cancelled')).json).toBe(before + 1),
      30_000,
    );
    await nothingInFlight();
    expect(
      await souk.metric(`souk_plugin_runs_total{plugin="${STREAMS}",outcome="canceled"}`),
    ).toBeGreaterThan(0);
  });

  it.each(['fails', 'spins'])('that %s midway is broken off, not ended', async (name) => {
    expect((await receive(await answerOf(ask(name).end()))).end).toBe('broken');
    const raw = sendRaw(url, [`GET ${path(name)} HTTP/1.1`]);
    await expect(raw).rejects.toThrow(/ECONNRESET/u);
    await nothingInFlight();
  });

  it('that fails midway leaves its reason in the log of the plugin', async () => {
    await receive(await answerOf(ask('fails').end()));
    await vi.waitFor(async () => expect(await acme.log(STREAMS)).toContain('midway'), 30_000);
  });

  it('of a runner that is killed is broken off', async () => {
    const answer = await answerOf(ask('endless').end());
    await once(answer, 'readable');
    const busy = (await runners()).find(({ runs }) => runs > 0);
    const pid = busy?.pid ?? 0;
    // Of nobody, the group would be the one of these tests.
    expect(pid).toBeGreaterThan(1);
    process.kill(-pid, 'SIGKILL');
    expect((await receive(answer)).end).toBe('broken');
    expect((await acme.call(STREAMS, '/cancelled')).status).toBe(200);
  });

  it('is judged by its schema, as a whole', async () => {
    const { status, json, headers } = await acme.call(STREAMS, '/judged');
    expect([status, json, headers.get('content-length')]).toEqual([200, { n: 1 }, '7']);
  });

  it('has no body for HEAD', async () => {
    const head = await acme.call(STREAMS, '/endless', { method: 'HEAD' });
    expect([head.status, head.bytes.length]).toEqual([200, 0]);
    await nothingInFlight();
  });

  it('loses a grant that is narrowed while it goes on', async () => {
    const asked = httpRequest(new URL(acme.endpoint(WATCH, '/'), url), { agent: false }).end();
    const answer = await answerOf(asked.on('error', () => undefined));
    const said = await nextOf(answer);
    expect(said).toBe('yes');
    const grants = acme.path(`/plugins/${WATCH}/grants`);
    expect((await acme.owner.put(grants, { grants: [] })).status).toBe(200);
    await vi.waitFor(async () => expect(await nextOf(answer)).toBe('PermissionDenied'), 30_000);
    answer.destroy();
    await nothingInFlight();
  });

  it('comes from Hono as it is', async () => {
    expect((await acme.call(HONO, '/text')).text).toBe('a\nb\nc\n');
    const events = await acme.call(HONO, '/events');
    expect(events.headers.get('content-type')).toContain('text/event-stream');
    expect(events.text).toBe([0, 1, 2].map((id) => `event: tick\ndata: é\nid: ${id}\n\n`).join(''));
  });
});

describe('a request in pieces', () => {
  const MEBIBYTE = Buffer.alloc(2 ** 20, 'a');

  it('is larger than what is read whole, with and without a length', async () => {
    const body = Buffer.concat(Array.from({ length: 5 }, () => MEBIBYTE));
    expect((await acme.call(STREAMS, '/count', { method: 'POST', body })).json).toBe(body.byteLength);
    const asked = ask('count', 'POST');
    for (let sent = 0; sent < 5; sent += 1) asked.write(MEBIBYTE);
    asked.end();
    expect((await receive(await answerOf(asked))).text).toBe(String(body.byteLength));
  });

  it('that trickles in is whole for the plugin', async () => {
    const asked = ask('echo', 'POST');
    for (const part of ['a', 'b', 'c']) asked.write(part);
    asked.end();
    expect((await receive(await answerOf(asked))).text).toBe('abc');
  });

  it('is answered while it still comes', async () => {
    const asked = ask('echo', 'POST');
    asked.write(MEBIBYTE.subarray(0, STREAM_LIMITS.pieceBytesMax + 1));
    const answer = await answerOf(asked);
    const [first] = (await once(answer, 'data')) as [Buffer];
    expect(first[0]).toBe(97);
    asked.end('z');
    expect((await receive(answer)).text.endsWith('az')).toBe(true);
  });

  it('is answered with 413 where the plugin reads it whole, and where nobody takes so much', async () => {
    const body = Buffer.concat([MEBIBYTE, MEBIBYTE]);
    const whole = await acme.call(STREAMS, '/json', { method: 'POST', body });
    expect([whole.status, whole.json.code]).toEqual([413, 'body_too_large']);
    const raw = await sendRaw(url, [
      `POST ${path('count')} HTTP/1.1`,
      `Content-Length: ${STREAM_LIMITS.requestBytesMax + 1}`,
    ]);
    expect(raw).toMatch(/^HTTP\/1\.1 413 /u);
  });

  it('that breaks off ends the run as canceled', async () => {
    const socket: Socket = await openSocket(url);
    const { host } = new URL(url);
    socket.write(
      `POST ${path('count')} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(100_000)}`,
    );
    await vi.waitFor(async () => expect(await runsInFlight()).toBe(1), 30_000);
    socket.destroy();
    await nothingInFlight();
  });

  it('that nobody reads does not keep the answer', async () => {
    const asked = ask('ignores', 'POST');
    asked.write(MEBIBYTE);
    expect((await receive(await answerOf(asked))).text).toBe('not read');
    asked.destroy();
  });
});

/** Requests over real connections to a server on the loopback device, which stands for hosts of the outside. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../spec/json.ts';
import type { HostBody } from '../../spec/host/capability.ts';
import { EGRESS_LIMITS, STREAM_LIMITS } from '../../spec/limits.ts';
import type { Refusal } from '../../spec/refusal.ts';
import { openOutside, type Outside, type OutsideOptions } from './testing/outside.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
const handlers = new Map<string, Handler>();
const received: { url: string; method: string; headers: NodeJS.Dict<string | string[]>; body: string }[] = [];
let server: Server;
let port: number;
let outside: Outside | undefined;

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url = '', method = '', headers } = request;
      received.push({ url, method, headers, body: Buffer.concat(chunks).toString('latin1') });
      const handler = handlers.get(url) ?? ((_, reply) => reply.end('hello'));
      handler(request, response);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});

afterEach(async () => {
  await outside?.egress.close();
  outside = undefined;
  handlers.clear();
  received.length = 0;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Both names lead to the server; the grant has both on its port, `secret.test` under /api alone. */
function open(options: Partial<OutsideOptions> = {}): Outside {
  outside = openOutside({
    grants: [
      { name: 'http.fetch', scope: [at('a.test', '/*'), at('b.test', '/*'), at('narrow.test', '/api/*')] },
    ],
    allow: '127.0.0.0/8',
    names: { 'a.test': [['127.0.0.1']], 'b.test': [['127.0.0.1']], 'narrow.test': [['127.0.0.1']] },
    connections: 'loopback',
    ...options,
  });
  return outside;
}

function at(host: string, path: string): string {
  return `http://${host}:${port}${path}`;
}

function redirect(status: number, location: string): Handler {
  return (_request, response) => response.writeHead(status, { location }).end('elsewhere');
}

describe('a request', () => {
  it('goes out as it was written, and its answer comes back whole', async () => {
    handlers.set('/echo?q=1', (_request, response) => {
      response.writeHead(201, 'Made', {
        'x-a': '1',
        'set-cookie': ['a=1', 'b=2'],
        'keep-alive': 'timeout=9',
      });
      response.end(Buffer.from([0, 200, 255]));
    });
    const answer = await open().fetch({
      method: 'POST',
      url: at('a.test', '/echo?q=1#part'),
      headers: [
        ['X-Mine', 'ä'],
        ['Content-Type', 'a/b'],
        ['Host', 'evil'],
        ['Transfer-Encoding', 'chunked'],
        ['Content-Length', '1'],
      ],
      body: '\0é\xff',
    });
    expect(answer).toMatchObject({ status: 201, statusText: 'Made', redirected: false, body: '\0\xc8\xff' });
    expect(answer['url']).toBe(at('a.test', '/echo?q=1'));
    const fields = answer['headers'] as [string, string][];
    expect(fields.filter(([name]) => name === 'set-cookie')).toEqual([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ]);
    expect(fields.map(([name]) => name)).not.toContain('keep-alive');
    const [seen] = received;
    expect(seen).toMatchObject({ method: 'POST', body: '\0é\xff' });
    expect(seen?.headers).toMatchObject({
      'x-mine': 'ä',
      host: `a.test:${port}`,
      'content-length': '3',
      'user-agent': 'souk',
    });
    expect(seen?.headers['transfer-encoding']).toBeUndefined();
    expect(outside?.observed).toMatchObject([
      { result: 'answered', status: 201, bytesIn: 3, bytesOut: 3, origin: at('a.test', '') },
    ]);
  });

  it('ignores proxies that the environment names', async () => {
    const before = { ...process.env };
    Object.assign(process.env, {
      HTTP_PROXY: 'http://127.0.0.1:9',
      http_proxy: 'http://127.0.0.1:9',
      NODE_USE_ENV_PROXY: '1',
    });
    try {
      expect(await open().fetch({ url: at('a.test', '/') })).toMatchObject({ status: 200, body: 'hello' });
    } finally {
      process.env = before;
    }
  });

  it.each([
    ['a GET with a body', { method: 'GET', body: '' }],
    ['a HEAD with a body', { method: 'HEAD', body: '' }],
    ['a body beyond bytes', { method: 'POST', body: '\u0100' }],
    ['CRLF in a header', { headers: [['x', '1\r\nx-evil: 1']] }],
  ])('%s is refused', async (_trick, request) => {
    const refused = open().fetch({ url: at('a.test', '/'), ...request });
    await expect(refused).rejects.toMatchObject({ code: 'egress_request_invalid' });
    expect(received).toEqual([]);
  });

  it('leaves out of its answer what a HEAD, a 204 and a 304 do not have', async () => {
    handlers.set('/204', (_request, response) => response.writeHead(204).end());
    handlers.set('/304', (_request, response) => response.writeHead(304).end());
    const { fetch } = open();
    for (const request of [
      { method: 'HEAD', url: at('a.test', '/') },
      { url: at('a.test', '/204') },
      { url: at('a.test', '/304') },
    ]) {
      expect((await fetch(request))['body'] ?? '').toBe('');
    }
  });
});

describe('arguments', () => {
  const check = (args: JsonObject): boolean =>
    new Ajv2020({ strict: true }).validate(open().egress.capability.argumentSchema, args);
  it.each([
    ['a method of its own', { method: 'TRACE', url: 'https://a.org/' }],
    ['a method in lower case', { method: 'get', url: 'https://a.org/' }],
    ['CONNECT', { method: 'CONNECT', url: 'https://a.org/' }],
    ['options for the client', { method: 'GET', url: 'https://a.org/', dispatcher: {} }],
    ['headers as an object', { method: 'GET', url: 'https://a.org/', headers: { host: 'x' } }],
    ['a header that is no text', { method: 'GET', url: 'https://a.org/', headers: [['x', 1]] }],
  ])('%s are not taken', (_trick, args) => expect(check(args as JsonObject)).toBe(false));

  it('tell the permission that is needed', () => {
    const { capability } = open().egress;
    expect(capability.requires({ method: 'POST', url: 'https://A.org:443/x?y' })).toEqual({
      name: 'http.fetch',
      scope: ['https://a.org/x'],
      methods: ['POST'],
    });
    const invalid = expect.objectContaining({ code: 'egress_url_invalid' });
    expect(() => capability.requires({ method: 'GET', url: 'https://u:p@a.org/' })).toThrow(invalid);
    expect(() => capability.requires({ method: 'GET', url: `https://a.org/${'a'.repeat(3_000)}` })).toThrow(
      invalid,
    );
  });
});

describe('a redirect', () => {
  it('is followed inside the grant, with everything it carries on one origin', async () => {
    handlers.set('/from', redirect(307, '/to'));
    const answer = await open().fetch({
      method: 'POST',
      url: at('a.test', '/from'),
      headers: [
        ['authorization', 'Bearer x'],
        ['content-type', 'a/b'],
      ],
      body: 'kept',
    });
    expect(answer).toMatchObject({ status: 200, redirected: true, url: at('a.test', '/to') });
    expect(received[1]).toMatchObject({
      method: 'POST',
      body: 'kept',
      headers: { authorization: 'Bearer x' },
    });
  });

  it('to another origin loses keys, cookies and fields of any other name', async () => {
    handlers.set('/from', redirect(307, at('b.test', '/to')));
    await open().fetch({
      url: at('a.test', '/from'),
      headers: [
        ['authorization', 'x'],
        ['cookie', 'x'],
        ['x-api-key', 'x'],
        ['accept', 'a/b'],
      ],
    });
    expect(received[1]?.headers).toMatchObject({ accept: 'a/b', host: `b.test:${port}` });
    for (const name of ['authorization', 'cookie', 'x-api-key'])
      expect(received[1]?.headers).not.toHaveProperty(name);
  });

  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [302, 'PUT', 'PUT'],
    [303, 'PUT', 'GET'],
    [308, 'PUT', 'PUT'],
    [303, 'HEAD', 'HEAD'],
  ])('%i makes of %s a %s', async (status, method, next) => {
    handlers.set('/from', redirect(status, '/to'));
    const body = method === 'HEAD' ? {} : { body: 'x', headers: [['content-type', 'a/b']] };
    await open().fetch({ method, url: at('a.test', '/from'), ...body });
    expect(received[1]).toMatchObject({ method: next, body: next === 'PUT' ? 'x' : '' });
    expect(received[1]?.headers['content-type']).toBe(next === 'PUT' ? 'a/b' : undefined);
  });

  it.each([
    ['out of the path of the grant', () => at('narrow.test', '/admin'), 'permission_denied'],
    ['to a host outside of the grant', () => at('c.test', '/'), 'permission_denied'],
    ['to cloud metadata', () => 'http://169.254.169.254/latest/', 'permission_denied'],
    ['to the loopback by number', () => `http://2130706433:${port}/`, 'permission_denied'],
    ['to a file', () => 'file:///etc/passwd', 'egress_failed'],
    ['with user information', () => `http://u:p@a.test:${port}/`, 'egress_failed'],
    ['with a tab', () => 'http://a.te\tst/', 'egress_failed'],
    ['to what is no URL', () => 'http://[', 'egress_failed'],
  ])('%s is not followed', async (_trick, location, code) => {
    handlers.set('/from', redirect(302, location()));
    await expect(open().fetch({ url: at('a.test', '/from') })).rejects.toMatchObject({ code });
    expect(received).toHaveLength(1);
  });

  it('to an address of the inside is blocked though the grant has it', async () => {
    handlers.set('/from', redirect(302, 'http://169.254.169.254/latest/'));
    const grants = [{ name: 'http.fetch', scope: [at('a.test', '/*'), 'http://169.254.169.254/*'] }] as const;
    const { fetch, observed } = open({ grants });
    await expect(fetch({ url: at('a.test', '/from') })).rejects.toMatchObject({ code: 'egress_failed' });
    expect(observed).toMatchObject([{ result: 'blocked', origin: 'http://169.254.169.254' }]);
  });

  it.each([
    ['another status with a location', 201, { location: '/to' }],
    ['no location', 302, {}],
  ])('is none with %s', async (_what, status, headers) => {
    handlers.set('/from', (_request, response) => response.writeHead(status, headers).end('here'));
    const answer = await open().fetch({ url: at('a.test', '/from') });
    expect(answer).toMatchObject({ status, redirected: false, body: 'here' });
    expect(received).toHaveLength(1);
  });

  it('lets go of the answer that it came with', async () => {
    const letGo = Promise.withResolvers<void>();
    handlers.set('/from', (_request, response) => {
      response.on('close', letGo.resolve);
      response.writeHead(302, { location: '/to' }).write('of which the rest never comes');
    });
    const { fetch } = open();
    expect(await fetch({ url: at('a.test', '/from') })).toMatchObject({ status: 200, body: 'hello' });
    await letGo.promise;
  });

  it('without end is given up after three', async () => {
    handlers.set('/from', redirect(302, '/from'));
    await expect(open().fetch({ url: at('a.test', '/from') })).rejects.toMatchObject({
      code: 'egress_failed',
    });
    expect(received).toHaveLength(1 + EGRESS_LIMITS.redirectsMax);
  });

  it('is the answer where the plugin asked for that, and an error where it asked for one', async () => {
    handlers.set('/from', redirect(302, at('c.test', '/')));
    const { fetch } = open();
    const answer = await fetch({ url: at('a.test', '/from'), redirect: 'manual' });
    expect(answer).toMatchObject({ status: 302, redirected: false, body: 'elsewhere' });
    const refused = fetch({ url: at('a.test', '/from'), redirect: 'error' });
    await expect(refused).rejects.toMatchObject({ code: 'egress_failed' });
  });
});

/** What each says of itself, and what follows before its connection goes. */
const CUT: [string, Record<string, string>, (response: ServerResponse) => void][] = [
  ['that is cut off', { 'content-length': '9' }, (response: ServerResponse) => void response.write('a')],
  [
    'that is no gzip',
    { 'content-encoding': 'gzip' },
    (response: ServerResponse) => void response.write('abcd'),
  ],
  [
    'in six codings',
    { 'content-encoding': 'gzip,gzip,gzip,gzip,gzip,gzip' },
    (response: ServerResponse) => void response.write(gzipSync('a')),
  ],
];

describe('an answer', () => {
  it('that is a gzip bomb is decoded no faster than it is read, and ends at the limit', async () => {
    const bomb = gzipSync(Buffer.alloc(EGRESS_LIMITS.responseBytesMax + 1));
    handlers.set('/bomb', (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(bomb);
    });
    const { fetch, bodies, observed } = open();
    expect(await fetch({ url: at('a.test', '/bomb') })).toMatchObject({
      body: null,
      pulledBytesMax: EGRESS_LIMITS.wholeBytesMax,
    });
    const { bytes, end } = await readAll(bodies[0]);
    expect(end).toMatchObject({ code: 'egress_response_too_large' });
    expect(bytes).toBeLessThanOrEqual(EGRESS_LIMITS.responseBytesMax);
    expect(observed).toMatchObject([{ result: 'refused' }]);
  });

  it('is decoded, and no longer says that it was encoded', async () => {
    handlers.set('/gzip', (_request, response) => {
      const encoded = gzipSync('plain');
      // Decoding is another thread's; for a body that does not say its size the client waits only a moment.
      const headers = { 'content-encoding': 'gzip', 'content-length': encoded.byteLength };
      response.writeHead(200, headers).end(encoded);
    });
    const { body, headers } = await open().fetch({ url: at('a.test', '/gzip') });
    expect(body).toBe('plain');
    expect((headers as [string, string][]).map(([name]) => name)).not.toContain('content-encoding');
  });

  it.each(CUT)('%s is refused', async (_trick, headers, write) => {
    handlers.set('/bad', (_request, response) => {
      response.writeHead(200, headers);
      write(response);
      setImmediate(() => response.socket?.destroy());
    });
    const { fetch, bodies } = open();
    const request = fetch({ url: at('a.test', '/bad') }).then(() => readAll(bodies[0]));
    // On a busy machine the head may be an answer before it shows that the rest is none.
    const failed = await request.then(
      ({ end }) => end,
      (error: unknown) => error,
    );
    expect(failed).toMatchObject({ code: 'egress_failed' });
  });

  it('with headers beyond the limit is refused', async () => {
    handlers.set('/bad', (_request, response) => response.writeHead(200, { x: 'a'.repeat(20_000) }).end());
    await expect(open().fetch({ url: at('a.test', '/bad') })).rejects.toMatchObject({
      code: 'egress_failed',
    });
  });

  it('may have interim answers before it, and not without end', async () => {
    const hint = (response: ServerResponse): void => response.writeEarlyHints({ link: '</a>' });
    handlers.set('/hints', (_request, response) => {
      hint(response);
      hint(response);
      response.end('after hints');
    });
    handlers.set('/endless', (_request, response) => {
      const timer = setInterval(() => {
        for (let hints = 0; hints < 100; hints++) hint(response);
      }, 1);
      response.on('close', () => clearInterval(timer));
    });
    expect(await open().fetch({ url: at('a.test', '/hints') })).toMatchObject({
      status: 200,
      body: 'after hints',
    });
    const startedMs = performance.now();
    await expect(outside?.fetch({ url: at('a.test', '/endless') })).rejects.toMatchObject({
      code: 'egress_failed',
    });
    expect(performance.now() - startedMs).toBeLessThan(EGRESS_LIMITS.totalMsMax / 2);
  });

  it('with no head ends with the time of the run', async () => {
    handlers.set('/slow', () => undefined);
    const { fetch, observed } = open();
    const refused = fetch({ url: at('a.test', '/slow') }, { deadline: performance.now() + 100 });
    await expect(refused).rejects.toMatchObject({ code: 'egress_failed' });
    expect(observed).toMatchObject([{ result: 'timeout' }]);
  });

  it('is not waited for once the run has been canceled', async () => {
    handlers.set('/slow', () => undefined);
    const canceled = open().fetch({ url: at('a.test', '/slow') }, { signal: AbortSignal.timeout(50) });
    await expect(canceled).rejects.toMatchObject({ code: 'egress_failed' });
  });
});

/** A body that the other side writes when the test says so. */
function written(path: string, headers: Record<string, string> = {}): Promise<ServerResponse> {
  return new Promise((resolve) => {
    handlers.set(path, (_request, response) => {
      response.writeHead(200, headers).flushHeaders();
      resolve(response);
    });
  });
}

async function readAll(body: HostBody | undefined): Promise<{ bytes: number; end: 'ended' | Refusal }> {
  for (let bytes = 0; ;) {
    const piece: Uint8Array | 'ended' | Refusal | undefined = await body?.read();
    if (piece === undefined) return expect.unreachable('there is no body to pull');
    if (!(piece instanceof Uint8Array)) return { bytes, end: piece };
    expect(piece.byteLength).toBeGreaterThan(0);
    expect(piece.byteLength).toBeLessThanOrEqual(STREAM_LIMITS.pieceBytesMax);
    bytes += piece.byteLength;
  }
}

describe('a body that is not there at once', () => {
  it('is pulled as it comes, after its head', async () => {
    const coming = written('/events', { 'content-type': 'text/event-stream' });
    const { fetch, bodies, observed } = open();
    expect(await fetch({ url: at('a.test', '/events') })).toMatchObject({ status: 200, body: null });
    const response = await coming;
    const [body] = bodies;
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      const reading = body?.read();
      response.write(event);
      expect(Buffer.from((await reading) as Uint8Array).toString()).toBe(event);
    }
    expect(observed).toEqual([]);
    response.end();
    expect(await body?.read()).toBe('ended');
    expect(observed).toMatchObject([{ result: 'answered', bytesIn: 18 }]);
  });

  it('of many bytes comes in pieces, all of them', async () => {
    handlers.set('/large', (_request, response) => response.end(Buffer.alloc(3_000_000)));
    const { fetch, bodies } = open();
    await fetch({ url: at('a.test', '/large') });
    expect(await readAll(bodies[0])).toEqual({ bytes: 3_000_000, end: 'ended' });
  });

  it('stops its sender while nobody reads', async () => {
    let sent = 0;
    let isFull = false;
    handlers.set('/endless', (_request, response) => {
      const piece = Buffer.alloc(65_536);
      const more = (): void => {
        for (isFull = false; !isFull; sent += piece.byteLength) isFull = !response.write(piece);
        response.once('drain', more);
      };
      more();
    });
    const { fetch, bodies } = open();
    await fetch({ url: at('a.test', '/endless') });
    // What the sockets hold on both sides is some megabytes; without a stop it would be without end.
    // Both ends live in this process, so turns of its loop move the bytes, however long one takes.
    const settled = async (): Promise<boolean> => {
      const before = sent;
      for (let turn = 0; turn < 10; turn += 1) await sleep(5);
      return isFull && sent === before;
    };
    await expect.poll(settled).toBe(true);
    expect(sent).toBeLessThan(16 * 1024 * 1024);
    expect(await bodies[0]?.read()).toHaveLength(STREAM_LIMITS.pieceBytesMax);
  });

  it('in drops of one byte is held as bytes, and comes together', async () => {
    const coming = written('/drops', { 'content-type': 'text/event-stream' });
    const { fetch, bodies } = open();
    await fetch({ url: at('a.test', '/drops') });
    const response = await coming;
    for (let drop = 0; drop < 5_000; drop += 1) response.write('a');
    await new Promise<void>((resolve) => void response.end(resolve));
    const sizes: number[] = [];
    for (let piece = await bodies[0]?.read(); piece instanceof Uint8Array; piece = await bodies[0]?.read())
      sizes.push(piece.byteLength);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(5_000);
    expect(sizes.length).toBeLessThan(500);
  });

  it.each([
    ['cut off', (response: ServerResponse) => response.socket?.destroy()],
    ['reset', (response: ServerResponse) => response.socket?.resetAndDestroy()],
  ])('and is %s ends with the reason', async (_how, cut) => {
    const coming = written('/cut', { 'content-length': '9999999' });
    const { fetch, bodies, observed } = open();
    await fetch({ url: at('a.test', '/cut') });
    const reading = bodies[0]?.read();
    const response = await coming;
    response.write('a');
    expect(await reading).toHaveLength(1);
    const next = bodies[0]?.read();
    cut(response);
    expect(await next).toMatchObject({ code: 'egress_failed' });
    expect(observed).toMatchObject([{ result: 'broken', bytesIn: 1 }]);
  });

  it('ends with its signal, which closes the connection and gives back the slot', async () => {
    const coming = written('/wait', { 'content-type': 'text/event-stream' });
    const { fetch, bodies, observed } = open();
    const abort = new AbortController();
    await fetch({ url: at('a.test', '/wait') }, { signal: abort.signal });
    const response = await coming;
    const closed = new Promise((resolve) => void response.once('close', resolve));
    const reading = bodies[0]?.read();
    abort.abort();
    expect(await reading).toMatchObject({ code: 'egress_failed' });
    await closed;
    expect(observed).toMatchObject([{ result: 'answered' }]);
  });

  it('keeps its place until it has ended', async () => {
    handlers.set('/wait', (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    });
    const { fetch } = open();
    const abort = new AbortController();
    for (let held = 0; held < EGRESS_LIMITS.perRunMax; held += 1)
      await fetch({ url: at('a.test', '/wait') }, { signal: abort.signal });
    await expect(fetch({ url: at('a.test', '/') })).rejects.toMatchObject({ code: 'egress_busy' });
    abort.abort();
    expect(await fetch({ url: at('a.test', '/') })).toMatchObject({ body: 'hello' });
  });
});

describe('requests in flight', () => {
  it('are bounded for one run, and free their place when they end', async () => {
    const waiting: ServerResponse[] = [];
    handlers.set('/wait', (_request, response) => void waiting.push(response));
    const { fetch } = open();
    const first = Array.from({ length: EGRESS_LIMITS.perRunMax }, () =>
      fetch({ url: at('a.test', '/wait') }),
    );
    await expect(fetch({ url: at('a.test', '/') })).rejects.toMatchObject({ code: 'egress_busy' });
    expect(await fetch({ url: at('a.test', '/') }, { requestId: 'other' })).toMatchObject({ status: 200 });
    await expect.poll(() => waiting.length).toBe(first.length);
    for (const response of waiting) response.end();
    await Promise.all(first);
    expect(await fetch({ url: at('a.test', '/') })).toMatchObject({ status: 200 });
  });

  it('are bounded for one installation', async () => {
    handlers.set('/wait', () => undefined);
    const { fetch, egress } = open();
    const all = Array.from({ length: EGRESS_LIMITS.perInstallationMax }, (_, n) =>
      fetch({ url: at('a.test', '/wait') }, { requestId: `r${n}` }).catch(() => undefined),
    );
    await expect(fetch({ url: at('a.test', '/') }, { requestId: 'r' })).rejects.toMatchObject({
      code: 'egress_busy',
    });
    await egress.close();
    await Promise.all(all);
  });

  it('share connections within an installation and with no other', async () => {
    const ports: (number | undefined)[] = [];
    handlers.set('/', (request, response) => {
      ports.push(request.socket.remotePort);
      response.end();
    });
    const { fetch } = open();
    const guest = {
      org: { id: 'o' },
      plugin: { id: 'a/b' },
      grants: [{ name: 'http.fetch', scope: [at('a.test', '/*')] }],
    } as const;
    const ask = (installationId: string) =>
      fetch({ url: at('a.test', '/') }, { guest: { ...guest, installationId } });
    const isShared = async (): Promise<boolean> => {
      await ask('i');
      return new Set(ports).size < ports.length;
    };
    // The client sees a little later than we that the connection is free again.
    await expect.poll(isShared).toBe(true);
    const mine = new Set(ports.splice(0));
    await ask('other');
    expect(ports).toHaveLength(1);
    expect(mine.has(ports[0])).toBe(false);
  });
});

describe('a secret by reference', () => {
  const secrets = { botToken: 's3cret {{secret:other}}', other: 'never', broken: 'a\r\nx-evil: 1' };
  const ask = (options: JsonObject) => open({ secrets }).fetch({ url: at('a.test', '/'), ...options });

  it('is filled in within the grant', async () => {
    await ask({ headers: [['authorization', 'Bot {{secret:botToken}}, {{secret:other}}']] });
    expect(received[0]?.headers['authorization']).toBe('Bot s3cret {{secret:other}}, never');
  });

  it('goes nowhere outside of the grant, and not along to another origin', async () => {
    const headers = [
      ['x-key', '{{secret:botToken}}'],
      ['accept', '{{secret:botToken}}'],
    ];
    await expect(ask({ url: at('c.test', '/'), headers })).rejects.toMatchObject({
      code: 'permission_denied',
    });
    handlers.set('/from', redirect(302, at('b.test', '/to')));
    await ask({ url: at('a.test', '/from'), headers });
    expect(received).toHaveLength(2);
    expect(JSON.stringify(received[1])).not.toContain('s3cret');
  });

  it.each([
    ['that is not set', '{{secret:none}}', 'secret_missing'],
    ['that would break the header', '{{secret:broken}}', 'egress_request_invalid'],
  ])('%s is refused', async (_name, value, code) => {
    await expect(ask({ headers: [['x-key', value]] })).rejects.toMatchObject({ code });
    expect(received).toEqual([]);
  });

  it.each(['{{secret:}}', '{{secret:__proto__}}', '{{secret: botToken}}', '{{ secret:botToken }}'])(
    '%s is none',
    async (value) => {
      await ask({ headers: [['x-key', value]] });
      expect(received[0]?.headers['x-key']).toBe(value);
    },
  );
});

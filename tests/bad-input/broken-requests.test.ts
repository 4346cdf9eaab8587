/** Requests that break HTTP itself, or speak parts of it that nobody needs. */
import { gzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { openSocket } from '../support/raw-http.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
await kelompok.ship({
  id: 'kelompok/echo',
  code: `export default { fetch: async (request) => Response.json([request.method, request.url, await request.text()]) }`,
});
await kelompok.ship({
  id: 'kelompok/headers',
  code: `export default { fetch: (request) => Response.json(request.headers.get('authorization')) }`,
});
await acme.install('kelompok/echo');
await acme.install('kelompok/headers');
const { host } = new URL(souk.process.url);
const HOST = `Host: ${host}`;
const at = (path = '/x'): string => acme.endpoint('kelompok/echo', path);
const echo = (method: string, path: string, body: string): string =>
  JSON.stringify([method, `${souk.process.url}${path}`, body]);

type Exchanged = { status: number; body: string; requestId: string | undefined };

/** Sends exactly this on a connection of its own. @returns status line and body of what came back */
async function exchange(head: readonly string[], body = ''): Promise<Exchanged> {
  const socket = await openSocket(souk.process.url);
  const [request, ...fields] = head;
  socket.write([request, 'Connection: close', ...fields, '', body].join('\r\n'), 'latin1');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('latin1');
  const [, status] =
    /^HTTP\/1\.1 (\d{3}) /u.exec(text.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/u, '')) ?? [];
  const [, requestId] = /^x-request-id: (\S+)\r$/mu.exec(text) ?? [];
  return { status: Number(status), body: text.slice(text.lastIndexOf('\r\n\r\n') + 4), requestId };
}

const REFUSED: readonly [string, number, readonly string[], string?][] = [
  [
    'length and chunks at once',
    400,
    [`POST ${at()} HTTP/1.1`, HOST, 'Content-Length: 4', 'Transfer-Encoding: chunked'],
    '0\r\n\r\n',
  ],
  ['two lengths', 400, [`POST ${at()} HTTP/1.1`, HOST, 'Content-Length: 4', 'Content-Length: 5'], 'abcde'],
  ['a negative length', 400, [`POST ${at()} HTTP/1.1`, HOST, 'Content-Length: -1']],
  ['a length beyond 64 bits', 400, [`POST ${at()} HTTP/1.1`, HOST, 'Content-Length: 99999999999999999999']],
  ['a length beyond all memory', 413, [`POST ${at()} HTTP/1.1`, HOST, 'Content-Length: 9007199254740993']],
  ['a chunk size that is none', 400, [`POST ${at()} HTTP/1.1`, HOST, 'Transfer-Encoding: chunked'], 'zz\r\n'],
  [
    'a coding that is not undone here',
    400,
    [`POST ${at()} HTTP/1.1`, HOST, 'Transfer-Encoding: gzip, chunked'],
    '0\r\n\r\n',
  ],
  ['chunks of HTTP/1.0', 400, [`POST ${at()} HTTP/1.0`, HOST, 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
  [
    'a coding that the API does not undo',
    400,
    ['POST /api/v1/orgs HTTP/1.1', HOST, 'Transfer-Encoding: gzip, chunked'],
    '0\r\n\r\n',
  ],
  ['a host whose port is none', 400, [`GET ${at()} HTTP/1.1`, 'Host: evil:99999']],
  ['a host whose address is none', 400, [`GET ${at()} HTTP/1.1`, 'Host: [::::]']],
  ['no host', 400, [`GET ${at()} HTTP/1.1`]],
  ['a host with a path', 400, [`GET ${at()} HTTP/1.1`, 'Host: evil/x?']],
  [
    'two authorizations',
    401,
    ['GET /api/v1/me HTTP/1.1', HOST, `Authorization: Bearer ${acme.owner.token}`, 'Authorization: Bearer x'],
  ],
  ['a method in small letters', 400, [`get ${at()} HTTP/1.1`, HOST]],
  ['TRACE, which would echo tokens', 405, [`TRACE ${at()} HTTP/1.1`, HOST]],
  ['a method of WebDAV', 405, [`PROPFIND ${at()} HTTP/1.1`, HOST]],
  ['an address of 20,000 characters', 431, [`GET ${at(`/${'x'.repeat(20_000)}`)} HTTP/1.1`, HOST]],
  [
    '3,000 headers',
    431,
    [`GET ${at()} HTTP/1.1`, HOST, ...Array.from({ length: 3_000 }, (_, n) => `a${n}: b`)],
  ],
  ['a handshake of TLS', 400, ['\x16\x03\x01\x02\x00']],
  ['dots that leave the plugin', 404, [`GET ${at('/%2e%2e/%2e%2e/x')} HTTP/1.1`, HOST]],
  [
    'an expectation that nobody meets',
    417,
    [`POST ${at()} HTTP/1.1`, HOST, 'Content-Length: 0', 'Expect: magic'],
  ],
];

it.each(REFUSED)('%s', async (_trick, status, head, body) => {
  const answer = await exchange(head, body);
  expect(answer.status).toBe(status);
  // Node itself answers what is only expected of it.
  if (status === 417) return;
  const problem = JSON.parse(answer.body) as Record<string, unknown>;
  expect(problem).toMatchObject({ status, requestId: answer.requestId });
  expect([problem['code'], problem['detail'], problem['hint']]).not.toContain(undefined);
});

it.each([
  ['without a host, as balancers ask', ['GET /readyz HTTP/1.0']],
  ['with one', ['GET /readyz HTTP/1.0', HOST]],
])('HTTP/1.0 %s is answered', async (_how, head) => {
  expect((await exchange(head)).status).toBe(200);
  const call = await exchange([`GET ${at()} HTTP/1.0`, ...head.slice(1)]);
  expect(call).toMatchObject({ status: 200, body: echo('GET', '/x', '') });
});

it('a compressed body, which nobody undoes, is refused as that', async () => {
  const { status, json } = await acme.owner.send('POST', acme.path('/plans'), {
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: gzipSync('{}'),
  });
  expect([status, json.code, json.detail]).toEqual([
    415,
    'media_type_unsupported',
    'The Content-Encoding is gzip.',
  ]);
});

const ANSWERED: readonly [string, readonly string[], string, string][] = [
  [
    'a request to another host in absolute form',
    [`GET http://evil.example${at()} HTTP/1.1`, HOST],
    '',
    echo('GET', '/x', ''),
  ],
  [
    'percent signs that encode nothing',
    [`GET ${at('/%zz%ff')} HTTP/1.1`, HOST],
    '',
    echo('GET', '/%zz%ff', ''),
  ],
  [
    'a body of GET, which is dropped',
    [`GET ${at()} HTTP/1.1`, HOST, 'Content-Length: 2'],
    'ab',
    echo('GET', '/x', ''),
  ],
  [
    'a client that waits for 100',
    [`POST ${at()} HTTP/1.1`, HOST, 'Content-Length: 2', 'Expect: 100-continue'],
    'ab',
    echo('POST', '/x', 'ab'),
  ],
  [
    'an upgrade, which is not taken',
    [`GET ${at()} HTTP/1.1`, HOST, 'Upgrade: websocket'],
    '',
    echo('GET', '/x', ''),
  ],
];

it.each(ANSWERED)('%s is answered as the plain request that it is', async (_trick, head, body, expected) => {
  expect(await exchange(head, body)).toMatchObject({ status: 200, body: expected });
});

it.each([
  ['of another scheme', (token: string) => `Token ${token}`],
  ['behind other credentials', (token: string) => `Digest x, Bearer ${token}`],
])('a token of Souk %s does not reach the plugin', async (_trick, write) => {
  const { token } = acme.owner;
  const seen = await acme.call('kelompok/headers', '/x', {
    headers: { authorization: write(String(token)) },
  });
  expect([seen.status, seen.json]).toEqual([200, null]);
  const own = await acme.call('kelompok/headers', '/x', { headers: { authorization: 'Token own' } });
  expect(own.json).toBe('Token own');
});

it('a connection that only sends half a request holds nobody up', async () => {
  const socket = await openSocket(souk.process.url);
  onTestFinished(() => void socket.destroy());
  socket.write(`POST ${at()} HTTP/1.1\r\n${HOST}\r\nContent-Length: 100\r\n\r\nhalf`);
  expect((await acme.call('kelompok/echo', '/x')).status).toBe(200);
});

it('a form that is refused at its fiftieth field is read to its end, and the next request is answered', async () => {
  const socket = await openSocket(souk.process.url);
  onTestFinished(() => void socket.destroy());
  const field = (name: string, value: string): string =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const names = Array.from({ length: 60 }, (_, index) => `field-${index}`);
  const form = `${names.map((name) => field(name, 'x')).join('')}${field('rest', 'x'.repeat(300_000))}--b--\r\n`;
  const token = `Authorization: Bearer ${acme.owner.token}`;
  const head = [`POST ${acme.path('/imports/organizations')} HTTP/1.1`, HOST, token];
  const type = 'Content-Type: multipart/form-data; boundary=b';
  socket.write([...head, type, `Content-Length: ${form.length}`, '', form].join('\r\n'), 'latin1');
  socket.write(['GET /api/v1/me HTTP/1.1', HOST, token, 'Connection: close', '', ''].join('\r\n'), 'latin1');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const statuses = Buffer.concat(chunks)
    .toString('latin1')
    .match(/HTTP\/1\.1 \d{3}/gu);
  expect(statuses).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200']);
});

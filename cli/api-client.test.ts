/** Answers that no server of ours gives: a proxy, a login page, another product at the address. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { soukIn } from './testing.fixture.ts';
import { commandLine, type CommandLine } from '../tests/support/command-line.ts';

let server: Server;
let line: CommandLine;
let respond: RequestListener;

beforeAll(async () => {
  server = createServer((request, response) => respond(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  line = commandLine(url(), null);
});

/** The same for whatever is asked. */
const answering =
  (status: number, body: string): RequestListener =>
  (_, response) =>
    void response.writeHead(status).end(body);

const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

afterAll(() => server.close());

it.each([
  ['a page', 200, '<!doctype html>'],
  ['an array', 200, '[]'],
  ['an object without items', 200, '{}'],
  ['items that are no list', 200, '{"items":{"length":1}}'],
  ['a failure without a problem document', 502, 'Bad Gateway'],
  ['a problem of another vocabulary', 400, '{"code":"teapot"}'],
  ['a code that only a newer server has', 409, '{"code":"teapot","detail":"It is short and stout."}'],
])('refuses %s as the answer to a list', async (_, status, body) => {
  respond = answering(status, body);
  expect(await line.refused('org', 'list')).toBe('server_answer_unknown');
});

it('passes on what a code that it does not know is about', async () => {
  respond = answering(409, '{"code":"teapot","detail":"It is short and stout."}');
  const { error } = await line.souk('org', 'list');
  expect(error).toContain('the status 409 and the code teapot: It is short and stout.');
});

it('prints the request id of a fault, which its hint asks for', async () => {
  respond = answering(500, '{"code":"internal_error","detail":"Souk failed.","requestId":"r-17"}');
  const { error } = await line.souk('org', 'list');
  expect(error).toMatch(/\n {2}mend: .*request id\.\n {2}request id: r-17\n$/u);
  const { out } = await line.souk('org', 'list', '--json');
  expect(JSON.parse(out).error).toMatchObject({ code: 'internal_error', requestId: 'r-17' });
});

it('leaves out violations that are none', async () => {
  const violations = [null, 7, { pointer: '/a' }, { pointer: '/b', message: 'It is b.' }];
  respond = answering(400, JSON.stringify({ code: 'request_invalid', detail: 'No.', violations }));
  const { out } = await line.souk('org', 'list', '--json');
  expect(JSON.parse(out).error.violations).toEqual([{ pointer: '/b', message: 'It is b.' }]);
});

it('calls a connection that breaks within an answer what it is', async () => {
  respond = (_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{"items":[');
    setImmediate(() => response.destroy());
  };
  expect(await line.refused('org', 'list')).toBe('server_unreachable');
});

it('refuses events that are no objects', async () => {
  respond = ({ url: asked }, response) =>
    void response.end(asked?.includes('/stream') ? 'id: 1\ndata: 7\n\n' : '{"items":[]}');
  expect(await line.refused('logs', 'a/b', '-f', '--org', 'acme')).toBe('server_answer_unknown');
});

it.each(['souk.example.org', 'ftp://host', 'http://name:word@host', 'http://host/?a=b', ''])(
  '%j is no address of a server',
  async (address) => {
    expect(await line.refused('org', 'list', '--url', address)).toBe('server_url_invalid');
    expect(await line.refused('login', address)).toBe('server_url_invalid');
  },
);

it.each(['souk_one\ntwo', 'souk_€'])(
  'a token that fits in no header is refused, and not shown',
  async (token) => {
    const { error } = await commandLine(url(), token).souk('org', 'list');
    expect(error).toContain('refused: token_malformed\n');
    expect(error).not.toContain('souk_o');
  },
);

it('sends a kept token to its server, however the address is written, and to no other', async () => {
  const { folder } = line;
  const heard: unknown[] = [];
  respond = ({ headers }, response) => {
    heard.push(headers.authorization);
    response.end('{"items":[]}');
  };
  const environment = { HOME: folder };
  await soukIn(folder, { ...environment, SOUK_TOKEN: 'souk_kept' })('login', url());
  const { port } = new URL(url());
  for (const address of [url(), `${url()}/`, `HTTP://127.0.0.1:${port}`, `http://localhost:${port}`])
    await soukIn(folder, environment)('org', 'list', '--url', address);
  expect(heard).toEqual([...Array.from({ length: 4 }, () => 'Bearer souk_kept'), undefined]);
});

it('ends where every page is the same one', async () => {
  respond = answering(200, '{"items":[],"nextCursor":"again"}');
  expect(await line.refused('org', 'list')).toBe('server_answer_unknown');
});

it('asks for every page of the providers, each with the same filter', async () => {
  const asked: string[] = [];
  respond = ({ url: target }, response) => {
    const { searchParams } = new URL(target ?? '', 'http://host');
    asked.push(String(searchParams.get('type')));
    const plugin = searchParams.has('cursor') ? 'a/second' : 'a/first';
    const items = [
      { plugin, version: '1.0.0', type: 'integration', category: null, name: 'Mail', installed: null },
    ];
    response.end(JSON.stringify({ items, nextCursor: searchParams.has('cursor') ? null : 'more' }));
  };
  const { out } = await line.souk('plugin', 'providers', '--type', 'integration', '--org', 'acme');
  expect(out.match(/a\/(?:first|second)/gu)).toEqual(['a/first', 'a/second']);
  expect(asked).toEqual(['integration', 'integration']);
});

it('goes on to the next page while there is one', async () => {
  let page = 0;
  respond = (request, response) => {
    page += 1;
    const cursor = new URL(request.url ?? '', 'http://host').searchParams.get('cursor');
    const items = [{ slug: `org-${page}`, name: String(cursor) }];
    response.end(JSON.stringify({ items, nextCursor: page === 1 ? 'a&b' : null }));
  };
  expect(await line.ok('org', 'list')).toEqual({
    items: [
      { slug: 'org-1', name: 'null' },
      { slug: 'org-2', name: 'a&b' },
    ],
  });
});

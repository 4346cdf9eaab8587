/** Answers that no server of ours gives: a proxy, a login page, another product at the address. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandLine, type CommandLine } from '../tests/support/command-line.ts';

let server: Server;
let line: CommandLine;
let answer: { readonly status: number; readonly body: string };

beforeAll(async () => {
  server = createServer((_, response) => response.writeHead(answer.status).end(answer.body));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  line = commandLine(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, null);
});

afterAll(() => server.close());

it.each([
  ['a page', 200, '<!doctype html>'],
  ['an array', 200, '[]'],
  ['an object without items', 200, '{}'],
  ['items that are no list', 200, '{"items":{"length":1}}'],
  ['a failure without a problem document', 502, 'Bad Gateway'],
  ['a problem of another vocabulary', 400, '{"code":"teapot"}'],
])('refuses %s as the answer to a list', async (_, status, body) => {
  answer = { status, body };
  expect(await line.refused('org', 'list')).toBe('server_answer_unknown');
});

it('goes on to the next page while there is one', async () => {
  let page = 0;
  server.removeAllListeners('request').on('request', (request, response) => {
    page += 1;
    const cursor = new URL(request.url ?? '', 'http://host').searchParams.get('cursor');
    const items = [{ slug: `org-${page}`, name: String(cursor) }];
    response.end(JSON.stringify({ items, nextCursor: page === 1 ? 'a&b' : null }));
  });
  expect(await line.ok('org', 'list')).toEqual({
    items: [
      { slug: 'org-1', name: 'null' },
      { slug: 'org-2', name: 'a&b' },
    ],
  });
});

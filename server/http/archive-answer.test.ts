import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { archiveKey, createArchiveCache } from '../runtime/archive-cache.ts';
import { readyArchiveAnswer } from './archive-answer.ts';
import { readTarget } from './target.ts';

const ARCHIVE = new TextEncoder().encode('archive');
const PATH = '/api/v1/packages/kelompok/hello/versions/1.0.0-rc.1/archive';

const archives = createArchiveCache(() => 0);
await archives.get(archiveKey('kelompok', 'hello', '1.0.0-rc.1'), async () => ({
  bytes: ARCHIVE.byteLength,
  sha256: 'a'.repeat(64),
  stream: new Blob([ARCHIVE]).stream(),
}));

/** Answers what lies ready, and says `router` to everything else. */
const server = createServer((incoming, outgoing) => {
  const target = readTarget(incoming.url ?? '');
  const answer = target && readyArchiveAnswer(archives, incoming, target);
  if (!answer) return void outgoing.end('router');
  for (const [name, value] of answer.headers) outgoing.setHeader(name, value);
  outgoing.writeHead(answer.status).end(answer.body);
}).listen(0, '127.0.0.1');
await once(server, 'listening');
afterAll(() => void server.close());

async function send(
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<{ headers: IncomingMessage['headers']; body: string }> {
  const { port } = server.address() as AddressInfo;
  const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }).end();
  const [incoming] = (await once(sent, 'response')) as [IncomingMessage];
  return { headers: incoming.headers, body: await text(incoming) };
}

test('a plain request of anybody is answered with the bytes, which every cache may keep', async () => {
  const { headers, body } = await send(PATH);
  expect(body).toBe('archive');
  expect(headers).toMatchObject({
    'content-type': 'application/zip',
    etag: `"${'a'.repeat(64)}"`,
    'cache-control': 'public, max-age=31536000, immutable',
    'content-disposition': 'attachment; filename="kelompok.hello-1.0.0-rc.1.zip"',
    'x-content-type-options': 'nosniff',
  });
});

describe('left to the router, which checks it and refuses or asks:', () => {
  test.each<[string, string, Parameters<typeof send>[1]?]>([
    ['a token', PATH, { headers: { authorization: 'Bearer x' } }],
    ['a token without a character', PATH, { headers: { authorization: '' } }],
    ['an organization', `${PATH}?org=acme`],
    ['an unknown parameter', `${PATH}?x=1`],
    ['another method', PATH, { method: 'POST' }],
    ['a host that is none', PATH, { headers: { host: 'a b' } }],
    ['another version', PATH.replace('1.0.0-rc.1', '1.0.0')],
    ['a name that is written otherwise', PATH.replace('hello', '%68ello')],
    ['more than the path', `${PATH}/x`],
    ['a path before it', `/x${PATH}`],
  ])('%s', async (_, path, how) => {
    expect((await send(path, how)).body).toBe('router');
  });

  test('HEAD', async () => {
    expect((await send(PATH, { method: 'HEAD' })).headers.etag).toBeUndefined();
  });
});

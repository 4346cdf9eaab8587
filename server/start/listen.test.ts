import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { openSocket } from '../../tests/support/raw-http.ts';
import { createLogger } from '../log.ts';
import { readSettings } from '../settings.ts';
import { Closers } from './closers.ts';
import { listen } from './listen.ts';

const CLOSED_MS_MAX = 60_000;
const REQUEST = 'GET / HTTP/1.1\r\nHost: here\r\n\r\n';

/** A server whose grace is far longer than any test, and a client of it that closes nothing by itself. */
async function serve(listener: RequestListener): Promise<{ socket: Socket; close(): Promise<void> }> {
  const closers = new Closers();
  const settings = readSettings({ SOUK_PORT: '0', SOUK_SHUTDOWN_GRACE_MS: '600000' });
  const socket = await openSocket(await listen(settings, listener, closers, createLogger('silent')));
  return { socket, close: () => closers.closeAll(createLogger('silent')) };
}

it(
  'keeps connections for longer than proxies do, and closes those that are idle when it stops',
  async () => {
    const { socket, close } = await serve((_request, response) => void response.end('ok'));
    socket.write(REQUEST);
    const [head] = (await once(socket, 'data')) as [Buffer];
    const [, seconds] = /^Keep-Alive: timeout=(\d+)\r$/mu.exec(head.toString()) ?? [];
    expect(Number(seconds)).toBeGreaterThan(60);
    const ended = once(socket, 'close');
    await close();
    await ended;
  },
  CLOSED_MS_MAX,
);

it(
  'answers what is in flight when it stops, and closes its connection then',
  async () => {
    const asked = Promise.withResolvers<ServerResponse>();
    const { socket, close } = await serve((_request, response) => asked.resolve(response));
    socket.write(REQUEST);
    const response = await asked.promise;
    const closed = close();
    response.end('done');
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*done/u);
    await closed;
  },
  CLOSED_MS_MAX,
);

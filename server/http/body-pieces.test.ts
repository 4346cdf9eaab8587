import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBody, writePieces } from './body-pieces.ts';
import type { RequestBody } from '../gateway/gateway.ts';
import type { ByteSource } from '../../sandbox/ports.ts';
import { STREAM_LIMITS } from '../../spec/limits.ts';

type Handler = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

let handle: Handler = () => undefined;
const server = createServer((incoming, outgoing) => handle(incoming, outgoing));
let url = '';
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const WHOLE_MAX = 10;
const BYTES_MAX = 100;

/** Opens the body of one request, whose parts are sent one after the other. */
function opening(parts: readonly string[]): Promise<Uint8Array | RequestBody> {
  const opened = Promise.withResolvers<Uint8Array | RequestBody>();
  handle = (incoming) => void openBody(incoming, WHOLE_MAX, BYTES_MAX).then(opened.resolve, opened.reject);
  const asked = request(url, { method: 'POST', agent: false }).on('error', () => undefined);
  for (const part of parts) asked.write(part);
  asked.end();
  return opened.promise;
}

async function rest(body: Uint8Array | RequestBody): Promise<{ text: string; end: string }> {
  if (body instanceof Uint8Array) return { text: Buffer.from(body).toString(), end: 'whole' };
  let text = '';
  for (;;) {
    const piece = await body.read();
    if (typeof piece === 'string') return { text, end: piece };
    text += Buffer.from(piece).toString();
  }
}

describe('a body', () => {
  it.each([
    ['of nothing', [], '', 'whole'],
    ['of just what is taken whole', ['12345', '67890'], '1234567890', 'whole'],
    ['of one byte more', ['12345', '678901'], '12345678901', 'ended'],
    ['of as much as is taken at all', ['x'.repeat(BYTES_MAX)], 'x'.repeat(BYTES_MAX), 'ended'],
  ])('%s', async (_what, parts, text, end) => {
    expect(await rest(await opening(parts))).toEqual({ text, end });
  });

  it('of more than is taken breaks off, and says why', async () => {
    const body = await opening(['x'.repeat(50), 'x'.repeat(BYTES_MAX)]);
    if (body instanceof Uint8Array) return expect.unreachable();
    expect((await rest(body)).end).toBe('broken');
    expect(body.refusal?.code).toBe('body_too_large');
  });

  it('whose caller leaves breaks off', async () => {
    const opened = Promise.withResolvers<Uint8Array | RequestBody>();
    handle = (incoming) => void openBody(incoming, WHOLE_MAX, BYTES_MAX).then(opened.resolve, opened.reject);
    const asked = request(url, { method: 'POST', agent: false }).on('error', () => undefined);
    asked.write('x'.repeat(50));
    const body = await opened.promise;
    asked.destroy();
    expect((await rest(body)).end).toBe('broken');
  });

  it('whose caller leaves before it is known how large it is, is refused', async () => {
    const opened = Promise.withResolvers<Uint8Array | RequestBody>();
    const begun = Promise.withResolvers<void>();
    handle = (incoming) => {
      begun.resolve();
      void openBody(incoming, WHOLE_MAX, BYTES_MAX).then(opened.resolve, opened.reject);
    };
    const asked = request(url, { method: 'POST', agent: false }).on('error', () => undefined);
    asked.write('x');
    await begun.promise;
    asked.destroy();
    await expect(opened.promise).rejects.toMatchObject({ code: 'body_incomplete' });
  });
});

describe('an answer', () => {
  /** @returns what came, and whether it came to its end */
  async function receive(source: ByteSource): Promise<{ text: string; isWhole: boolean }> {
    handle = (_incoming, outgoing) => void writePieces(outgoing, source);
    const asked = request(url, { agent: false })
      .on('error', () => undefined)
      .end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    let text = '';
    try {
      for await (const chunk of answer) text += String(chunk);
      return { text, isWhole: true };
    } catch {
      return { text, isWhole: false };
    }
  }
  const sourceOf = (reads: (string | 'ended' | 'broken')[]): ByteSource => ({
    read: async () => {
      const next = reads.shift() ?? 'ended';
      return next === 'ended' || next === 'broken' ? next : Buffer.from(next);
    },
  });

  it('is ended where its source ends, and broken off where it breaks', async () => {
    expect(await receive(sourceOf(['a', 'b', 'ended']))).toEqual({ text: 'ab', isWhole: true });
    expect(await receive(sourceOf(['ended']))).toEqual({ text: '', isWhole: true });
    expect((await receive(sourceOf(['a', 'broken']))).isWhole).toBe(false);
  });

  it('is not read faster than its caller reads', async () => {
    let reads = 0;
    const piece = Buffer.alloc(STREAM_LIMITS.pieceBytesMax);
    handle = (_incoming, outgoing) =>
      void writePieces(outgoing, {
        read: async () => {
          reads += 1;
          return piece;
        },
      });
    const asked = request(url, { agent: false })
      .on('error', () => undefined)
      .end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    // What the system keeps for the connection is filled when two looks in a row see the same.
    let before = -1;
    await expect
      .poll(
        () => {
          const isSettled = reads > 0 && reads === before;
          before = reads;
          return isSettled;
        },
        { interval: 200, timeout: 30_000 },
      )
      .toBe(true);
    answer.destroy();
  });
});

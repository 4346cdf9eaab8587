/** Bodies that guests pull from the host: what `fetch` gives them, and what ends it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { HostBody } from '../../spec/host/capability.ts';
import { STREAM_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import { createSandbox, type Sandbox } from '../index.ts';
import type { ByteSource, Capability, Completion, Guest, Invocation } from '../ports.ts';
import { createTestBed } from '../testing/test-bed.ts';

/** What the outside sends, for one request: the test says when. */
type Outside = {
  signal: AbortSignal;
  readonly reads: number;
  send(piece: Uint8Array | 'ended' | Refusal): void;
};

const bed = createTestBed();
let last: Outside | undefined;
const opened = new Map<string, (outside: Outside) => void>();
let sandbox: Sandbox;

/** Resolves when the run that asked has ended. */
const runEnded = Promise.withResolvers<void>();
const lateAsked = Promise.withResolvers<void>();

/** Answers with a head, and a body that is pulled; `/never` without a head, `/fails` with an error, `/late` after its run. */
const fetching: Capability = {
  name: 'http.fetch',
  argumentSchema: { type: 'object' },
  requires: () => null,
  act: async (args, context) => {
    if (String(args['url']).endsWith('/late')) {
      lateAsked.resolve();
      await runEnded.promise;
    }
    const { outside, body } = openOutside(context.signal);
    opened.get(String(args['url']))?.(outside);
    last = outside;
    if (String(args['url']).endsWith('/never')) return new Promise<never>(() => undefined);
    context.giveBody(body);
    if (String(args['url']).endsWith('/fails')) throw new Refusal('egress_failed', { detail: 'x' });
    const head = { status: 200, statusText: '', url: String(args['url']), redirected: false, headers: [] };
    return { ...head, body: null, pulledBytesMax: 100_000 };
  },
};

function openOutside(signal: AbortSignal): { outside: Outside; body: HostBody } {
  const queue: (Uint8Array | 'ended' | Refusal)[] = [];
  let reader: ((piece: Uint8Array | 'ended' | Refusal) => void) | undefined;
  let reads = 0;
  const serve = (): void => {
    const piece = reader && queue.shift();
    if (piece === undefined) return;
    reader?.(piece);
    reader = undefined;
  };
  return {
    outside: {
      signal,
      get reads() {
        return reads;
      },
      send: (piece) => {
        queue.push(piece);
        serve();
      },
    },
    body: {
      read: () =>
        new Promise((resolve) => {
          reads += 1;
          reader = resolve;
          serve();
        }),
    },
  };
}

let lastUrl = 0;
/** @returns an address of its own, and the outside behind it once it has been asked */
function address(path = ''): { url: string; asked: Promise<Outside> } {
  const url = `https://outside.test/${(lastUrl += 1)}${path}`;
  return { url, asked: new Promise((resolve) => void opened.set(url, resolve)) };
}

beforeAll(async () => {
  const [kvGet, ...others] = bed.options.capabilities;
  // Whether the request that the outside got last has been given up, as the guest can see while it still runs.
  const looking = { ...kvGet, act: async () => last?.signal.aborted ?? null } as Capability;
  const capabilities = [looking, ...others, fetching];
  sandbox = await createSandbox({ ...bed.options, capabilities });
});
afterAll(() => sandbox.close());

const guestOf = (body: string): Guest =>
  bed.guest({
    'index.js': `
      const show = (error) => ({ name: error.name, code: error.code, isType: error instanceof TypeError });
      export default { async fetch(request, host) { const url = await request.text(); ${body} } };`,
  });

const ask = (guest: Guest, url: string, changes: Partial<Invocation> = {}): Invocation => ({
  ...bed.invoke(guest, {
    kind: 'endpoint',
    request: { method: 'POST', url: 'https://souk.test/', headers: [], body: Buffer.from(url) },
  }),
  ...changes,
});

async function answer(guest: Guest, url: string): Promise<unknown> {
  return bed.read(await sandbox.call(ask(guest, url))).json;
}

const reasonOf = (completion: Completion): string => (completion.outcome === 'ok' ? 'ok' : completion.reason);

describe('the body of an answer', () => {
  test('is read in pieces, each when it is asked for, as the bytes that they are', async () => {
    const { url, asked } = address();
    const guest = guestOf(`
      const response = await fetch(url);
      const pieces = [];
      for await (const piece of response.body) pieces.push([...piece]);
      return Response.json([response.status, pieces, response.bodyUsed]);`);
    const answering = answer(guest, url);
    const outside = await asked;
    await expect.poll(() => outside.reads).toBe(1);
    outside.send(Uint8Array.of(0, 200, 255));
    await expect.poll(() => outside.reads).toBe(2);
    outside.send(Uint8Array.of(1));
    outside.send('ended');
    expect(await answering).toEqual([200, [[0, 200, 255], [1]], true]);
  });

  test('is not asked for while nobody reads it', async () => {
    const { url, asked } = address();
    const guest = guestOf(
      'const response = await fetch(url); await host.kv.get("a"); return Response.json(response.status);',
    );
    expect(await answer(guest, url)).toBe(200);
    const { reads, signal } = await asked;
    // With the end of the run nobody can read it any more.
    expect([reads, signal.aborted]).toEqual([0, true]);
  });

  test('is read whole up to its limit, and dropped beyond', async () => {
    const guest = guestOf(
      'const r = await fetch(url); return Response.json([await r.text().then((t) => t.length, show), await host.kv.get("a")]);',
    );
    const small = address();
    const answering = answer(guest, small.url);
    const outside = await small.asked;
    outside.send(Buffer.alloc(50_000, 'a'));
    outside.send(Buffer.alloc(50_000, 'é'));
    outside.send('ended');
    expect(await answering).toEqual([75_000, false]);
    const large = address();
    const refusing = answer(guest, large.url);
    const flood = await large.asked;
    for (let sent = 0; sent < 3; sent += 1) flood.send(Buffer.alloc(50_000));
    expect(await refusing).toEqual([
      { name: 'TypeError', code: 'egress_response_too_large', isType: true },
      true,
    ]);
    expect(flood.reads).toBe(3);
  });

  test('that breaks off is an error with the reason', async () => {
    const { url, asked } = address();
    const guest = guestOf(`
      const reader = (await fetch(url)).body.getReader();
      const { value } = await reader.read();
      const failed = await reader.read().catch(show);
      const again = await reader.read().catch(show);
      return Response.json([value.length, failed, again]);`);
    const answering = answer(guest, url);
    const outside = await asked;
    outside.send(Uint8Array.of(1));
    outside.send(new Refusal('egress_failed', { detail: 'It broke off: “é”.' }));
    const failed = { name: 'TypeError', code: 'egress_failed', isType: true };
    expect(await answering).toEqual([1, failed, failed]);
  });

  test.each([
    ['cancel of the body', 'await (await fetch(url)).body.cancel();'],
    [
      'cancel of a reader that waits',
      'const r = (await fetch(url)).body.getReader(); r.read(); await r.cancel();',
    ],
    ['leaving a loop', 'for await (const piece of (await fetch(url)).body) break;'],
    [
      'the signal of the request',
      `const c = new AbortController(); const r = await fetch(url, { signal: c.signal }); c.abort();
       const why = await r.text().catch((error) => error.name); if (why !== 'AbortError') throw new Error(why);`,
    ],
  ])('is let go of by %s', async (_way, code) => {
    const { url, asked } = address();
    const answering = answer(guestOf(`${code} return Response.json(await host.kv.get('a'));`), url);
    const outside = await asked;
    if (code.includes('for await')) outside.send(Uint8Array.of(1));
    expect(await answering).toBe(true);
  });

  test('of a call that failed is let go of', async () => {
    const { url, asked } = address('/fails');
    const guest = guestOf(`
      const failed = await fetch(url).catch((error) => error.code);
      return Response.json([failed, await host.kv.get('a')]);`);
    expect(await answer(guest, url)).toEqual(['egress_failed', true]);
    await asked;
  });

  test('passes on to the caller as it comes', async () => {
    const { url, asked } = address();
    const completion = await sandbox.call(ask(guestOf('return fetch(url);'), url, { answer: 'pieces' }));
    const body = completion.outcome === 'ok' ? completion.response?.body : undefined;
    if (!body || body instanceof Uint8Array) return expect.unreachable(reasonOf(completion));
    const outside = await asked;
    for (const piece of [Buffer.from('first'), Buffer.alloc(STREAM_LIMITS.pieceBytesMax, 1)]) {
      outside.send(piece);
      expect(await readBytes(body, piece.byteLength)).toEqual(piece);
    }
    outside.send('ended');
    expect(await body.read()).toBe('ended');
  });

  test('that breaks off while it passes breaks the answer', async () => {
    const { url, asked } = address();
    const completion = await sandbox.call(ask(guestOf('return fetch(url);'), url, { answer: 'pieces' }));
    const body = completion.outcome === 'ok' ? completion.response?.body : undefined;
    if (!body || body instanceof Uint8Array) return expect.unreachable(reasonOf(completion));
    (await asked).send(new Refusal('egress_failed', { detail: 'x' }));
    expect(await body.read()).toBe('broken');
  });

  test('of several answers at once are kept apart', async () => {
    const [first, second] = [address(), address()];
    const guest = guestOf(
      'return Response.json(await Promise.all(url.split(" ").map(async (one) => (await fetch(one)).text())));',
    );
    const answering = answer(guest, `${first.url} ${second.url}`);
    const [one, two] = [await first.asked, await second.asked];
    two.send(Buffer.from('2'));
    one.send(Buffer.from('1'));
    two.send(Buffer.from('22'));
    two.send('ended');
    one.send('ended');
    expect(await answering).toEqual(['1', '222']);
  });

  test('can be cloned', async () => {
    const { url, asked } = address();
    const guest = guestOf(
      'const r = await fetch(url); const c = r.clone(); return Response.json([await r.text(), await c.text()]);',
    );
    const answering = answer(guest, url);
    const outside = await asked;
    outside.send(Buffer.from('twice'));
    outside.send('ended');
    expect(await answering).toEqual(['twice', 'twice']);
  });
});

describe('a request', () => {
  test('whose signal is aborted ends at the host as well', async () => {
    const { url, asked } = address('/never');
    const guest = guestOf(`
      const controller = new AbortController();
      const failing = fetch(url, { signal: controller.signal }).catch((error) => error.message);
      await host.kv.get('a');
      controller.abort(new Error('enough'));
      const message = await failing;
      return Response.json([message, await host.kv.get('a')]);`);
    expect(await answer(guest, url)).toEqual(['enough', true]);
    await asked;
  });

  test('ends with its run', async () => {
    const { url, asked } = address('/never');
    const abort = new AbortController();
    const ending = sandbox.call(ask(guestOf('await fetch(url);'), url, { signal: abort.signal }));
    const { signal } = await asked;
    expect(signal.aborted).toBe(false);
    abort.abort();
    expect((await ending).outcome).toBe('canceled');
    expect(signal.aborted).toBe(true);
  });

  test('that the host only gets to after the end of its run is given up at once', async () => {
    const { url, asked } = address('/late');
    const abort = new AbortController();
    const ending = sandbox.call(ask(guestOf('await fetch(url);'), url, { signal: abort.signal }));
    await lateAsked.promise;
    abort.abort();
    await ending;
    runEnded.resolve();
    expect((await asked).signal.aborted).toBe(true);
  });

  test('with a body that is a stream sends it whole, and is refused where that does not end', async () => {
    const { url, asked } = address();
    const guest = guestOf(`
      const endless = new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(65536)) });
      const refused = await fetch(url, { method: 'POST', duplex: 'half', body: endless }).catch(show);
      const body = new Blob(['sent']).stream();
      const taken = await fetch(url, { method: 'POST', duplex: 'half', body });
      return Response.json([refused, taken.status]);`);
    expect(await answer(guest, url)).toEqual([{ name: 'TypeError', isType: true }, 200]);
    await asked;
  });
});

async function readBytes(source: ByteSource, bytes: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (let read = 0; read < bytes;) {
    const piece = await source.read();
    if (typeof piece === 'string') return expect.unreachable(piece);
    pieces.push(piece);
    read += piece.byteLength;
  }
  return Buffer.concat(pieces);
}

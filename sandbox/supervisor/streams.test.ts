/** Bodies in pieces, from the supervisor's side: what a guest sends and gets, and how a run with them ends. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { STREAM_LIMITS } from '../../spec/limits.ts';
import { createSandbox, type Sandbox } from '../index.ts';
import type { ByteSource, Completion, Guest, Invocation } from '../ports.ts';
import { createTestBed } from '../testing/test-bed.ts';

const bed = createTestBed();
const ended: { invocation: Invocation; completion: Completion }[] = [];
let sandbox: Sandbox;

beforeAll(async () => {
  const observer = {
    ...bed.options.observer,
    runEnded: (invocation: Invocation, completion: Completion) => ended.push({ invocation, completion }),
  };
  sandbox = await createSandbox({ ...bed.options, observer });
});
afterAll(() => sandbox.close());

const outcomeOf = (invocation: Invocation): string | undefined =>
  ended.find((end) => end.invocation.requestId === invocation.requestId)?.completion.outcome;

/** A guest whose answer is what the expression makes of the request. */
const guestOf = (body: string, before = ''): Guest =>
  bed.guest({
    'index.js': `${before}
      const encoder = new TextEncoder();
      const pulling = (pull, more = {}) => new Response(new ReadableStream({ pull, ...more }, { highWaterMark: 0 }));
      export default { async fetch(request, host) { ${body} } };`,
  });

const inPieces = (guest: Guest, body: ByteSource | Uint8Array | null = null): Invocation => ({
  ...bed.invoke(guest, {
    kind: 'endpoint',
    request: { method: 'POST', url: 'https://souk.test/', headers: [], body },
  }),
  answer: 'pieces',
});

/** Calls, and expects an answer that comes in pieces. */
async function open(invocation: Invocation): Promise<ByteSource> {
  const completion = await sandbox.call(invocation);
  const body = completion.outcome === 'ok' ? completion.response?.body : undefined;
  if (!body || body instanceof Uint8Array) return expect.unreachable(JSON.stringify(completion));
  return body;
}

async function readAll(source: ByteSource): Promise<{ bytes: Buffer; end: 'ended' | 'broken' }> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = await source.read();
    if (typeof piece === 'string') return { bytes: Buffer.concat(pieces), end: piece };
    pieces.push(piece);
  }
}

/** A request of so many bytes, and how many pieces of it were asked for. */
function upload(
  bytes: number,
  pieceBytes: number = STREAM_LIMITS.pieceBytesMax,
): ByteSource & { reads: number } {
  let sent = 0;
  return {
    reads: 0,
    async read() {
      this.reads += 1;
      const piece = Buffer.alloc(Math.min(pieceBytes, bytes - sent), sent % 251);
      sent += piece.byteLength;
      return piece.byteLength === 0 ? 'ended' : piece;
    },
  };
}

describe('an answer in pieces', () => {
  test.each([
    ['no JSON', 'undefined'],
    ['no object', 'null'],
    [
      'a status that has no body',
      '({ __proto__: null, status: 204, headers: Object.setPrototypeOf([], null) })',
    ],
  ])('whose head was made into %s ends its own run only', async (_trick, head) => {
    const guest = guestOf(`
      const answer = pulling((c) => c.enqueue(encoder.encode('x')));
      Object.prototype.toJSON = () => ${head};
      return answer;`);
    const neighbour = guestOf(`return new Response('well')`);
    const { outcome } = await sandbox.call(inPieces(neighbour));
    expect([outcome, (await sandbox.call(inPieces(guest))).outcome]).toEqual(['ok', 'exception']);
    expect(bed.ended).toEqual([]);
  });

  test('begins before it has ended, and comes as it was made', async () => {
    const guest = guestOf(`
      let step = 0;
      return pulling(async (c) => { c.enqueue(encoder.encode('é' + step)); if (++step === 3) c.close(); });`);
    const invocation = inPieces(guest);
    const { bytes, end } = await readAll(await open(invocation));
    expect([bytes.toString(), end]).toEqual(['é0é1é2', 'ended']);
    expect(outcomeOf(invocation)).toBe('ok');
  });

  test('is not made faster than it is read', async () => {
    const guest = guestOf(
      `if (request.url.endsWith('?made')) return Response.json(made);
       return pulling((c) => { made += 1; c.enqueue(new Uint8Array(65536)); });`,
      'let made = 0;',
    );
    const abort = new AbortController();
    const source = await open({ ...inPieces(guest), signal: abort.signal });
    const made = async (): Promise<unknown> =>
      bed.read(await sandbox.call(bed.get(guest, 'https://souk.test/?made'))).json;
    await expect.poll(made).toBe(STREAM_LIMITS.piecesAheadMax);
    for (let read = 0; read < 5; read += 1) await source.read();
    await expect.poll(made).toBe(STREAM_LIMITS.piecesAheadMax + 5);
    abort.abort();
  });

  test('in one large chunk is cut', async () => {
    const guest = guestOf(
      'return pulling((c) => { c.enqueue(Uint8Array.from({ length: 200_000 }, (_, i) => i)); c.close(); });',
    );
    const source = await open(inPieces(guest));
    const first = await source.read();
    expect(first).toHaveLength(STREAM_LIMITS.pieceBytesMax);
    const { bytes, end } = await readAll(source);
    const all = Buffer.concat([first as Uint8Array, bytes]);
    expect(end).toBe('ended');
    expect(all.equals(Buffer.from(Uint8Array.from({ length: 200_000 }, (_, index) => index)))).toBe(true);
  });

  test('in one chunk of 40 MiB goes out in pieces', async () => {
    const guest = guestOf('return pulling((c) => { c.enqueue(new Uint8Array(40 << 20)); c.close(); });');
    const { bytes, end } = await readAll(await open(inPieces(guest)));
    expect([bytes.byteLength, end]).toEqual([40 << 20, 'ended']);
  });

  test('of a plugin that is unloaded is broken', async () => {
    const guest = guestOf(`return pulling((c) => { c.enqueue(encoder.encode('a')); });`);
    const invocation = inPieces(guest);
    const source = await open(invocation);
    await source.read();
    sandbox.unload(guest.installationId);
    expect((await readAll(source)).end).toBe('broken');
    expect(outcomeOf(invocation)).toBe('canceled');
  });

  test.each([
    [
      'a reader that lies',
      'ReadableStream.prototype.getReader = () => ({ read: async () => ({ done: false, value: new Proxy(new Uint8Array(1), {}) }), cancel() {} });',
    ],
    ['a reader that throws', 'ReadableStream.prototype.getReader = () => { throw new Error("mine"); };'],
    [
      'reads with traps',
      'ReadableStream.prototype.getReader = () => ({ read: async () => ({ get done() { throw new Error("trap"); } }), cancel() { throw new Error("trap"); } });',
    ],
    [
      'promises of its own',
      'ReadableStream.prototype.getReader = () => ({ read: () => ({ then(done) { done({ done: false, value: "text" }); } }), cancel: () => 1 });',
    ],
  ])('from %s fails alone', async (_what, patch) => {
    const guest = guestOf(`${patch} return pulling(() => {});`);
    const invocation = inPieces(guest);
    const completion = await sandbox.call(invocation);
    const body = completion.outcome === 'ok' ? completion.response?.body : undefined;
    if (body && !(body instanceof Uint8Array)) expect((await readAll(body)).end).toBe('broken');
    expect(outcomeOf(invocation)).toBe('exception');
  });

  test('ends as broken when the stream fails midway, and the run as an exception', async () => {
    const guest = guestOf(
      `let step = 0; return pulling((c) => { if (step++ > 0) throw new Error('midway'); c.enqueue(encoder.encode('a')); });`,
    );
    const invocation = inPieces(guest);
    expect((await readAll(await open(invocation))).end).toBe('broken');
    expect(outcomeOf(invocation)).toBe('exception');
  });

  test.each(['"text"', '{ length: 3 }', 'new Uint16Array(1)', 'null'])(
    'refuses %s as a chunk',
    async (chunk) => {
      const guest = guestOf(`return pulling((c) => { c.enqueue(${chunk}); });`);
      const invocation = inPieces(guest);
      expect((await readAll(await open(invocation))).end).toBe('broken');
      expect(outcomeOf(invocation)).toBe('exception');
    },
  );

  test('is cancelled in the guest when the caller goes away', async () => {
    const guest = guestOf(
      `if (request.url.endsWith('?cancelled')) return Response.json(cancelled);
       return pulling(() => new Promise(() => {}), { cancel() { cancelled += 1; } });`,
      'let cancelled = 0;',
    );
    const abort = new AbortController();
    const invocation = { ...inPieces(guest), signal: abort.signal };
    const source = await open(invocation);
    abort.abort();
    expect((await readAll(source)).end).toBe('broken');
    expect(outcomeOf(invocation)).toBe('canceled');
    const asked = await sandbox.call(bed.get(guest, 'https://souk.test/?cancelled'));
    expect(bed.read(asked).json).toBe(1);
  });

  test('that never ends is ended by the limit on its bytes', async () => {
    const guest = guestOf('const chunk = new Uint8Array(1 << 20); return pulling((c) => c.enqueue(chunk));');
    const invocation = inPieces(guest);
    const { bytes, end } = await readAll(await open(invocation));
    expect([bytes.byteLength, end]).toEqual([STREAM_LIMITS.responseBytesMax, 'broken']);
    expect(outcomeOf(invocation)).toBe('exceededOutput');
  });

  test('that spins between two pieces is ended, and its neighbours go on', async () => {
    const guest = guestOf(
      `let step = 0; return pulling((c) => { if (step++ > 0) for (;;); c.enqueue(encoder.encode('a')); });`,
    );
    const invocation = inPieces(guest);
    expect((await readAll(await open(invocation))).end).toBe('broken');
    expect(outcomeOf(invocation)).toBe('exceededCpu');
    expect(bed.read(await sandbox.call(bed.get(guestOf('return Response.json(1);')))).json).toBe(1);
  });

  test('of a runner that is killed is broken', async () => {
    const guest = {
      ...guestOf(`return pulling((c) => { c.enqueue(encoder.encode('a')); });`),
      org: { id: 'streaming', slug: 'streaming' },
    };
    const invocation = inPieces(guest);
    const source = await open(invocation);
    await source.read();
    for (const { pid, runs } of sandbox.health().runners) if (runs > 0) process.kill(-pid, 'SIGKILL');
    expect((await readAll(source)).end).toBe('broken');
    expect(outcomeOf(invocation)).toBe('runnerDied');
  });

  test('is whole where the caller takes no pieces, and has no body where the method is HEAD', async () => {
    const guest = guestOf('return pulling((c) => { c.enqueue(encoder.encode("12")); c.close(); });');
    expect(bed.read(await sandbox.call(bed.get(guest))).json).toBe(12);
    const endless = guestOf('return pulling((c) => { c.enqueue(encoder.encode("12")); });');
    const trigger = {
      kind: 'endpoint',
      request: { method: 'HEAD', url: 'https://souk.test/', headers: [], body: null },
    } as const;
    const head = await sandbox.call({ ...bed.invoke(endless, trigger), answer: 'pieces' });
    expect(head).toMatchObject({ outcome: 'ok', response: { status: 200, body: null } });
  });

  test('counts against shares of its own', async () => {
    const guest = guestOf(
      `if (request.url.endsWith('?plain')) return Response.json(1);
       return pulling(() => new Promise(() => {}));`,
    );
    const abort = new AbortController();
    const calls = Array.from({ length: STREAM_LIMITS.runsPerInstallationMax }, () =>
      open({ ...inPieces(guest), signal: abort.signal }),
    );
    await Promise.all(calls);
    const one = await sandbox.call(inPieces(guest));
    expect(one).toMatchObject({ outcome: 'loadShed', retryAfterMs: expect.any(Number) as number });
    expect(bed.read(await sandbox.call(bed.get(guest, 'https://souk.test/?plain'))).json).toBe(1);
    abort.abort();
    expect((await open(inPieces(guest))).read).toBeTypeOf('function');
    sandbox.unload(guest.installationId);
  });
});

describe('a request in pieces', () => {
  const SIZE = 300_000;

  test.each([
    ['read whole', 'return Response.json((await request.arrayBuffer()).byteLength);'],
    ['read as text', 'return Response.json((await request.text()).length);'],
    [
      'read as a stream',
      'let sum = 0; for await (const chunk of request.body) sum += chunk.length; return Response.json(sum);',
    ],
    [
      'cloned',
      'const copy = request.clone(); await request.text(); return Response.json((await copy.bytes()).length);',
    ],
    ['passed on', 'return Response.json((await new Request(request, { headers: {} }).text()).length);'],
  ])('is %s', async (_how, body) => {
    const completion = await sandbox.call(inPieces(guestOf(body), upload(SIZE)));
    expect(bed.read(completion)).toEqual({ status: 200, json: SIZE });
  });

  test('has the bytes that were sent', async () => {
    const guest = guestOf(
      'return Response.json([...await request.bytes()].every((byte, i) => byte === Math.floor(i / 100) * 100 % 251));',
    );
    const completion = await sandbox.call(inPieces(guest, upload(70_000, 100)));
    expect(bed.read(completion).json).toBe(true);
  });

  test('is not read before the guest reads it', async () => {
    const guest = guestOf(
      'const reader = request.body.getReader(); await reader.read(); await reader.read(); return Response.json(request.bodyUsed);',
    );
    const body = upload(SIZE);
    expect(bed.read(await sandbox.call(inPieces(guest, body))).json).toBe(true);
    expect(body.reads).toBe(2);
  });

  test('becomes the answer while it comes', async () => {
    const { bytes, end } = await readAll(
      await open(inPieces(guestOf('return new Response(request.body);'), upload(SIZE))),
    );
    expect([bytes.byteLength, end]).toEqual([SIZE, 'ended']);
  });

  test('that is too large to be read whole is answered with 413 for the plugin', async () => {
    const completion = await sandbox.call(
      inPieces(guestOf('return Response.json(await request.json());'), upload(3_000_000)),
    );
    expect(completion).toMatchObject({ outcome: 'ok', response: { status: 413 } });
  });

  test('that breaks off is an error where it is read', async () => {
    const guest = guestOf(
      'try { await request.text(); } catch (error) { return Response.json(error.message); }',
    );
    const broken: ByteSource = { read: async () => 'broken' };
    expect(bed.read(await sandbox.call(inPieces(guest, broken))).json).toBe(
      'the body of the request broke off',
    );
  });

  test('is over where it ended, also for a guest that got at what pulls it', async () => {
    const guest = guestOf(
      `const reader = request.body.getReader();
       while (!(await reader.read()).done);
       const controller = { enqueue() {}, close() {} };
       return Response.json(await source.pull(controller).catch((error) => error.message));`,
      `let source;
       Object.defineProperty(Object.prototype, 'start', {
         configurable: true,
         get() { if (this.type === 'bytes') source = this; },
       });`,
    );
    expect(bed.read(await sandbox.call(inPieces(guest, upload(100_000)))).json).toBe(
      'no piece of this body can be asked for now',
    );
  });

  test('whose caller goes away ends the reading', async () => {
    const guest = guestOf(
      `if (request.url.endsWith('?left')) return Response.json(left);
       try { await request.text(); } catch (error) { left = error.message; throw error; }`,
      'let left;',
    );
    const abort = new AbortController();
    const asked = Promise.withResolvers<void>();
    const silent: ByteSource = {
      read: () => {
        asked.resolve();
        return new Promise(() => {});
      },
    };
    const call = sandbox.call({ ...inPieces(guest, silent), signal: abort.signal });
    await asked.promise;
    abort.abort();
    expect((await call).outcome).toBe('canceled');
    expect(bed.read(await sandbox.call(bed.get(guest, 'https://souk.test/?left'))).json).toBe(
      'the run has ended',
    );
  });
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { agreesWithNode } from '../../runner/testing/oracle.ts';
import { openWebIsolate, type WebIsolate } from '../../runner/testing/web-isolate.ts';

let isolate: WebIsolate;
beforeAll(async () => {
  isolate = await openWebIsolate();
});
afterAll(() => isolate.close());

agreesWithNode(() => isolate, {
  'pulling, back-pressure and closing': `let pulls = 0; const stream = new ReadableStream({ pull(c) { pulls++; c.enqueue(pulls); if (pulls === 5) c.close(); } }, new CountQueuingStrategy({ highWaterMark: 2 }));
    await null; await null; const before = pulls; const seen = []; for await (const value of stream) seen.push(value); return [before, seen];`,
  'tee and cancel': `let reason; const stream = new ReadableStream({ start(c) { c.enqueue(1); }, cancel(r) { reason = r; } }); const [a, b] = stream.tee(); const first = await a.getReader().read(); await Promise.all([a.locked, b.cancel('b')].slice(1, 1)); return [first, stream.locked, reason];`,
  'pipes through transforms, with errors': `const upper = new TransformStream({ transform(chunk, c) { if (chunk === 'x') throw new RangeError('x'); c.enqueue(chunk.toUpperCase()); } });
    const read = async (values) => { const out = []; try { for await (const v of ReadableStream.from(values).pipeThrough(new TransformStream({ transform(chunk, c) { if (chunk === 'x') throw new RangeError('x'); c.enqueue(chunk.toUpperCase()); } }))) out.push(v); } catch (error) { out.push(error.name); } return out; };
    return [await read(['a', 'b']), await read(['a', 'x', 'c'])];`,
  'writers wait': `const written = []; const stream = new WritableStream({ write(chunk) { written.push(chunk); }, close() { written.push('closed'); } }); const writer = stream.getWriter(); await writer.write(1); await writer.ready; await writer.close(); return written;`,
  'byte streams with a buffer of the reader': `const stream = new ReadableStream({ type: 'bytes', pull(c) { const view = c.byobRequest.view; view[0] = 7; c.byobRequest.respond(1); } }); const { value } = await stream.getReader({ mode: 'byob' }).read(new Uint8Array(4)); return [...value];`,
  'the stream of a body with a buffer of the reader': `const reader = new Response('abc').body.getReader({ mode: 'byob' }); const out = []; for (;;) { const { value, done } = await reader.read(new Uint8Array(2)); if (done) break; out.push(...value); } return out;`,
  'text through the encoding streams, cut inside characters': `const bytes = new TextEncoder().encode('ä€😀'); const pieces = [...bytes].map((byte) => new Uint8Array([byte])); let text = '';
    for await (const part of ReadableStream.from(pieces).pipeThrough(new TextDecoderStream())) text += part;
    const out = []; for await (const part of ReadableStream.from(['a\\ud83d', '\\ude00', '\\ud83d']).pipeThrough(new TextEncoderStream())) out.push(...part); return [text, out];`,
  'a decoder stream that is fatal': `for await (const part of ReadableStream.from([new Uint8Array([255])]).pipeThrough(new TextDecoderStream('utf-8', { fatal: true }))) return part;`,
});

test('console: formats, groups, counters, and values that bite', async () => {
  isolate.lines.length = 0;
  await isolate.run(`
    console.log('%s is %d%% %o', 'x', '5', { a: 1 }, 'rest'); console.warn(new Map([[1, new Set(['a'])]]), [1, , 'b'], null, undefined, -0, 1n, Symbol('s'), () => 1);
    console.group('g'); console.info({ get a() { throw new Error(); }, ['__proto__']: 1 }); console.groupEnd(); console.count(); console.count(); console.assert(false, 'no');
    const cycle = { deep: { deep: { deep: { deep: { deep: 1 } } } } }; cycle.self = cycle; console.debug(cycle);
    console.error(new Proxy({}, { ownKeys() { throw new Error('trap'); } })); console.log('x'.repeat(100000)); console.log(new Array(1e6)); console.log(new Uint8Array([1, 2]));
    console.log({ toString: null }, Object.create(null)); console.table([{ a: 1 }]);`);
  expect(isolate.lines.map((line) => line.slice(0, 100))).toEqual([
    'info x is 5% { a: 1 } rest',
    'warn Map(1) { 1 => Set(1) { "a" } } [ 1, <empty>, "b" ] null undefined -0 1n Symbol(s) [Function (anonymous)]'.slice(
      0,
      100,
    ),
    'info g',
    'info   { a: [Getter], __proto__: 1 }',
    'info default: 1',
    'info default: 2',
    'error Assertion failed no',
    'debug { deep: { deep: { deep: { deep: [Object] } } }, self: [Circular] }',
    'error [value that cannot be shown]',
    `info ${'x'.repeat(95)}`,
    `info [ ${'<empty>, '.repeat(20)}`.slice(0, 100),
    'info Uint8Array [ 1, 2 ]',
    'info { toString: null } [Object: null prototype] {}',
    'info [ { a: 1 } ]',
  ]);
  expect(Math.max(...isolate.lines.map((line) => line.length))).toBeLessThan(8300);
});

test('fetch: request to the host, answer back, abort, failure', async () => {
  const asked: unknown[] = [];
  const own = await openWebIsolate(async (request) => {
    asked.push(request);
    if (request.url.endsWith('/fail')) throw new TypeError('refused');
    const headers: [string, string][] = [
      ['Content-Type', 'application/json'],
      ['set-cookie', 'a=1'],
    ];
    return {
      status: 201,
      statusText: 'Created',
      url: request.url,
      redirected: false,
      headers,
      body: '{"a":"\u00c3\u00a9"}',
    };
  });
  expect(
    await own.run(`
      const answer = await fetch('https://h/x', { method: 'post', body: 'ä', headers: { 'X-Y': 'z' }, redirect: 'manual' });
      const seen = [answer.status, answer.statusText, answer.url, answer.type, answer.headers.get('content-type'), await answer.json()];
      const names = []; for (const run of [() => answer.headers.set('a', 'b'), () => fetch('https://h/fail'), () => fetch('/relative'), () => fetch('https://h/', { signal: AbortSignal.abort() }), () => fetch('https://h/', { signal: AbortSignal.timeout(0) })]) {
        names.push(await Promise.resolve().then(run).then(() => 'ok', (error) => error.name));
      }
      return [seen, names.slice(0, 4)];`),
  ).toEqual([
    [201, 'Created', 'https://h/x', 'basic', 'application/json', { a: 'é' }],
    ['TypeError', 'TypeError', 'TypeError', 'AbortError'],
  ]);
  expect(asked[0]).toEqual({
    method: 'POST',
    url: 'https://h/x',
    headers: [
      ['x-y', 'z'],
      ['content-type', 'text/plain;charset=UTF-8'],
    ],
    body: '\u00c3\u00a4',
    redirect: 'manual',
  });
  own.close();
});

test('globals are as browsers have them: hidden from enumeration, replaceable, named, and no more than promised', async () => {
  const found = await isolate.run(`
    const names = ['AbortController', 'AbortSignal', 'Blob', 'ByteLengthQueuingStrategy', 'CountQueuingStrategy', 'Crypto', 'CryptoKey', 'CustomEvent', 'DOMException', 'Event', 'EventTarget', 'File', 'FormData', 'Headers',
      'ReadableByteStreamController', 'ReadableStream', 'ReadableStreamBYOBReader', 'ReadableStreamBYOBRequest', 'ReadableStreamDefaultController', 'ReadableStreamDefaultReader', 'Request', 'Response', 'SubtleCrypto', 'TextDecoder', 'TextDecoderStream', 'TextEncoder', 'TextEncoderStream', 'TransformStream', 'TransformStreamDefaultController', 'URL', 'URLPattern', 'URLSearchParams', 'WritableStream', 'WritableStreamDefaultController', 'WritableStreamDefaultWriter',
      'atob', 'btoa', 'clearInterval', 'clearTimeout', 'fetch', 'queueMicrotask', 'reportError', 'setInterval', 'setTimeout', 'structuredClone'];
    const wrong = names.filter((name) => typeof globalThis[name] !== 'function' || globalThis[name].name !== name);
    const replaced = globalThis.URLPattern = 1;
    return [wrong, Object.keys(globalThis).filter((name) => name !== 'finish'), URLPattern, self === globalThis, typeof performance.now(), navigator.userAgent, ['WebAssembly', 'SharedArrayBuffer', 'Atomics', 'process', 'require', 'boot'].filter((name) => name in globalThis)];`);
  expect(found).toEqual([[], [], 1, true, 'number', 'Souk', []]);
});

test('iterators of a stream stand on the prototype that all asynchronous iterators have', async () => {
  const program = `const up = Object.getPrototypeOf; const own = up(up(up((async function* () {})()))); const values = new ReadableStream({ start(c) { c.enqueue(1); c.close(); } }).values(); const all = []; for await (const value of values) all.push(value);
    return [up(up(values)) === own, values[Symbol.asyncIterator]() === values, typeof values[Symbol.asyncDispose], all];`;
  expect(await isolate.run(program)).toEqual([true, true, 'function', [1]]);
});

// Fetch section 5.6, "abort a fetch() call": the body of an answer that came whole breaks as well.
test('fetch: an abort behind the answer breaks its body', async () => {
  const answer = { status: 200, statusText: '', redirected: false, headers: [], body: '{}' };
  const own = await openWebIsolate(async ({ url }) => ({ ...answer, url }));
  const program = `const names = []; const controller = new AbortController(); const reason = new RangeError('enough'); const { signal } = controller;
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => fetch('https://h/', { signal }))); const read = await answers[4].text(); const copy = answers[3].clone(); controller.abort(reason);
    for (const run of [() => answers[0].text(), () => answers[1].json(), () => answers[2].body.getReader().read(), () => copy.arrayBuffer()]) names.push(await run().then(() => 'read', (error) => error === reason));
    const order = []; const late = fetch('https://h/', { signal }).catch(() => order.push('fetch')); Promise.resolve().then(() => order.push('next')); await late; await null;
    return [...names, read, await answers[0].json().catch((error) => error === reason), order];`;
  expect(await own.run(program)).toEqual([true, true, true, true, '{}', true, ['fetch', 'next']]);
  own.close();
});

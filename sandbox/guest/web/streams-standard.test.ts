/** The Streams standard section by section, held against Node's own streams. */
import { afterAll, beforeAll } from 'vitest';
import { agreesWithNode } from '../../runner/testing/oracle.ts';
import { openWebIsolate, type WebIsolate } from '../../runner/testing/web-isolate.ts';

let isolate: WebIsolate;
beforeAll(async () => {
  isolate = await openWebIsolate();
});
afterAll(() => isolate.close());

/** What became of a promise, by value or by the name of its error. */
const SETTLED = `const settled = (promise) => promise.then((value) => ['ok', value], (error) => ['error', error?.name ?? String(error)]);
  const refused = (run) => { try { run(); return 'done'; } catch (error) { return error.name; } };`;

agreesWithNode(() => isolate, {
  '4.2.4 sources and strategies that are none': `${SETTLED}
    return [null, 1, 'x', { start: 1 }, { pull: 'x' }, { cancel: {} }, { type: 'text' }, { type: null }].map((source) => refused(() => new ReadableStream(source)))
      .concat([{ highWaterMark: -1 }, { highWaterMark: NaN }, { size: 1 }, { highWaterMark: 'x' }].map((strategy) => refused(() => new ReadableStream({}, strategy))));`,
  '4.2.4 a byte stream takes no size': `new ReadableStream({ type: 'bytes' }, { size: () => 1 });`,
  '4.2.4 a start that throws': `new ReadableStream({ start() { throw new RangeError('x'); } });`,
  '4.2.4 a start that rejects': `${SETTLED} const stream = new ReadableStream({ start: () => Promise.reject(new RangeError('x')) }); return settled(stream.getReader().read());`,
  '4.2.4 one reader at a time': `${SETTLED} const stream = new ReadableStream(); const reader = stream.getReader(); const second = refused(() => stream.getReader()); reader.releaseLock(); return [second, stream.locked, refused(() => stream.getReader())];`,
  '4.2.4 cancelling a locked stream': `${SETTLED} const stream = new ReadableStream(); stream.getReader(); return settled(stream.cancel());`,
  '4.2.4 cancel hands on its reason, and waits': `${SETTLED} let seen; const stream = new ReadableStream({ cancel: (reason) => { seen = reason; return Promise.reject(new RangeError('y')); } }); return [await settled(stream.cancel('why')), seen];`,
  '4.2.4 cancelling twice': `${SETTLED} let count = 0; const stream = new ReadableStream({ cancel() { count += 1; } }); return [await settled(stream.cancel()), await settled(stream.cancel()), count];`,
  '4.3.4 reads are answered in order': `const stream = new ReadableStream({ start(c) { setTimeout(() => { c.enqueue(1); c.enqueue(2); c.close(); }, 1); } }); const reader = stream.getReader(); return Promise.all([reader.read(), reader.read(), reader.read()]);`,
  '4.3.4 a released reader reads no more': `${SETTLED} const stream = new ReadableStream({ start(c) { c.enqueue(1); } }); const reader = stream.getReader(); reader.releaseLock(); return [await settled(reader.read()), await settled(reader.closed), await settled(reader.cancel())];`,
  '4.3.4 a pending read when the reader is released': `${SETTLED} const stream = new ReadableStream(); const reader = stream.getReader(); const read = settled(reader.read()); reader.releaseLock(); return read;`,
  '4.6.4 what may follow a close': `${SETTLED} let controller; new ReadableStream({ start(c) { controller = c; } }); controller.close(); return [refused(() => controller.enqueue(1)), refused(() => controller.close()), controller.desiredSize];`,
  '4.6.4 what was queued outlives a close, and not an error': `${SETTLED}
    const make = (end) => new ReadableStream({ start(c) { c.enqueue('a'); end(c); } }).getReader();
    const closed = make((c) => c.close()), failed = make((c) => c.error(new RangeError('x')));
    return [await settled(closed.read()), await settled(closed.read()), await settled(failed.read()), await settled(failed.closed)];`,
  '4.6.4 a size that throws fails the stream': `${SETTLED} let controller; const stream = new ReadableStream({ start(c) { controller = c; } }, { size() { throw new RangeError('x'); } }); return [refused(() => controller.enqueue(1)), await settled(stream.getReader().read())];`,
  '4.6.4 desiredSize counts by the strategy': `let controller; new ReadableStream({ start(c) { controller = c; } }, new ByteLengthQueuingStrategy({ highWaterMark: 10 })); const sizes = [controller.desiredSize]; for (const length of [4, 8]) { controller.enqueue(new Uint8Array(length)); sizes.push(controller.desiredSize); } return sizes;`,
  '4.7.4 byte streams refuse what is no view, or empty': `${SETTLED} let controller; new ReadableStream({ type: 'bytes', start(c) { controller = c; } }); return [refused(() => controller.enqueue('x')), refused(() => controller.enqueue(new Uint8Array(0))), refused(() => controller.enqueue(new Uint8Array(1)))];`,
  '4.7.4 byte streams take the buffer away': `let controller; new ReadableStream({ type: 'bytes', start(c) { controller = c; } }); const bytes = new Uint8Array([1, 2]); controller.enqueue(bytes); return bytes.byteLength;`,
  '4.7.4 a read into a buffer that is larger than a chunk': `const stream = new ReadableStream({ type: 'bytes', start(c) { c.enqueue(new Uint8Array([1, 2, 3])); c.close(); } }); const reader = stream.getReader({ mode: 'byob' }); const first = await reader.read(new Uint8Array(2)); const second = await reader.read(new Uint8Array(2)); const third = await reader.read(new Uint8Array(2)); return [[...first.value], [...second.value], third.done, third.value?.byteLength];`,
  '4.7.4 chunks of a byte stream by size': `const stream = new ReadableStream({ type: 'bytes', autoAllocateChunkSize: 4, pull(c) { const { view } = c.byobRequest; view[0] = 9; c.byobRequest.respond(1); } }); const { value } = await stream.getReader().read(); return [value.constructor.name, [...value]];`,
  '4.9 both branches of a tee get every chunk': `const [a, b] = new ReadableStream({ start(c) { c.enqueue(1); c.enqueue(2); c.close(); } }).tee(); const read = async (s) => { const all = []; for await (const v of s) all.push(v); return all; }; return Promise.all([read(a), read(b)]);`,
  '4.9 a tee is cancelled when both branches are': `let seen = 'not'; const [a, b] = new ReadableStream({ cancel(reason) { seen = reason; } }).tee(); const first = a.cancel('a'); const before = seen; await Promise.all([first, b.cancel('b')]); return [before, seen];`,
  '4.9 an error reaches both branches': `${SETTLED} const [a, b] = new ReadableStream({ pull() { throw new RangeError('x'); } }).tee(); return [await settled(a.getReader().read()), await settled(b.getReader().read())];`,
  '4.2.5 leaving a loop cancels, unless told not to': `const cancelled = []; const make = (name) => new ReadableStream({ pull(c) { c.enqueue(1); }, cancel() { cancelled.push(name); } });
    for await (const _ of make('plain')) break; const kept = make('kept'); for await (const _ of kept.values({ preventCancel: true })) break; return [cancelled, kept.locked];`,
  '4.2.2 from things that iterate': `${SETTLED} const read = async (s) => { const all = []; for await (const v of s) all.push(v); return all; };
    return [await read(ReadableStream.from([1, Promise.resolve(2)])), await read(ReadableStream.from((async function* () { yield 'a'; })())), refused(() => ReadableStream.from(1)), refused(() => ReadableStream.from({}))];`,
  '4.9.1 pipes end what they write to, unless told not to': `const ends = []; const sink = (name) => new WritableStream({ close() { ends.push(name + ' closed'); }, abort(reason) { ends.push(name + ' ' + reason); } });
    const source = (fail) => new ReadableStream({ start(c) { if (fail) c.error('failed'); else c.close(); } });
    await source().pipeTo(sink('a')); await source().pipeTo(sink('b'), { preventClose: true }); await source(true).pipeTo(sink('c')).catch(() => {}); await source(true).pipeTo(sink('d'), { preventAbort: true }).catch(() => {}); return ends;`,
  '4.9.1 a signal stops a pipe at both ends': `${SETTLED} const seen = []; const c = new AbortController(); const pipe = new ReadableStream({ cancel(r) { seen.push('source ' + r); } }).pipeTo(new WritableStream({ abort(r) { seen.push('sink ' + r); } }), { signal: c.signal }); c.abort('stop'); return [await settled(pipe), seen.sort()];`,
  '4.9.1 a sink that fails cancels its source': `${SETTLED} let seen; const pipe = new ReadableStream({ pull(c) { c.enqueue(1); }, cancel(r) { seen = r?.name; } }).pipeTo(new WritableStream({ write() { throw new RangeError('full'); } })); return [await settled(pipe), seen];`,
  '5.5.4 writes of a stream that failed': `${SETTLED} const stream = new WritableStream({ write() { throw new RangeError('x'); } }); const writer = stream.getWriter(); return [await settled(writer.write(1)), await settled(writer.write(2)), await settled(writer.closed)];`,
  '5.3.4 desiredSize and ready of a writer': `let finish; const writer = new WritableStream({ write: () => new Promise((done) => { finish = done; }) }, { highWaterMark: 2 }).getWriter(); const sizes = [writer.desiredSize]; void writer.write(1); sizes.push(writer.desiredSize); void writer.write(2); sizes.push(writer.desiredSize); await null; finish(); await null; return sizes;`,
  '5.2.4 closing twice, and writing after': `${SETTLED} const writer = new WritableStream().getWriter(); const closed = settled(writer.close()); return [await settled(writer.close()), await settled(writer.write(1)), await closed];`,
  '6.3 a transform may give none, or many, and something at the end': `const stream = ReadableStream.from([1, 2, 3]).pipeThrough(new TransformStream({ transform(n, c) { for (let i = 1; i < n; i += 1) c.enqueue(n); }, flush(c) { c.enqueue('end'); } })); const all = []; for await (const v of stream) all.push(v); return all;`,
  '6.3 terminate ends one side and fails the other': `${SETTLED} const { readable, writable } = new TransformStream({ start(c) { c.enqueue('a'); c.terminate(); } }); const all = []; for await (const v of readable) all.push(v); return [all, await settled(writable.getWriter().write(1))];`,
  '6.3 a cancelled readable side fails the writable side': `${SETTLED} const { readable, writable } = new TransformStream(); await readable.cancel('why'); return settled(writable.getWriter().write(1));`,
  '7 strategies': `const count = new CountQueuingStrategy({ highWaterMark: 3 }), bytes = new ByteLengthQueuingStrategy({ highWaterMark: 'x' }); return [count.highWaterMark, count.size({}), Number.isNaN(bytes.highWaterMark), bytes.size(new Uint8Array(5)), bytes.size.name, count.size === new CountQueuingStrategy({ highWaterMark: 1 }).size];`,
  'a queue of a strategy without a mark': `new CountQueuingStrategy({});`,
  'Fetch 5.3 a body whose stream breaks rejects every reader': `${SETTLED} const make = () => new Response(new ReadableStream({ start(c) { c.error(new RangeError('x')); } })); const all = []; for (const how of ['text', 'json', 'bytes', 'blob', 'arrayBuffer']) all.push(await settled(make()[how]())); return all;`,
  'Fetch 5.3 a body that is being read is disturbed': `${SETTLED} const response = new Response('abc'); const reader = response.body.getReader(); await reader.read(); reader.releaseLock(); return [response.bodyUsed, response.body.locked, await settled(response.text()), refused(() => response.clone()), refused(() => new Response(response.body))];`,
  'Fetch 5.3 a body that was only locked': `${SETTLED} const response = new Response('abc'); const reader = response.body.getReader(); const locked = await settled(response.text()); reader.releaseLock(); return [response.bodyUsed, locked, await settled(response.text())];`,
  'Fetch 5.3 a cancelled body is used': `${SETTLED} const response = new Response('abc'); await response.body.cancel(); return [response.bodyUsed, await settled(response.text())];`,
  'Fetch 5.2 no type for a stream': `return [...new Response(new ReadableStream()).headers];`,
  'Fetch 5.3 the body of one response in another': `const response = new Response(new Response('äb').body.pipeThrough(new TextDecoderStream()).pipeThrough(new TextEncoderStream())); return response.text();`,
});

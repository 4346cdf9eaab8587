/** The Compression standard, held against Node's own streams, and against what Node's zlib packs. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agreesWithNode } from '../../runner/testing/oracle.ts';
import { openWebIsolate, type WebIsolate } from '../../runner/testing/web-isolate.ts';

let isolate: WebIsolate;
beforeAll(async () => {
  isolate = await openWebIsolate();
});
afterAll(() => isolate.close());

const TOOLS = `const bytes = (...list) => new Uint8Array(list);
  const through = async (stream, ...chunks) => { const body = new ReadableStream({ start(c) { for (const chunk of chunks) c.enqueue(chunk); c.close(); } }); return new Response(body.pipeThrough(stream)).bytes(); };
  const fails = (work) => work.then(() => 'done', (error) => error.name);`;

agreesWithNode(() => isolate, {
  'there and back, in every format': `${TOOLS} const results = []; const text = new TextEncoder().encode('ä'.repeat(40000) + Array.from({ length: 5000 }, (_, n) => n).join());
    for (const format of ['gzip', 'deflate', 'deflate-raw']) { const packed = await through(new CompressionStream(format), text.subarray(0, 7), text.buffer.slice(7)); const back = await through(new DecompressionStream(format), packed.subarray(0, 1), packed.subarray(1, 20), new Uint8Array(0), packed.subarray(20)); results.push(packed.length < 20000, back.length === text.length && back.every((byte, at) => byte === text[at])); } return results;`,
  'nothing at all': `${TOOLS} const packed = await through(new CompressionStream('gzip')); return [packed.length, (await through(new DecompressionStream('gzip'), packed)).length, await fails(through(new DecompressionStream('gzip')))];`,
  'broken, cut off, and followed by more': `${TOOLS} const results = []; for (const format of ['gzip', 'deflate']) { const packed = await through(new CompressionStream(format), bytes(1, 2, 3)); const altered = packed.slice(); altered[altered.length - (format === 'gzip' ? 8 : 1)] ^= 1;
    results.push(await fails(through(new DecompressionStream(format), altered)), await fails(through(new DecompressionStream(format), packed.subarray(0, -1))), await fails(through(new DecompressionStream(format), packed, bytes(7))), await fails(through(new DecompressionStream(format), bytes(9, 9, 9)))); } return results;`,
  'formats and chunks that are none': `${TOOLS} const refused = (make) => { try { make(); return 'made'; } catch (error) { return error.name; } };
    return [refused(() => new CompressionStream('zip')), refused(() => new DecompressionStream()), refused(() => CompressionStream('gzip')), await fails(through(new DecompressionStream('gzip'), 1)), String(new CompressionStream('gzip')), Object.keys(CompressionStream.prototype)];`,
});

test('text is no chunk (Compression section 4, step 1)', async () => {
  const body = `${TOOLS} return Promise.all([CompressionStream, DecompressionStream].map((Stream) => fails(through(new Stream('gzip'), 'text'))));`;
  expect(await isolate.run(body)).toEqual(['TypeError', 'TypeError']);
});

test('unpacks what others packed, however it is cut', async () => {
  const packed = fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), fc.nat(), async (data, cut) => {
    const list = [...gzipSync(Buffer.concat([data, data]), { level: 1 })];
    const at = cut % list.length;
    const found =
      await isolate.run(`const list = ${JSON.stringify(list)}; const stream = new DecompressionStream('gzip');
      const writer = stream.writable.getWriter(); void writer.write(new Uint8Array(list.slice(0, ${at}))); void writer.write(new Uint8Array(list.slice(${at}))); void writer.close();
      return [...await new Response(stream.readable).bytes()];`);
    expect(found).toEqual([...data, ...data]);
  });
  await fc.assert(packed, { numRuns: 20 });
});

test('what bursts is read no further than its reader wants', async () => {
  const list = [...gzipSync(Buffer.alloc(100_000_000))];
  const found =
    await isolate.run(`const packed = new Uint8Array(${JSON.stringify(list)}); let read = 0; let at = 0;
    const source = new ReadableStream({ pull(c) { if (at >= packed.length) return c.close(); c.enqueue(packed.slice(at, at += 64)); } }, { highWaterMark: 0 });
    for await (const chunk of source.pipeThrough(new DecompressionStream('gzip'))) { read += chunk.length; if (read > 1e6) break; } return [read > 1e6, at < packed.length / 10];`);
  expect(found).toEqual([true, true]);
});

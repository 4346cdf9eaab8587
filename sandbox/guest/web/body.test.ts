import { afterAll, beforeAll, expect, test } from 'vitest';
import { agreesWithNode } from '../../runner/testing/oracle.ts';
import { openWebIsolate, type WebIsolate } from '../../runner/testing/web-isolate.ts';

let isolate: WebIsolate;
beforeAll(async () => {
  isolate = await openWebIsolate();
});
afterAll(() => isolate.close());

const show = `const show = async (body) => [body.bodyUsed, body.headers.get('content-type'), await body.text(), body.bodyUsed];`;

agreesWithNode(() => isolate, {
  'generators are bodies': `const parts = async function* () { yield 'a\\ud800ü'; yield new Uint8Array([66]); }; const response = new Response(parts()); const other = { [Symbol.asyncIterator]: parts }; const broken = async function* () { yield 1; };
    return [response.headers.get('content-type'), await response.text(), await new Request('http://h', { method: 'POST', body: other, duplex: 'half' }).text(), await new Response(broken()).text().catch((error) => error.name), await new Response((function* () {})()).text()];`,
  'a generator is told when nobody reads on': `let ended = false; const endless = async function* () { try { for (;;) yield 'x'; } finally { ended = true; } }; const reader = new Response(endless()).body.getReader(); await reader.read(); await reader.cancel(); return ended;`,
  'bodies of every kind, with their types': `${show}
    const bodies = [null, undefined, '', 'é\\ud800', new Uint8Array([0x68, 0xff]), new Uint8Array([1, 65, 66]).subarray(1), new Uint8Array([65]).buffer,
      new Blob(['x', new Uint8Array([65])], { type: 'text/X' }), new URLSearchParams('a=1&b=é'), 12, { toString: () => 'own' }];
    return Promise.all(bodies.map((body) => show(new Response(body))));`,
  'a body is read once': `const response = new Response('x'); await response.text(); return response.text();`,
  'a body that was read cannot be cloned': `const response = new Response('x'); await response.text(); return response.clone();`,
  'an empty body can be read twice': `const response = new Response(); return [await response.text(), await response.text(), response.bodyUsed, response.body];`,
  'a locked body cannot be read': `const response = new Response('x'); response.body.getReader(); return response.text();`,
  'clone gives two readings': `const a = new Response('xyz', { status: 201, headers: { a: 'b' } }); const b = a.clone(); b.headers.set('a', 'c');
    return [await a.text(), await b.text(), b.status, a.headers.get('a')];`,
  'clone of a stream': `
    const stream = new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode('ab')); c.enqueue(new TextEncoder().encode('c')); c.close(); } });
    const a = new Response(stream); const b = a.clone(); return [await b.text(), await a.text()];`,
  'a clone of a stream has chunks of its own': `const chunk = new Uint8Array([1]), other = new Uint16Array([2]); const stream = new ReadableStream({ start(c) { c.enqueue(chunk); c.enqueue(other); c.close(); } }); const copy = new Response(stream).clone(); const reader = copy.body.getReader(); const [first, second] = [await reader.read(), await reader.read()]; return [first.value === chunk, [...first.value], second.value.buffer === other.buffer, [...second.value], (await reader.read()).done];`,
  'who cancels the clone of a stream, and its other half, ends the source': `let seen; const response = new Response(new ReadableStream({ cancel() { seen = 'ended'; } })); const copy = response.clone(); await Promise.all([copy.body.cancel(), response.body.cancel()]); return seen;`,
  'the stream of a body that is being read is locked': `const all = []; for (const how of ['text', 'blob', 'json', 'bytes']) { const response = new Response('1'); const reading = response[how](); try { response.body.getReader(); all.push('got'); } catch (error) { all.push(error.name); } await reading; all.push(response.body.locked, response.bodyUsed); } return all;`,
  'a form keeps its byte order mark': `const read = async (text) => [...await new Response(text, { headers: { 'content-type': 'application/x-www-form-urlencoded' } }).formData()]; return [await read('\ufefftest=\ufeff'), await read('a=1&&b'), await read('&'), await read('a=%ff')];`,
  duplex: `return ['half', undefined, 'full'].map((duplex) => { try { new Request('http://h', { method: 'POST', body: 'x', duplex }); return 'done'; } catch (error) { return error.name; } });`,
  'json, bytes, arrayBuffer, blob': `
    const make = () => new Response('{"a":[1]}', { headers: { 'content-type': 'application/json' } });
    return [await make().json(), [...await make().bytes()], (await make().arrayBuffer()).byteLength, (await make().blob()).type];`,
  'json of nonsense': `return new Response('{').json();`,
  'json of nothing': `return new Response().json();`,
  'json and text drop a byte order mark': `const bom = new Uint8Array([0xef, 0xbb, 0xbf, 0x31]); return [await new Response(bom).json(), await new Response(bom).text(), await new Response('\\ufeff1').text()];`,
  'the stream of a body': `const response = new Response('héllo'); const chunks = [];
    for await (const chunk of response.body) chunks.push(...chunk); return [chunks, response.bodyUsed];`,
  'a stream with a chunk that is no bytes': `return new Response(new ReadableStream({ start(c) { c.enqueue('text'); c.close(); } })).text();`,
  'a stream that fails': `return new Response(new ReadableStream({ pull() { throw new RangeError('x'); } })).text();`,
  statuses: `return [199, 200, 599, 600, 0, 65736, NaN, '204'].map((status) => { try { return new Response(null, { status }).status; } catch (error) { return error.name; } });`,
  'statuses without a body': `return [101, 204, 205, 304].map((status) => { try { return new Response('', { status }).status; } catch (error) { return error.name; } });`,
  'a status text with a line break': `return new Response('', { statusText: 'a\\r\\nb' });`,
  'a status text above Latin-1': `return new Response('', { statusText: '€' });`,
  'Response.json': `const r = Response.json({ a: 'é' }, { status: 201, headers: { x: 'y' } }); return [r.status, [...r.headers], await r.text(), r.ok];`,
  'Response.json keeps a given type': `return [...Response.json(1, { headers: { 'Content-Type': 'a/b' } }).headers];`,
  'Response.json of what has no JSON': `return Response.json(undefined);`,
  'Response.json of a cycle': `const a = {}; a.a = a; return Response.json(a);`,
  'Response.redirect': `const r = Response.redirect('https://h/ä', 308); return [r.status, [...r.headers], r.body];`,
  'Response.redirect with a wrong status': `return Response.redirect('https://h/', 200);`,
  'Response.redirect with a relative URL': `return Response.redirect('/x');`,
  'Response.error': `const r = Response.error(); return [r.type, r.status, r.ok, r.body];`,
  'a foreign object is no Response': `return Object.getOwnPropertyDescriptor(Response.prototype, 'status').get.call({});`,
  'text() of a foreign object rejects': `return Response.prototype.text.call({});`,
  'class strings': `return [String(new Response()), String(new Request('http://h')), Response.name, Request.name];`,
});

agreesWithNode(() => isolate, {
  'a request and its defaults': `const r = new Request('HTTP://h:80/a b?c#d');
    return ['method', 'url', 'redirect', 'mode', 'credentials', 'cache', 'referrer', 'referrerPolicy', 'integrity', 'keepalive', 'destination', 'bodyUsed', 'body'].map((name) => r[name]);`,
  methods: `return ['get', 'pOsT', 'patch', 'CHICKEN', 'a b', 'connect', 'TRACE', ''].map((method) => { try { return new Request('http://h', { method }).method; } catch (error) { return error.name; } });`,
  'a GET with a body': `return new Request('http://h', { body: 'x' });`,
  'a body and its type': `const r = new Request('http://h', { method: 'POST', body: 'x', headers: { a: 'b' } }); return [[...r.headers], await r.text()];`,
  'a relative URL': `return new Request('/x');`,
  'a URL with credentials': `return new Request('http://u:p@h/');`,
  'a request from a request takes its body': `const a = new Request('http://h', { method: 'POST', body: 'x' }); const b = new Request(a, { headers: { c: 'd' } });
    return [a.bodyUsed, await b.text(), b.method, [...b.headers].length];`,
  'a used request gives no body': `const a = new Request('http://h', { method: 'POST', body: 'x' }); await a.text(); return new Request(a);`,
  'a used request with a new body': `const a = new Request('http://h', { method: 'POST', body: 'x' }); await a.text(); return new Request(a, { body: 'y' }).text();`,
  'a stream needs duplex': `return new Request('http://h', { method: 'POST', body: new ReadableStream() });`,
  'a stream with duplex': `return new Request('http://h', { method: 'POST', duplex: 'half', body: new ReadableStream({ start(c) { c.enqueue(new Uint8Array([65])); c.close(); } }) }).text();`,
  'a wrong redirect mode': `return new Request('http://h', { redirect: 'x' });`,
  'a wrong signal': `return new Request('http://h', { signal: {} });`,
  'the signal follows': `const c = new AbortController(); const r = new Request('http://h', { signal: c.signal }); const copy = r.clone(); c.abort('why'); return [r.signal.aborted, r.signal.reason, copy.signal.aborted, r.signal === c.signal];`,
  'a signal that was aborted before': `return new Request('http://h', { signal: AbortSignal.abort('x') }).signal.reason;`,
});

agreesWithNode(() => isolate, {
  'multipart goes out and comes back': `
    const form = new FormData(); form.append('a"\\r\\nb', 'x\\ny'); form.append('f', new File(['\\r\\n--x', new Uint8Array([255, 0])], 'ä".txt', { type: 'text/x' })); form.append('f', new Blob(['b']));
    const response = new Response(form); const type = response.headers.get('content-type');
    const back = await response.formData();
    return [type.startsWith('multipart/form-data; boundary='), await Promise.all([...back].map(async ([name, value]) => [name, typeof value === 'string' ? value : [value.name, value.type, [...await value.bytes()]]]))];`,
  'multipart without its end': `return new Response('--B\\r\\nContent-Disposition: form-data; name="a"\\r\\n\\r\\nx', { headers: { 'content-type': 'multipart/form-data; boundary=B' } }).formData();`,
  'multipart without a boundary': `return new Response('x', { headers: { 'content-type': 'multipart/form-data' } }).formData();`,
  'a form in URL encoding': `return [...await new Response('a=1&a=%C3%A9+x', { headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' } }).formData()];`,
  'formData of JSON': `return Response.json({}).formData();`,
  'FormData keeps order and replaces': `
    const form = new FormData(); form.append('a', 1); form.append('b', '2'); form.append('a', '3'); form.set('a', '4'); form.delete('none');
    return [[...form], form.getAll('a'), form.has('b'), form.get('none'), [...form.keys()]];`,
  'FormData refuses a file name for text': `new FormData().append('a', 'b', 'c');`,
  'Blob slices': `const blob = new Blob(['hello', new Blob([' world'])], { type: 'T/x' }); return [blob.size, await blob.slice(-5, -1).text(), await blob.slice(3, 1).text(), blob.slice(0, 2, 'a/b').type, blob.type];`,
  'Blob of a string': `return new Blob('abc');`,
  File: `const file = new File(['x'], 'n', { lastModified: 5 }); return [file.name, file.lastModified, file.size, file instanceof Blob, String(file)];`,
  'Blob as a stream': `const parts = []; for await (const part of new Blob(['x'.repeat(200000)]).stream()) parts.push(part.length); return parts.reduce((a, b) => a + b);`,
});

test('multipart is read as other clients write it', async () => {
  const body = [
    '--B  ',
    'content-disposition: form-data; name=plain',
    '',
    'v',
    '--B',
    'Content-Type: text/y',
    'Content-Disposition: form-data; name="f"; filename="a\\"b"',
    '',
    '',
    '--B--',
    'epilogue',
  ].join('\r\n');
  expect(
    await isolate.run(`
      const type = 'Multipart/Form-Data; charset=x; boundary="B"';
      const form = await new Response(${JSON.stringify(body)}, { headers: { 'content-type': type } }).formData();
      const file = form.get('f');
      return [form.get('plain'), file.name, file.type, file.size];`),
  ).toEqual(['v', 'a"b', 'text/y', 0]);
});

test('a response body is read for the host at once, and a stream up to its limit', async () => {
  expect(
    await isolate.run(`
      const direct = testing.readResponse(Response.json({ a: 'é' }), 100);
      const endless = new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(1000)); }, cancel() { console.log('canceled'); } });
      return [direct, await testing.readResponse(new Response(endless), 5000), testing.readResponse(new Response('123456'), 5)];`),
  ).toEqual([
    { status: 200, headers: [['content-type', 'application/json']], body: '{"a":"\u00c3\u00a9"}' },
    'tooLarge',
    'tooLarge',
  ]);
  expect(isolate.lines).toContain('info canceled');
});

test.each([
  [
    'an object that looks like a Response',
    `testing.readResponse({ status: 200, headers: new Headers(), body: null }, 9)`,
  ],
  ['a Response that was read', `const r = new Response('x'); await r.text(); testing.readResponse(r, 9)`],
  ['a network error', `testing.readResponse(Response.error(), 9)`],
  ['undefined', `testing.readResponse(undefined, 9)`],
])('%s is no answer', async (_name, body) => {
  await expect(isolate.run(body)).rejects.toThrow('TypeError');
});

// URL section 5.1, "parse"; Node takes the mark away.
test('a form that begins with a question mark keeps it', async () => {
  const body = `const headers = { 'content-type': 'application/x-www-form-urlencoded' }; return [...await new Response('?a=1', { headers }).formData()];`;
  expect(await isolate.run(body)).toEqual([['?a', '1']]);
});

test('built-ins that the guest replaced do not change what the host reads', async () => {
  const own = await openWebIsolate();
  own.load(`
    Array.prototype.push = String.prototype.toLowerCase = () => 'x';
    RegExp.prototype.exec = () => null; Promise.prototype.then = undefined; JSON.stringify = () => 'forged';
    Object.prototype.status = 500;
    globalThis.answer = testing.readResponse(new Response('ä', { status: 201, headers: { 'X-Y': 'z' } }), 9);`);
  own.load(
    `if (answer.status !== 201 || answer.body !== 'Ã¤' || answer.headers[0][0] !== 'x-y') throw new TypeError('changed');`,
  );
  own.close();
});

/** Channels and the events that carry something, held against Node's own. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agreesWithNode } from '../../runner/testing/oracle.ts';
import { openWebIsolate, type WebIsolate } from '../../runner/testing/web-isolate.ts';

let isolate: WebIsolate;
beforeAll(async () => {
  isolate = await openWebIsolate();
});
afterAll(() => isolate.close());

const TOOLS = `const { port1, port2 } = new MessageChannel(); const refused = (run) => { try { run(); return 'done'; } catch (error) { return error.name; } };
  const heard = (port, count) => new Promise((resolve) => { const all = []; port.onmessage = (event) => { all.push(event.data); if (all.length === count) { port.close(); resolve(all); } }; });`;

agreesWithNode(() => isolate, {
  'messages arrive in order, as copies, in a later task': `${TOOLS} const sent = { a: [1], when: new Date(0) }; const order = []; port1.postMessage(sent); sent.a.push(2); port1.postMessage('b'); port1.postMessage(undefined);
    const all = heard(port2, 3); queueMicrotask(() => order.push('microtask')); const got = await all.then((list) => { order.push('message'); return list; }); return [got.map(String), got[0].a, got[0].when instanceof Date, order];`,
  'buffers move when asked': `${TOOLS} const first = new Uint8Array([1, 2]), second = new Uint8Array([3]); port1.postMessage(first, [first.buffer]); port1.postMessage(second, { transfer: [second.buffer] }); const got = await heard(port2, 2); return [first.length, second.length, got.map((view) => [...view])];`,
  'what cannot be copied is refused': `${TOOLS} const result = [refused(() => port1.postMessage(() => {})), refused(() => port1.postMessage()), refused(() => port1.postMessage(1, [1])), refused(() => new MessagePort())]; port1.close(); return result;`,
  'both ends speak': `${TOOLS} port2.onmessage = ({ data }) => port2.postMessage(data + 1); port1.postMessage(1); return heard(port1, 1);`,
  'a closed port is silent': `${TOOLS} port1.close(); port1.postMessage(1); port2.postMessage(2); return 'nothing happens';`,
  'what an event of a message has': `const event = new MessageEvent('message', { data: { a: 1 }, origin: 'https://a', lastEventId: 'x' }); return [event.data, event.origin, event.lastEventId, event.source, event.ports.length, event.type, event instanceof Event, new MessageEvent('x').data, String(event)];`,
});

test('listeners hear once the port is started (HTML section 9.4.4)', async () => {
  const body = `${TOOLS} const seen = []; port2.addEventListener('message', (event) => seen.push([event.data, event.type, event.target === port2])); port1.postMessage(1);
    await new Promise((resolve) => setTimeout(resolve, 1)); const before = seen.length; port2.start(); await new Promise((resolve) => port2.addEventListener('message', resolve)); return [before, seen];`;
  expect(await isolate.run(body)).toEqual([0, [[1, 'message', true]]]);
});

test('what events of errors and rejections have (HTML section 8.1.4)', async () => {
  const found = await isolate.run(`const error = new RangeError('x'); const promise = Promise.resolve(1);
    const failed = new ErrorEvent('error', { error, message: 'm', filename: 'f', lineno: 3, colno: 4, cancelable: true });
    const rejected = new PromiseRejectionEvent('unhandledrejection', { promise, reason: error }); let refused = '';
    try { new PromiseRejectionEvent('x', {}); } catch (thrown) { refused = thrown.name; }
    return [failed.error === error, failed.message, failed.filename, failed.lineno, failed.colno, failed.cancelable, String(failed), rejected.promise === promise, rejected.reason === error, String(rejected), refused];`);
  expect(found).toEqual([
    true,
    'm',
    'f',
    3,
    4,
    true,
    '[object ErrorEvent]',
    true,
    true,
    '[object PromiseRejectionEvent]',
    'TypeError',
  ]);
});

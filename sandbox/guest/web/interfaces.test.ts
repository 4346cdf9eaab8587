/** What Web IDL asks of every interface, held against Node's own: lengths, constants, receivers, constructors. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agreesWithNode } from '../../runner/testing/oracle.ts';
import { openWebIsolate, type WebIsolate } from '../../runner/testing/web-isolate.ts';

let isolate: WebIsolate;
beforeAll(async () => {
  isolate = await openWebIsolate();
});
afterAll(() => isolate.close());

const NAMES = [
  'AbortController',
  'Blob',
  'CryptoKey',
  'CustomEvent',
  'DOMException',
  'Event',
  'EventTarget',
  'File',
  'FormData',
  'Headers',
  'MessageChannel',
  'MessageEvent',
  'MessagePort',
  'ReadableStream',
  'Request',
  'Response',
  'SubtleCrypto',
  'TextDecoder',
  'TextEncoder',
  'TransformStream',
  'URL',
  'URLSearchParams',
  'WritableStream',
];
/** Members of which the list knows, as Node has some of its own beside them. */
const MEMBERS = `append set forEach slice text decode encode encodeInto addEventListener removeEventListener dispatchEvent
  initEvent deriveBits digest importKey getReader pipeTo tee cancel abort getWriter clone json delete has get sort`;
const TOOLS = `const refused = (run) => { try { run(); return 'done'; } catch (error) { return error.name; } };`;

agreesWithNode(() => isolate, {
  '3.6 how many arguments classes and operations need': `const members = ${JSON.stringify(MEMBERS)}.split(/\\s+/);
    return ${JSON.stringify(NAMES)}.map((name) => [name, globalThis[name].length, ...members.filter((member) => typeof Object.getOwnPropertyDescriptor(globalThis[name].prototype, member)?.value === 'function').map((member) => [member, globalThis[name].prototype[member].length])]);`,
  '3.7.5 constants are on the class, on its prototype, and stay': `
    const all = [DOMException, DOMException.prototype, Event].map((owner) => Object.entries(Object.getOwnPropertyDescriptors(owner)).filter(([name]) => /^[A-Z_]+$/.test(name)).map(([name, { value, writable, configurable, enumerable }]) => [name, value, writable, configurable, enumerable]).sort());
    return [all, new DOMException('', 'AbortError').code === DOMException.ABORT_ERR];`,
  '3.7.7 operations of another receiver': `${TOOLS} const { getRandomValues, randomUUID } = crypto, { now } = performance;
    return [() => getRandomValues(new Uint8Array(1)), () => randomUUID(), () => now(), () => TextEncoder.prototype.encode.call({}), () => TextEncoder.prototype.encoding, () => EventTarget.prototype.addEventListener.call({}, 'x', null), () => Performance.prototype.now(), () => Crypto.prototype.subtle].map(refused);`,
  '3.7.1 what cannot be constructed': `${TOOLS} return [Crypto, SubtleCrypto, CryptoKey, Performance, AbortSignal, MessagePort].map((Type) => [refused(() => new Type()), refused(() => Type())]);`,
  '3.2.17 arguments from left to right, members of a dictionary by name': `const order = []; const told = (name) => ({ get [name]() { order.push(name); return undefined; } });
    const options = Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(told('type')), ...Object.getOwnPropertyDescriptors(told('endings')) }); new Blob([{ toString: () => { order.push('part'); return ''; } }], options); return order;`,
  '4.4 QuotaExceededError': `${TOOLS} const error = new QuotaExceededError('m', { quota: 1, requested: 2 }), copy = structuredClone(error); let thrown; try { crypto.getRandomValues(new Uint8Array(65537)); } catch (found) { thrown = found; }
    return [error instanceof DOMException, error.name, error.code, error.message, copy instanceof QuotaExceededError, copy.quota, copy.requested, new QuotaExceededError().quota, QuotaExceededError.length, thrown.constructor === QuotaExceededError, thrown.name,
      [{ quota: -1 }, { quota: NaN }, { requested: -1 }, { quota: 3, requested: 2 }, { quota: 2, requested: 2 }, { quota: 'x' }, null].map((options) => refused(() => new QuotaExceededError('', options)))];`,
  'instances and their classes': `return [performance instanceof Performance, crypto instanceof Crypto, crypto.subtle instanceof SubtleCrypto, Object.prototype.toString.call(performance)];`,
});

// Node has them on the class alone.
test('3.7.5 constants of Event are on its prototype', async () => {
  const program = `return [Event.prototype.AT_TARGET, new Event('x').BUBBLING_PHASE, Object.getOwnPropertyDescriptor(Event.prototype, 'NONE')];`;
  const none = { value: 0, writable: false, enumerable: true, configurable: false };
  expect(await isolate.run(program)).toEqual([2, 3, none]);
});

// Web IDL section 3.2.26, "get a copy of the bytes held"; Node refuses some.
test('a buffer that was transferred has no bytes', async () => {
  const program = `const gone = (view) => { (view.buffer ?? view).transfer(); return view; };
    return [new TextDecoder().decode(gone(new Uint8Array(2))), new TextDecoder().decode(gone(new ArrayBuffer(2))), new TextDecoder().decode(gone(new DataView(new ArrayBuffer(2)))), await new Response(gone(new Uint8Array(3))).text(), new Blob([gone(new Uint8Array(3)), 'a']).size];`;
  expect(await isolate.run(program)).toEqual(['', '', '', '', 1]);
});

import { afterAll, beforeAll } from 'vitest';
import { agreesWithNode } from '../../runner/testing/oracle.ts';
import { openWebIsolate, type WebIsolate } from '../../runner/testing/web-isolate.ts';

let isolate: WebIsolate;
beforeAll(async () => {
  isolate = await openWebIsolate();
});
afterAll(() => isolate.close());

agreesWithNode(() => isolate, {
  'values of every cloneable kind': `
    const shared = { s: 1 }; const value = { a: [1, , 3], d: new Date(5), r: /x/gi, m: new Map([[shared, new Set([shared])]]), n: null, u: undefined, b: 10n > 1, o: Object('x'), big: new Uint16Array([1, 2, 300]).subarray(1), e: new RangeError('m', { cause: shared }), p: shared };
    value.self = value; Object.defineProperty(value, '__proto__', { value: { polluted: 1 }, enumerable: true });
    const copy = structuredClone(value);
    return [copy.self === copy, 1 in copy.a, copy.a.length, copy.d.getTime(), String(copy.r), [...copy.m][0][0] === copy.p, [...copy.m][0][1].has(copy.p), copy.o instanceof String, [...copy.big], copy.big.buffer.byteLength,
      copy.e instanceof RangeError, copy.e.message, copy.e.cause === copy.p, copy.p !== shared, Object.getPrototypeOf(copy) === Object.prototype, Object.hasOwn(copy, '__proto__'), copy.polluted];`,
  'views of one buffer stay views of one buffer': `const buffer = new ArrayBuffer(4); const [a, b] = structuredClone([new Uint8Array(buffer), new DataView(buffer, 2)]); a[2] = 7; return [b.getUint8(0), b.byteLength];`,
  'a function': `structuredClone({ f() {} });`,
  'a symbol': `structuredClone(Symbol());`,
  'a promise': `structuredClone(Promise.resolve());`,
  'a WeakMap': `structuredClone(new WeakMap());`,
  'a getter is read': `return structuredClone({ get a() { return 1; } });`,
  'a getter that throws': `structuredClone({ get a() { throw new RangeError('x'); } });`,
  'class instances become plain': `class A { x = 1; get y() { return 2; } } const copy = structuredClone(new A()); return [copy, copy.constructor === Object];`,
  'a transferred buffer is detached': `const buffer = new Uint8Array([1, 2]).buffer; const copy = structuredClone({ buffer }, { transfer: [buffer] }); return [buffer.byteLength, copy.buffer.byteLength];`,
  'transferring twice': `const buffer = new ArrayBuffer(1); structuredClone(buffer, { transfer: [buffer, buffer] });`,
  'transferring a plain object': `structuredClone({}, { transfer: [{}] });`,
  'a forged class string': `return structuredClone({ [Symbol.toStringTag]: 'Date', a: 1 });`,
  blobs: `const copy = structuredClone(new Blob(['x'], { type: 'a/b' })); return [copy.type, await copy.text()];`,
});

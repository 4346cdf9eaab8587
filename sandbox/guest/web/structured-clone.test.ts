import { afterAll, beforeAll, expect, test } from 'vitest';
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
  'a DOMException': `const copy = structuredClone(new DOMException('m', 'AbortError')); return [copy instanceof DOMException, copy.name, copy.message, copy.code];`,
  'a key': `const key = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']); const copy = structuredClone(key); return [copy instanceof CryptoKey, copy === key, copy.extractable, copy.usages, (await crypto.subtle.sign('HMAC', copy, new Uint8Array(2))).byteLength];`,
  'views out of the bounds of a buffer that has shrunk': `return [Uint8Array, DataView].map((View) => { const buffer = new ArrayBuffer(8, { maxByteLength: 16 }); const view = new View(buffer, 4, 4); buffer.resize(2); try { structuredClone(view); return 'done'; } catch (error) { return error.name; } });`,
  'a view of a buffer that was transferred': `const view = new Uint8Array(2); view.buffer.transfer(); structuredClone(view);`,
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
  'HTML 2.7.3 primitives, and their objects': `const values = [undefined, null, true, -0, NaN, Infinity, 2n ** 70n, '\\ud800', Object(1), Object(false), Object(3n)]; const copies = structuredClone(values);
    return copies.map((copy, index) => [typeof copy, Object.is(copy, values[index]), Object.prototype.toString.call(copy), String(copy)]);`,
  'HTML 2.7.3 dates and expressions': `const expression = /a(b)/dgimsuy; expression.lastIndex = 3; const [invalid, copy] = structuredClone([new Date(NaN), expression]); return [Number.isNaN(invalid.getTime()), copy.source, copy.flags, copy.lastIndex];`,
  'HTML 2.7.3 arrays keep holes, length and named members': `const list = [1, , 3]; list.length = 5; list.name = 'x'; const copy = structuredClone(list); return [copy.length, Object.keys(copy), 1 in copy];`,
  'HTML 2.7.3 only own enumerable members with names of text': `const object = Object.create({ inherited: 1 }, { hidden: { value: 1 }, shown: { value: 2, enumerable: true } }); object[Symbol('s')] = 3; return structuredClone(object);`,
  'HTML 2.7.3 maps and sets by what they held at first': `const map = new Map([['a', 1]]); map.own = 1; map.set('self', map); const copy = structuredClone(map); return [copy.get('self') === copy, copy.own, [...structuredClone(new Set([1, '1', NaN]))].length];`,
  'HTML 2.7.3 errors by their own kinds': `class Own extends TypeError {} return [new Own('a'), new EvalError('b'), new URIError('c'), Object.assign(new Error('d'), { name: 'Custom', extra: 1 }), new AggregateError([1], 'e')].map((error) => { const copy = structuredClone(error); return [copy.name, copy.message, Object.getPrototypeOf(copy).name, copy.extra, typeof copy.stack]; });`,
  'HTML 2.7.7 a view goes with its buffer': `const view = new Uint8Array([1, 2, 3]).subarray(1); const other = new ArrayBuffer(4); const copy = structuredClone({ view, list: [view, view.buffer] }, { transfer: [view.buffer, other] }); return [view.length, other.byteLength, [...copy.view], copy.view.byteOffset, copy.list[0] === copy.view, copy.list[1] === copy.view.buffer];`,
  'HTML 2.7.7 nothing moves when cloning fails': `const buffer = new ArrayBuffer(4); const refused = (run) => { try { run(); return 'done'; } catch (error) { return error.name; } }; const gone = new ArrayBuffer(1); structuredClone(gone, { transfer: [gone] });
    return [refused(() => structuredClone({ buffer, f() {} }, { transfer: [buffer] })), buffer.byteLength, refused(() => structuredClone(1, { transfer: [gone] })), refused(() => structuredClone(1, { transfer: [buffer, buffer] })), buffer.byteLength];`,
  'HTML 2.7.3 views of every kind': `return [Int8Array, Uint8ClampedArray, Int16Array, Float16Array, Float32Array, Float64Array, BigInt64Array].map((View) => { const copy = structuredClone(new View(3)); return [copy.constructor === View, copy.length, copy.buffer.byteLength]; });`,
  'HTML 2.7.3 buffers that can grow': `const buffer = new ArrayBuffer(2, { maxByteLength: 8 }); const copy = structuredClone(buffer); copy.resize(4); return [copy.byteLength, copy.maxByteLength, buffer.byteLength];`,
  'HTML 2.7.3 a detached buffer': `const buffer = new ArrayBuffer(2); structuredClone(buffer, { transfer: [buffer] }); structuredClone(buffer);`,
  'HTML 2.7.9 transferring a detached buffer': `const buffer = new ArrayBuffer(2); const options = { transfer: [buffer] }; structuredClone(buffer, options); structuredClone(1, options);`,
  'HTML 2.7.3 a generator': `structuredClone((function* () {})());`,
  'HTML 2.7.3 a getter that removes what comes after it': `const object = { get a() { delete object.b; return 1; }, b: 2 }; return structuredClone(object);`,
  'HTML 2.7.3 the order of members': `return Object.keys(structuredClone({ b: 1, 2: 1, a: 1, 1: 1 }));`,
  'HTML 2.7.10 no value, and options that are none': `return [() => structuredClone(), () => structuredClone(1, 1), () => structuredClone(1, { transfer: 1 }), () => structuredClone(1, null), () => structuredClone(1, undefined)].map((run) => { try { return [run()]; } catch (error) { return error.name; } });`,
  'deep nesting': `let value = 1; for (let depth = 0; depth < 500; depth += 1) value = [value]; let copy = structuredClone(value), depth = 0; while (Array.isArray(copy)) { copy = copy[0]; depth += 1; } return depth;`,
  blobs: `const copy = structuredClone(new Blob(['x'], { type: 'a/b' })); return [copy.type, await copy.text()];`,
});

// HTML section 2.7.3, step 20; Node copies some of them as if they were plain.
test('what the platform made and nobody can copy', async () => {
  const program = `return [() => new EventTarget(), () => new MessageChannel(), () => [][Symbol.iterator](), () => new Map().entries(), () => new CompressionStream('gzip'), () => new CustomEvent('x')].map((make) => { try { structuredClone(make()); return 'done'; } catch (error) { return error.name; } });`;
  expect(await isolate.run(program)).toEqual(Array.from({ length: 6 }, () => 'DataCloneError'));
});

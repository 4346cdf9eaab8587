import { afterAll, beforeAll, expect, test } from 'vitest';
import { agreesWithNode } from '../../runner/testing/oracle.ts';
import { openWebIsolate, type WebIsolate } from '../../runner/testing/web-isolate.ts';

let isolate: WebIsolate;
beforeAll(async () => {
  isolate = await openWebIsolate();
});
afterAll(() => isolate.close());

agreesWithNode(() => isolate, {
  'names fold their case, values are trimmed, repeated names combine': `
    const headers = new Headers([['X-B', ' 1\\t'], ['a', '2'], ['x-b', '3']]);
    return [[...headers], headers.get('X-B'), headers.has('A'), headers.get('none')];`,
  'each Set-Cookie stays its own': `
    const headers = new Headers({ 'Set-Cookie': 'a=1' }); headers.append('set-cookie', 'b=2'); headers.append('x', 'y');
    return [[...headers], headers.getSetCookie(), headers.get('set-cookie')];`,
  'set replaces all values in the first place': `
    const headers = new Headers([['a', '1'], ['b', '2'], ['a', '3']]); headers.set('A', '4'); headers.delete('none'); return [...headers];`,
  'iteration is live and sorted': `
    const headers = new Headers([['b', '1'], ['a', '2']]); const seen = [];
    for (const [name] of headers) { seen.push(name); if (name === 'a') headers.append('c', '3'); } return seen;`,
  'keys, values, entries and forEach agree': `
    const headers = new Headers({ b: '1', a: '2' }); const each = []; headers.forEach((value, name) => each.push([name, value]));
    return [[...headers.keys()], [...headers.values()], [...headers.entries()], each];`,
  'a value with a line break inside': `return new Headers({ a: 'x\\r\\nSet-Cookie: y' });`,
  'a value with a line break at its end is trimmed': `return new Headers({ a: 'x\\r\\n' }).get('a');`,
  'a value with NUL': `return new Headers({ a: 'x\\0y' });`,
  'a value above Latin-1': `return new Headers({ a: '€' });`,
  'the last of Latin-1, and what lies above it': `
    return ['\\xff', '\\u0100', '\\uffff', '\\ud800'].map((value) => { try { return new Headers({ a: value }).get('a'); } catch (error) { return error.name; } });`,
  'a name with a space': `return new Headers({ 'a b': 'x' });`,
  'an empty name': `return new Headers([['', 'x']]);`,
  'a name with a line break': `new Headers().append('a\\r\\nb', 'x');`,
  'a name __proto__ and constructor': `const headers = new Headers([['__proto__', 'x'], ['constructor', 'y']]); return [headers.get('__proto__'), [...headers]];`,
  'a pair whose value is undefined': `return new Headers([['a', undefined]]).get('a');`,
  'Headers that iterate in a way of their own': `const headers = new Headers({ a: '1' }); headers[Symbol.iterator] = function* () { yield ['b', '2']; }; return [...new Headers(headers)];`,
  'each member is converted as it is read': `const order = []; const init = new Proxy({ a: '\uffff', b: '2' }, { get: (target, key) => { order.push(String(key)); return target[key]; } }); try { new Headers(init); } catch (error) { order.push(error.name); } return order;`,
  'a pair of one': `return new Headers([['a']]);`,
  'a string is no initial value': `return new Headers('a: b');`,
  'headers of a copied Headers are its own': `const a = new Headers({ x: '1' }); const b = new Headers(a); b.set('x', '2'); return a.get('x');`,
  'a foreign object has no headers': `return Headers.prototype.get.call({}, 'a');`,
  'class strings and enumerability': `
    return [String(new Headers()), Object.keys(Headers.prototype).sort(), Object.prototype.toString.call(new Headers().entries())];`,
});

test('headers of the host answer are immutable', async () => {
  await expect(isolate.run(`Response.redirect('https://x/').headers.set('a', 'b');`)).rejects.toThrow(
    'TypeError',
  );
});

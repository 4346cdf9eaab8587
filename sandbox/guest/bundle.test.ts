import { join } from 'node:path';
import ivm from 'isolated-vm';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { POST } from './bridge.ts';
import { bundleGuest } from './bundle.ts';
import { PART_NAMES } from './web/part-names.ts';

const { script, parts } = await bundleGuest(join(import.meta.dirname, 'main.ts'));

let isolate: ivm.Isolate;
let context: ivm.Context;
/** The names of the parts that the runtime has asked for. */
let asked: string[];

beforeEach(() => {
  asked = [];
  isolate = new ivm.Isolate();
  context = isolate.createContextSync();
  context.evalSync(script);
  const post = new ivm.Callback((operation: number, _run: unknown, name: string) => {
    if (operation !== POST.part) return 1;
    asked.push(name);
    return parts[name];
  });
  context.evalClosureSync('soukBoot($0);', [post]);
});
afterEach(() => isolate.dispose());

test('what every plugin goes through asks for no part', () => {
  context.evalSync(
    `new Response('a', { headers: { b: 'c' } }); new Headers(); new TextEncoder().encode('é'); crypto.randomUUID; console.log('text');`,
  );
  expect(asked).toEqual([]);
});

test.each([
  ['URL', ['url']],
  ['AbortSignal', ['abort', 'event-target']],
  ['FormData', ['form-data', 'blob', 'url']],
  ['structuredClone', ['structured-clone', 'blob']],
  ['MessageChannel', ['message-channel', 'event-kinds', 'event-target', 'structured-clone', 'blob']],
  ['CryptoKey', ['crypto-key']],
  ['TextDecoder', ['text-decoder']],
  ['new TextDecoder("latin2")', ['text-decoder', 'legacy-encodings']],
  ['console.log({})', ['description']],
  ['new URL("https://a.example/é?b=%C3%A9").searchParams.get("b")', ['url']],
])('%s asks for its part and those that it stands on, once', (name, expected) => {
  context.evalSync(`${name}; ${name};`);
  expect(asked).toEqual(expected);
});

test('a part takes the classes of the runtime and of other parts: there is one of each', () => {
  const is = (expression: string): unknown => context.evalSync(expression);
  expect(is(`try { structuredClone(() => 1); } catch (error) { error instanceof DOMException }`)).toBe(true);
  expect(is(`new AbortController().signal instanceof EventTarget`)).toBe(true);
  expect(is(`structuredClone(new File(['a'], 'b')) instanceof File`)).toBe(true);
  expect(
    is(`new Request('https://a.example', { signal: AbortSignal.abort() }).signal instanceof AbortSignal`),
  ).toBe(true);
  expect(asked).toHaveLength(new Set(asked).size);
});

test('every part can be evaluated, and is reached from the global object, a log line, or what they name', () => {
  context.evalSync(
    `for (const name of Reflect.ownKeys(globalThis)) globalThis[name]; console.log({}); new TextDecoder('gbk').decode(); fetch('data:,x', { integrity: 'sha256-x' });`,
  );
  expect(asked.toSorted()).toEqual(PART_NAMES.toSorted());
});

test('parts are out of the script that every isolate holds, with the libraries behind them', () => {
  expect(Object.keys(parts).toSorted()).toEqual(PART_NAMES.toSorted());
  const partChars = Object.values(parts).reduce((sum, { length }) => sum + length, 0);
  expect(script.length).toBeLessThan(partChars / 3);
});

/** What authors are shown of the errors of their plugins: where each was made, and what it was made of. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { createTestBed } from '../testing/test-bed.ts';
import { createSandbox, type Sandbox } from './sandbox.ts';

const bed = createTestBed();
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await createSandbox(bed.options);
});
afterAll(() => sandbox.close());

/** Runs the lines as the body of `fetch`, the first as line 1 of the file. @returns the stack that is shown */
async function shown(...lines: string[]): Promise<string> {
  const code = `export default { async fetch(request, host) { ${lines.join('\n')}\n} };`;
  const completion = await sandbox.call(bed.get(bed.guest({ 'index.js': code }, { grants: [] })));
  if (completion.outcome === 'ok') return 'it answered';
  return completion.guestError?.stack ?? '';
}

/** @returns what was logged by a plugin that answers */
async function logged(...lines: string[]): Promise<string> {
  const before = bed.lines.length;
  expect(await shown(...lines, 'return new Response();')).toBe('it answered');
  return bed.lines
    .slice(before)
    .map(({ text }) => text)
    .join('\n');
}

const POSITION = /^ +at .*plugin:\/\/\/index\.js:2:\d+/mu;
const RUNTIME = 'souk:guest';

test.each([
  ['a permission that is not granted', "await host.kv.get('a');", 'PermissionDenied: '],
  [
    'a request that nobody here can send',
    "await fetch('https://example.org/');",
    'TypeError: this host has no http.fetch',
  ],
  ['an argument of the wrong form', 'await host.kv.get(5);', 'TypeError: '],
])('%s is shown where the host was asked', async (_what, line, begins) => {
  const stack = await shown('await 1;', line);
  expect(stack).toContain(begins);
  expect(stack).toMatch(POSITION);
  expect(stack).not.toContain(RUNTIME);
});

test('the plugin sees the same position', async () => {
  const text = await logged(';', "await host.kv.get('a').catch((error) => console.log(error.stack));");
  expect(text).toMatch(POSITION);
});

test('an error of a host call says no less where the plugin bends how stacks are written', async () => {
  const text = await logged(
    'Error.prepareStackTrace = () => { throw 1; };',
    "await host.kv.get('a').catch((error) => console.log(error.message, error.stack));",
  );
  expect(text).toContain('kv.get needs the permission kv');
});

test('causes and parts of an error are shown with it', async () => {
  const stack = await shown(
    "const parts = [new Error('one'), new Error('two')];",
    "throw new Error('outer', { cause: new AggregateError(parts, 'both', { cause: { why: 'so' } }) });",
  );
  const told = stack.split('\n').filter((line) => !/^ +at /u.test(line));
  expect(told).toEqual([
    'Error: outer',
    'Caused by: AggregateError: both',
    'One of them: Error: one',
    'One of them: Error: two',
    'Caused by: {"why":"so"}',
  ]);
});

test('an error that is its own cause is shown to a depth', async () => {
  const stack = await shown("const error = new Error('round');", 'error.cause = error; throw error;');
  expect(stack.split('Caused by: ').length).toBe(5);
});

test.each([
  ['console', "console.error(new Error('a', { cause: new TypeError('b') }), { more: 1 });"],
  ['host.log', "host.log.error(new Error('a', { cause: new TypeError('b') }), { more: 1 });"],
])('%s shows an error with its cause, and none of the runtime', async (_name, line) => {
  const text = await logged(';', line);
  expect(text).toMatch(POSITION);
  expect(text).toMatch(/^Caused by: TypeError: b$/mu);
  expect(text).toContain('more');
  expect(text).not.toContain(RUNTIME);
});

test('a rejection that nobody handles is shown where it was made', async () => {
  const text = await logged(';', "void (async () => { throw new RangeError('later'); })();");
  expect(text).toMatch(/^unhandled rejection: RangeError: later$/mu);
  expect(text).toMatch(POSITION);
});

test.each([
  ['return;', 'undefined'],
  ["return 'text';", 'a string'],
  ['return { status: 200 };', 'an object that is none'],
])('an answer that is no Response is said to be what it is: %s', async (line, what) => {
  expect(await shown(line)).toContain(`fetch must answer a Response, and has answered ${what}.`);
});

import { expect, test } from 'vitest';
import type { KvNamespace } from '../../spec/host/kv.ts';
import { batchReads, type KvRow } from './read-batches.ts';

const CLUB: KvNamespace = { orgId: 'club', installationId: 'one' };
const RIVAL: KvNamespace = { orgId: 'rival', installationId: 'one' };

type Statement = {
  readonly namespace: KvNamespace;
  readonly keys: readonly string[];
  answer(): void;
  fail(error: Error): void;
};

/** Statements wait until the test lets them end; each row tells whose it is. */
function open(): { read: ReturnType<typeof batchReads>; statements: Statement[] } {
  const statements: Statement[] = [];
  const read = batchReads((namespace, keys) => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly KvRow[]>();
    const rows = keys.map((key) => ({ key, value: `"${namespace.orgId} ${key}"`, version: '1' }));
    statements.push({ namespace, keys, answer: () => resolve(rows), fail: reject });
    return promise;
  });
  return { read, statements };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('reads of one turn go in one statement, and each gets its own rows', async () => {
  const { read, statements } = open();
  const answers = [read(CLUB, ['a']), read(CLUB, ['b', 'a']), read(CLUB, ['c'])];
  await turn();
  expect(statements.map(({ keys }) => keys)).toEqual([['a', 'b', 'c']]);
  statements[0]?.answer();
  const [first, second] = await Promise.all(answers);
  expect(first?.get('a')?.value).toBe('"club a"');
  expect(second?.get('b')?.value).toBe('"club b"');
});

test('what is asked while two statements are at work waits for one of them, and begins after it was asked', async () => {
  const { read, statements } = open();
  void read(CLUB, ['a']);
  await turn();
  void read(CLUB, ['b']);
  await turn();
  const late = [read(CLUB, ['a']), read(CLUB, ['d'])];
  await turn();
  expect(statements.map(({ keys }) => keys)).toEqual([['a'], ['b']]);
  statements[1]?.answer();
  await turn();
  // The statement that read `a` before is not asked to answer for it again.
  expect(statements.map(({ keys }) => keys)).toEqual([['a'], ['b'], ['a', 'd']]);
  statements[2]?.answer();
  await Promise.all(late);
});

test('organizations never share a statement, and do not wait for one another', async () => {
  const { read, statements } = open();
  const mine = [read(CLUB, ['a']), read(CLUB, ['b'])];
  const theirs = read(RIVAL, ['a']);
  await turn();
  expect(statements.map(({ namespace, keys }) => [namespace.orgId, keys])).toEqual([
    ['club', ['a', 'b']],
    ['rival', ['a']],
  ]);
  for (const statement of statements) statement.answer();
  expect((await theirs).get('a')?.value).toBe('"rival a"');
  expect((await mine[0])?.get('a')?.value).toBe('"club a"');
});

test('a statement takes no more keys than one call may', async () => {
  const { read, statements } = open();
  const keys = (from: number): string[] => Array.from({ length: 60 }, (_, index) => `key-${from + index}`);
  void read(CLUB, keys(0));
  void read(CLUB, keys(60));
  void read(CLUB, keys(120));
  await turn();
  expect(statements.map((statement) => statement.keys.length)).toEqual([60, 60]);
  statements[0]?.answer();
  await turn();
  expect(statements.map((statement) => statement.keys[0])).toEqual(['key-0', 'key-60', 'key-120']);
});

test('a failure reaches everybody who asked, and nobody after', async () => {
  const { read, statements } = open();
  const failing = Promise.allSettled([read(CLUB, ['a']), read(CLUB, ['b'])]);
  await turn();
  statements[0]?.fail(new Error('gone'));
  expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const next = read(CLUB, ['a']);
  await turn();
  statements[1]?.answer();
  expect((await next).get('a')?.value).toBe('"club a"');
});

test('installations that ask for nothing are forgotten, those that do are not', async () => {
  const { read, statements } = open();
  const pending = read(CLUB, ['a']);
  for (let index = 0; index < 2_500; index += 1) {
    const answer = read({ orgId: 'many', installationId: String(index) }, ['a']);
    await Promise.resolve();
    statements.at(-1)?.answer();
    await answer;
  }
  statements[0]?.answer();
  expect((await pending).get('a')?.value).toBe('"club a"');
});

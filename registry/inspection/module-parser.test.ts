import { parse } from 'acorn';
import { describe, expect, test } from 'vitest';
import { ModuleParser } from './module-parser.ts';

const OPTIONS = { ecmaVersion: 'latest', sourceType: 'module' } as const;

function outcome(run: () => unknown): string {
  try {
    return JSON.stringify(run());
  } catch (error) {
    return String(error);
  }
}

/** Enough names before each case that the lists have become sets. */
const MANY = Array.from({ length: 20 }, (_, at) => `let before${at};`).join('');

describe('scopes in sets judge as scopes in lists', () => {
  const sources = [
    'let a; let a;',
    'var a; var a;',
    'let a; var a;',
    'var a; let a;',
    'function f() {} let f;',
    'function f() {} var f;',
    '{ function f() {} function f() {} }',
    '{ function f() {} var f; }',
    'try {} catch (e) { var e; }',
    'try {} catch (e) { let e; }',
    'try {} catch ([e]) { var e; }',
    'function f(a) { let a; }',
    'function f(a) { var a; }',
    'export { later }; let later;',
    'export { never };',
    'export { a, a }; let a;',
    'import { a } from "x"; let a;',
    'class A {} class A {}',
    'let __proto__; let constructor; export { __proto__, constructor };',
    'export { toString };',
    'label: for (;;) { break label; }',
  ];
  test.each(sources)('%s', (source) => {
    for (const text of [source, MANY + source, `{ ${MANY} }${source}`])
      expect(outcome(() => ModuleParser.parse(text, OPTIONS))).toBe(outcome(() => parse(text, OPTIONS)));
  });
});

test('a module of 300,000 declarations is parsed', () => {
  const source = Array.from({ length: 300_000 }, (_, at) => `let a${at};`).join('');
  expect(ModuleParser.parse(source, OPTIONS).body).toHaveLength(300_000);
});

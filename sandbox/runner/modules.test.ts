import { expect, test } from 'vitest';

import { resolveSpecifier } from './modules.ts';

test.each([
  ['./b.js', 'a.js', 'b.js'],
  ['./b.js', 'lib/a.js', 'lib/b.js'],
  ['../b.js', 'lib/a.js', 'b.js'],
  ['./c/./d//e.js', 'a.js', 'c/d/e.js'],
])('%s imported by %s is %s', (specifier, importer, path) => {
  expect(resolveSpecifier(specifier, importer)).toBe(path);
});

test.each([
  '../b.js',
  './../../b.js',
  'node:fs',
  'fs',
  '/etc/passwd',
  'file:///etc/passwd',
  'https://a.test/b.js',
  '..',
  '',
])('the specifier %s leads nowhere', (specifier) => {
  expect(() => resolveSpecifier(specifier, 'a.js')).toThrow(
    expect.objectContaining({ code: 'plugin_load_failed' }),
  );
});

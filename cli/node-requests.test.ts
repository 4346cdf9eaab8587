/** Which code asks for a module of Node as it loads, and which only where it may never run. */
import { expect, test } from 'vitest';
import { asksLate } from './node-requests.ts';

test.each([
  ["function read() { return require('fs'); }"],
  ["async function read() { return (await import('fs')).default; }"],
  ["const read = () => require('fs');"],
  ["class Reader { read() { return require('fs'); } }"],
  ["if (typeof process === 'object') { var fs = require('fs'); }"],
  ["const fs = isNode ? require('fs') : undefined;"],
  ["const fs = isNode && require('fs');"],
  ["switch (kind) { case 'node': require('fs'); }"],
  ["let fs; try { fs = require('fs'); } catch {}"],
  [
    "(function (root, factory) { factory(exports); })(this, function (exports) { exports.read = function () { return require('fs'); }; });",
  ],
  ["with (scope) { read = () => require('fs'); }"],
])('late: %s', (source) => {
  expect(asksLate(source, 'fs')).toBe(true);
});

test.each([
  ["const fs = require('fs');"],
  ["const { readFile } = await import('fs');"],
  ["function read() { return require('fs'); } require('fs');"],
  ["(function () { require('fs'); })();"],
  ["(() => { require('fs'); })();"],
  ["(function () { require('fs'); }).call(this);"],
  ["define(['fs'], function () { require('fs'); });"],
  ["typeof exports === 'object' ? factory(exports, require('fs')) : factory(globalThis.x, undefined);"],
  ["if (typeof module !== 'undefined' && module.exports) module.exports = factory(require('fs'));"],
  ["try { run(); } finally { require('fs'); }"],
  ['const fs: Files = require("fs");'],
  ["require('path');"],
])('as it loads, or not at all: %s', (source) => {
  expect(asksLate(source, 'fs')).toBe(false);
});

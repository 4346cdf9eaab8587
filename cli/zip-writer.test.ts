import * as fc from 'fast-check';
import { loadAsync } from 'jszip';
import { expect, test } from 'vitest';
import { readPackage } from '../registry/package/index.ts';
import { sha256Hex } from '../signing/index.ts';
import { writeZip } from './zip-writer.ts';

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

test('property: the gate of the server reads back what was written, in any order of the same bytes', () => {
  // With a sign that no name of a device on Windows has.
  const name = fc.stringMatching(/^[a-bé]{1,3}[a-z0-9]{0,7}_$/u);
  const files = fc.dictionary(name, fc.uint8Array({ maxLength: 500 }), { minKeys: 1, maxKeys: 8 });
  fc.assert(
    fc.property(files, (dictionary) => {
      const entries = Object.entries(dictionary).map(([path, content]): [string, Uint8Array] => [
        path.normalize('NFC'),
        content,
      ]);
      const archive = writeZip(new Map(entries));
      expect(writeZip(new Map(entries.toReversed()))).toEqual(archive);
      const read = readPackage(archive);
      expect(read.entries.map(({ path, sha256 }) => [path, sha256]).sort()).toEqual(
        [...new Map(entries)].map(([path, content]) => [path, sha256Hex(content)]).sort(),
      );
    }),
    { numRuns: 60 },
  );
});

test('bytes that must not change between releases', () => {
  const archive = writeZip(
    new Map([
      ['b.txt', bytesOf('b')],
      ['a/é.txt', bytesOf('a'.repeat(100))],
    ]),
  );
  expect(sha256Hex(archive)).toMatchInlineSnapshot(
    `"37d45c6f09f35afbd50eb54e249bba8628363bb66aabe932f69357003090bc1e"`,
  );
});

test('an independent reader agrees', async () => {
  const archive = writeZip(
    new Map([
      ['a.txt', bytesOf('hello'.repeat(50))],
      ['d/é.txt', bytesOf('x')],
    ]),
  );
  const { files } = await loadAsync(archive, { checkCRC32: true });
  const read = Object.values(files).map(async (file) => ({
    path: file.name,
    text: await file.async('string'),
    year: file.date.getUTCFullYear(),
    mode: Number(file.unixPermissions).toString(8),
  }));
  expect(await Promise.all(read)).toEqual([
    { path: 'a.txt', text: 'hello'.repeat(50), year: 1980, mode: '100644' },
    { path: 'd/é.txt', text: 'x', year: 1980, mode: '100644' },
  ]);
});

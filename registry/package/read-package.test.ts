import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ACCEPT_ODD } from './corpus/accept-odd.ts';
import { forgeZip, INDEX, MANIFEST } from './corpus/forge.ts';
import { REJECT_ENTRIES } from './corpus/reject-entries.ts';
import { REJECT_NAMES } from './corpus/reject-names.ts';
import { REJECT_STRUCTURE } from './corpus/reject-structure.ts';
import { readPackage } from './read-package.ts';

const REJECTED = [...REJECT_NAMES, ...REJECT_STRUCTURE, ...REJECT_ENTRIES];

describe('hostile archives are refused by the exact rule', () => {
  test.each(REJECTED)('$trick', ({ archive, code }) => {
    expect(() => readPackage(archive())).toThrow(expect.objectContaining({ name: 'Refusal', code }));
  });

  test('every trick has a name of its own', () => {
    const tricks = [...REJECTED, ...ACCEPT_ODD].map((one) => one.trick);
    expect(new Set(tricks).size).toBe(tricks.length);
  });
});

describe('odd archives that the format allows are read', () => {
  test.each(ACCEPT_ODD)('$trick', ({ archive, files }) => {
    expect([...readPackage(archive()).files.keys()].sort()).toEqual([...files].sort());
  });
});

describe('a refusal', () => {
  test('names the entry and never writes its control characters', () => {
    const archive = forgeZip([MANIFEST, { name: '\u001b[2J\u202eevil', content: 'x' }]);
    const refusal = catchError(() => readPackage(archive));
    expect(refusal.message).toContain('\\u001b[2J\\u{202e}evil');
    expect(refusal.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  test('says nothing of an archive that was read before', () => {
    catchError(() => readPackage(forgeZip([{ name: 'first-tenant', content: 'x', both: { crc32: 1 } }])));
    const refusal = catchError(() =>
      readPackage(forgeZip([{ name: 'second', content: 'x', both: { crc32: 1 } }])),
    );
    expect(JSON.stringify(refusal)).not.toContain('first-tenant');
  });
});

describe('a package that was read', () => {
  const archive = forgeZip([
    MANIFEST,
    { name: 'lib/' },
    { name: 'é.js', content: 'e' },
    // The larger one in UTF-8 has the smaller units in UTF-16.
    { name: '\u{1f600}.js', content: 'smile' },
    { name: '\ufd3e.js', content: 'ornate' },
    { name: 'z.js', content: 'z' },
    INDEX,
  ]);

  test('lists every regular file by the bytes of its path, with size and digest', () => {
    const read = readPackage(archive);
    expect(read.entries.map((entry) => entry.path)).toEqual([
      'index.js',
      'manifest.json',
      'z.js',
      'é.js',
      '\ufd3e.js',
      '\u{1f600}.js',
    ]);
    for (const { path, size, sha256 } of read.entries) {
      const content = read.files.get(path);
      expect(content?.length).toBe(size);
      expect(hash('sha256', content ?? '', 'hex')).toBe(sha256);
    }
  });

  test('has the digest and size of the very bytes', () => {
    const read = readPackage(archive);
    expect(read.archiveSha256).toBe(hash('sha256', archive, 'hex'));
    expect(read.size).toBe(archive.length);
  });

  test('is the same from a view into a larger buffer', () => {
    const padded = Buffer.concat([Buffer.alloc(7), archive, Buffer.alloc(9)]);
    const view = new Uint8Array(padded.buffer, padded.byteOffset + 7, archive.length);
    expect(readPackage(view).archiveSha256).toBe(readPackage(archive).archiveSha256);
  });

  test('shares no memory with the archive', () => {
    const bytes = forgeZip([{ ...MANIFEST, method: 0 }]);
    const read = readPackage(bytes);
    bytes.fill(0);
    expect(Buffer.from(read.files.get('manifest.json') ?? []).toString()).toBe(MANIFEST.content);
  });
});

function catchError(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

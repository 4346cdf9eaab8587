/** What authors really pack with is read, and what they packed comes out; whatever is changed is refused or harmless. */
import { readdirSync, readFileSync } from 'node:fs';
import AdmZip from 'adm-zip';
import fc from 'fast-check';
import { strToU8, unzipSync, Zip, ZipDeflate, ZipPassThrough, zipSync } from 'fflate';
import JSZip from 'jszip';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../spec/refusal.ts';
import { foldCase } from './collisions.ts';
import { forgeZip } from './corpus/forge.ts';
import { readPackage } from './read-package.ts';

const FILES: Readonly<Record<string, string>> = {
  'manifest.json': '{"manifestVersion":1}\n',
  'lib/numbers.txt': Array.from({ length: 2000 }, (_, index) => `${index + 1}\n`).join(''),
  'index.js': 'export default {};\n',
  'empty.txt': '',
};

const FIXTURES = new URL('./fixtures/', import.meta.url);

function textsOf(archive: Uint8Array): Record<string, string> {
  return Object.fromEntries(
    [...readPackage(archive).files]
      .filter(([path]) => !path.startsWith('META-INF/'))
      .map(([path, content]) => [path, Buffer.from(content).toString()]),
  );
}

async function fflateStream(level: 0 | 6): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const zip = new Zip((error, chunk, isLast) => {
    if (error) reject(error);
    chunks.push(chunk);
    if (isLast) resolve(Buffer.concat(chunks));
  });
  for (const [path, text] of Object.entries(FILES)) {
    const entry = level === 0 ? new ZipPassThrough(path) : new ZipDeflate(path, { level });
    zip.add(entry);
    entry.push(strToU8(text), true);
  }
  zip.end();
  return promise;
}

async function jszip(options: JSZip.JSZipGeneratorOptions<'uint8array'>): Promise<Uint8Array> {
  const zip = new JSZip();
  for (const [path, text] of Object.entries(FILES)) zip.file(path, text);
  return zip.generateAsync({ ...options, type: 'uint8array' });
}

describe('archives of the writers that authors use', () => {
  const fixtures = readdirSync(FIXTURES).filter((name) => /\.(?:zip|jar)$/u.test(name));
  test('the fixtures are there', () => expect(fixtures.length).toBe(13));
  test.each(fixtures)('%s', (name) => {
    expect(textsOf(readFileSync(new URL(name, FIXTURES)))).toEqual(FILES);
  });

  const compression = [{ compression: 'STORE' }, { compression: 'DEFLATE' }] as const;
  test.each(compression)('jszip $compression', async (options) => {
    expect(textsOf(await jszip(options))).toEqual(FILES);
  });
  test.each(['DOS', 'UNIX'] as const)('jszip as a stream on %s', async (platform) => {
    expect(textsOf(await jszip({ compression: 'DEFLATE', streamFiles: true, platform }))).toEqual(FILES);
  });
  test('jszip, which writes a name beyond ASCII twice', async () => {
    const archive = await new JSZip().file('grüße.txt', 'hello').generateAsync({ type: 'uint8array' });
    expect(textsOf(archive)).toEqual({ 'grüße.txt': 'hello' });
  });
  test('fflate', () => {
    const tree = Object.fromEntries(Object.entries(FILES).map(([path, text]) => [path, strToU8(text)]));
    expect(textsOf(zipSync(tree))).toEqual(FILES);
    expect(textsOf(zipSync(tree, { level: 0 }))).toEqual(FILES);
  });
  test('fflate as a stream', async () => {
    expect(textsOf(await fflateStream(6))).toEqual(FILES);
  });
  test('fflate as a stream of stored entries cannot be told apart from a trick', async () => {
    const archive = await fflateStream(0);
    expect(() => readPackage(archive)).toThrow(
      expect.objectContaining({ code: 'archive_descriptor_stored' }),
    );
  });
  test('adm-zip', () => {
    const zip = new AdmZip();
    for (const [path, text] of Object.entries(FILES)) zip.addFile(path, Buffer.from(text));
    zip.addFile('folder/', Buffer.alloc(0));
    expect(textsOf(zip.toBuffer())).toEqual(FILES);
  });
});

const segment = fc
  .stringMatching(/^[a-z_][a-z0-9_äöü]{0,11}$/u)
  .filter((text) => !/^(?:con|prn|aux|nul|com[1-9]|lpt[1-9])$/u.test(text));
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
/** Paths that do not collide: each is made unique by its place in the list. */
const tree = fc
  .uniqueArray(fc.tuple(path, fc.uint8Array({ maxLength: 400 })), {
    minLength: 1,
    maxLength: 12,
    selector: ([name]) => foldCase(name),
  })
  .map((files) => files.map(([name, content], index): [string, Uint8Array] => [`${index}/${name}`, content]));

describe('properties', () => {
  test('what a writer packs, the gate reads', () => {
    fc.assert(
      fc.property(tree, fc.constantFrom(0, 6, 9), (files, level) => {
        const read = readPackage(zipSync(Object.fromEntries(files), { level: level as 0 | 6 | 9 }));
        expect(
          new Map([...read.files].map(([name, content]) => [name, Buffer.from(content).toString('hex')])),
        ).toEqual(
          new Map(
            files
              .map(([name, content]): [string, string] => [name, Buffer.from(content).toString('hex')])
              .sort(byName),
          ),
        );
      }),
      { numRuns: 150 },
    );
  });

  const sound = forgeZip([
    { name: 'manifest.json', content: '{"manifestVersion":1}' },
    { name: 'lib/' },
    { name: 'lib/a.js', content: 'a'.repeat(300), descriptor: 'true' },
    { name: 'b.txt', content: 'stored', method: 0 },
    { name: 'é.txt', content: 'x'.repeat(50) },
  ]);
  const edit = fc.record({
    at: fc.nat(sound.length - 1),
    value: fc.nat(255),
    kind: fc.constantFrom('set', 'insert', 'remove'),
  });

  test('a changed archive is refused, or an independent reader sees the same in it', () => {
    const counts = { refused: 0, read: 0 };
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const archive = edits.reduce(applyEdit, sound);
        const ours = attempt(() => readPackage(archive));
        counts[ours === undefined ? 'refused' : 'read'] += 1;
        if (ours === undefined) return;
        const theirs = new Map(Object.entries(unzipSync(archive)).filter(([name]) => !name.endsWith('/')));
        expect([...theirs.keys()].sort()).toEqual([...ours.files.keys()].sort());
        for (const [name, content] of ours.files)
          expect(Buffer.compare(content, theirs.get(name) ?? Buffer.alloc(0))).toBe(0);
      }),
      { numRuns: 3000 },
    );
    expect(counts.refused).toBeGreaterThan(0);
    expect(counts.read).toBeGreaterThan(0);
  });

  test('no bytes whatever bring anything but a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, hasEnd) => {
        const end = Buffer.concat([
          Buffer.from('PK\u0005\u0006', 'latin1'),
          bytes.subarray(0, 16),
          Buffer.alloc(2),
        ]);
        attempt(() => readPackage(hasEnd ? Buffer.concat([bytes, end]) : bytes));
      }),
      { numRuns: 1000 },
    );
  });
});

function byName(left: [string, string], right: [string, string]): number {
  return Buffer.compare(Buffer.from(left[0]), Buffer.from(right[0]));
}

function applyEdit(
  archive: Buffer,
  { at, value, kind }: { at: number; value: number; kind: string },
): Buffer {
  const [before, after] = [archive.subarray(0, at), archive.subarray(kind === 'insert' ? at : at + 1)];
  return Buffer.concat([before, kind === 'remove' ? Buffer.alloc(0) : Buffer.from([value]), after]);
}

/** @returns undefined for a refusal; anything else that is thrown fails the test. */
function attempt<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof Refusal && error.code.startsWith('archive_')) return undefined;
    throw error;
  }
}

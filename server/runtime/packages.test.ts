import { hash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeZip } from '../../cli/zip-writer.ts';
import { PackageReader } from '../../registry/reader/index.ts';
import { createSourceMaps, type PackagePort } from '../../sandbox/index.ts';
import { Fault } from '../../spec/refusal.ts';
import { packagePort } from './packages.ts';

const text = new TextEncoder();
let reader: PackageReader;

beforeAll(() => {
  reader = new PackageReader();
  reader.warmUp();
});
afterAll(() => reader.close());

type Store = { readonly port: PackagePort; readonly asked: string[] };

/** A store of these archives, by the names under which they lie there. */
function openStore(
  archives: ReadonlyMap<string, Uint8Array>,
  readStored?: PackageReader['readStored'],
): Store {
  const asked: string[] = [];
  const blobs = {
    get: async (digest: string) => {
      asked.push(digest);
      const archive = archives.get(digest);
      return archive && new Uint8Array(archive);
    },
  };
  const thread = { readStored: readStored ?? ((archive: Uint8Array) => reader.readStored(archive)) };
  return { port: packagePort({ blobs, reader: thread, sourceMaps: createSourceMaps() }), asked };
}

function archiveOf(code: string): Uint8Array {
  const files = { 'manifest.json': '{}', 'index.js': code, 'data.json': '1', 'README.md': 'words' };
  return writeZip(new Map(Object.entries(files).map(([path, content]) => [path, text.encode(content)])));
}

const digestOf = (archive: Uint8Array): string => hash('sha256', archive, 'hex');

test('gives what a guest can import, and nothing for a digest that is not there', async () => {
  const archive = archiveOf('export default 1;');
  const { port } = openStore(new Map([[digestOf(archive), archive]]));
  const files = await port.files(digestOf(archive));
  expect([...(files ?? new Map<string, Uint8Array>()).keys()]).toEqual([
    'data.json',
    'index.js',
    'manifest.json',
  ]);
  expect(new TextDecoder().decode(files?.get('index.js'))).toBe('export default 1;');
  expect(await port.files('0'.repeat(64))).toBeUndefined();
});

test('a package is read once for all who ask at the same time, and for those who ask again', async () => {
  const archive = archiveOf('export default 2;');
  const digest = digestOf(archive);
  const { port, asked } = openStore(new Map([[digest, archive]]));
  const all = await Promise.all(Array.from({ length: 50 }, () => port.files(digest)));
  expect(all.every((files) => files?.size === 3)).toBe(true);
  await port.files(digest);
  expect(asked).toEqual([digest]);
});

test('a hundred packages at once are all read, though only two at a time', async () => {
  const archives = new Map(
    Array.from({ length: 100 }, (_, index) => archiveOf(`export default ${index};`)).map((archive) => [
      digestOf(archive),
      archive,
    ]),
  );
  const { port } = openStore(archives);
  const sizes = await Promise.all(
    [...archives.keys()].map(async (digest) => (await port.files(digest))?.size),
  );
  expect(sizes).toEqual(Array.from({ length: 100 }, () => 3));
});

test.each([
  [
    'cannot be read any more',
    (archive: Uint8Array) => archive.with(archive.length >> 1, 0xff ^ (archive[archive.length >> 1] ?? 0)),
  ],
  ['is another one', () => archiveOf('export default "another";')],
])('bytes that the disk has changed are called damaged: what is there %s', async (_what, change) => {
  const archive = archiveOf('export default 3;');
  const { port } = openStore(new Map([[digestOf(archive), change(archive)]]));
  await expect(port.files(digestOf(archive))).rejects.toThrow('the stored bytes of the package are damaged');
});

const NOISE = randomBytes(70_000).toString('hex');
test.each([
  ['a small package is read in place', 'export default 4;', 0],
  ['one with a large archive is read in a thread', `//${NOISE}`, 1],
  ['one that is small only as an archive is read in a thread', `//${'x'.repeat(270_000)}`, 1],
])('%s', async (_what, code, handedOver) => {
  const archive = archiveOf(code);
  let toThread = 0;
  const { port } = openStore(new Map([[digestOf(archive), archive]]), (bytes) => {
    toThread += 1;
    return reader.readStored(bytes);
  });
  const files = await port.files(digestOf(archive));
  expect(new TextDecoder().decode(files?.get('index.js'))).toBe(code);
  expect(toThread).toBe(handedOver);
});

test('one of many files is read in a thread', async () => {
  const files = Array.from({ length: 17 }, (_, index): [string, Uint8Array] => [
    `${index}.js`,
    text.encode('1;'),
  ]);
  const archive = writeZip(new Map([['manifest.json', text.encode('{}')], ...files]));
  let toThread = 0;
  const { port } = openStore(new Map([[digestOf(archive), archive]]), (bytes) => {
    toThread += 1;
    return reader.readStored(bytes);
  });
  expect((await port.files(digestOf(archive)))?.size).toBe(18);
  expect(toThread).toBe(1);
});

test('other bytes than the digest names are refused each time, and never kept', async () => {
  const name = digestOf(archiveOf('export default "good";'));
  const { port, asked } = openStore(new Map([[name, archiveOf('export default "evil";')]]));
  for (let turn = 0; turn < 3; turn += 1) await expect(port.files(name)).rejects.toThrow(Fault);
  expect(asked).toHaveLength(3);
});

test('bytes that the gate refuses are refused, and the next package is read', async () => {
  const good = archiveOf('export default 3;');
  const broken = good.slice(0, -5);
  const { port } = openStore(
    new Map([
      [digestOf(broken), broken],
      [digestOf(good), good],
    ]),
  );
  await expect(port.files(digestOf(broken))).rejects.toMatchObject({
    code: expect.stringMatching(/^archive_/u),
  });
  expect((await port.files(digestOf(good)))?.size).toBe(3);
});

test('what is kept has a bound: what was asked for longest ago is read again', async () => {
  const large = Array.from({ length: 5 }, (_, index) => archiveOf(`${index}//${'x'.repeat(9 * 2 ** 20)}`));
  const names = large.map(digestOf);
  const { port, asked } = openStore(new Map(large.map((archive) => [digestOf(archive), archive])));
  for (const name of names) await port.files(name);
  await port.files(names[4] as string);
  expect(asked).toEqual(names);
  await port.files(names[0] as string);
  expect(asked).toEqual([...names, names[0]]);
});

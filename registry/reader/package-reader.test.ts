import { hash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import type { Refusal } from '../../spec/refusal.ts';
import { type ForgeEntry, forgeZip } from '../package/corpus/forge.ts';
import { PackageReader, type PackageReaderOptions } from './package-reader.ts';
import { readPackage } from '../package/read-package.ts';

const USER = 'user';
const CONTEXT = { knownPluginIds: [] };
const MANIFEST: ForgeEntry = {
  name: 'manifest.json',
  content: JSON.stringify({
    manifestVersion: 1,
    id: 'acme/hello',
    version: '1.0.0',
    name: 'Hello',
    main: 'index.js',
  }),
};
const INDEX: ForgeEntry = { name: 'index.js', content: 'export default { fetch: () => new Response() };\n' };

const readers: PackageReader[] = [];

/** For what is not about deadlines: a thread that stalls is no slow package. */
const PATIENT = { readMsMax: 120_000, inspectMsMax: 120_000 };

function openReader(options: PackageReaderOptions = {}): PackageReader {
  const reader = new PackageReader({ ...PATIENT, ...options });
  readers.push(reader);
  return reader;
}

afterEach(async () => {
  await Promise.all(readers.splice(0).map((reader) => reader.close()));
});

function soundArchive(): Buffer {
  return forgeZip([MANIFEST, INDEX]);
}

/** A package whose reading takes far longer than a millisecond. */
function slowArchive(): Buffer {
  return forgeZip([MANIFEST, INDEX, { name: 'blanks', content: Buffer.alloc(30 * 1024 * 1024, ' ') }]);
}

function codeArchive(source: string): Buffer {
  return forgeZip([MANIFEST, { name: 'index.js', content: source }]);
}

const MUCH_CODE = `export default [\n${'  { a: 1, b: [2, 3], c: () => 4 },\n'.repeat(60_000)}];\n`;

describe('PackageReader', () => {
  test('gives what readPackage gives, and the archive back', async () => {
    const archive = soundArchive();
    const expected = readPackage(archive);
    const digest = hash('sha256', archive, 'hex');
    const result = await openReader().read(archive, CONTEXT, USER);
    expect(result.read).toEqual(expected);
    expect(hash('sha256', result.archive, 'hex')).toBe(digest);
    expect(result.inspection.modules.map((module) => module.path)).toEqual(['index.js']);
  });

  test('copies an archive that is part of a larger buffer, and leaves that alone', async () => {
    const archive = soundArchive();
    const larger = new Uint8Array(archive.length + 10);
    larger.set(archive, 5);
    await openReader().read(larger.subarray(5, 5 + archive.length), CONTEXT, USER);
    expect(Buffer.from(larger.subarray(5, 5 + archive.length)).equals(archive)).toBe(true);
  });

  test('brings refusals across, with code, hint and violations', async () => {
    const reader = openReader();
    await expect(reader.read(Buffer.from('text'), CONTEXT, USER)).rejects.toMatchObject({
      name: 'Refusal',
      code: 'archive_end_record_missing',
    });
    await expect(reader.read(codeArchive('import "fs"'), CONTEXT, USER)).rejects.toMatchObject({
      code: 'inspection_rejected',
      violations: [expect.objectContaining({ pointer: 'index.js:1' })],
      extensions: { findings: [expect.objectContaining({ rule: 'import_not_bundled' })] },
    });
  });

  test('refuses what is too large before it is copied', async () => {
    await expect(openReader().read(Buffer.alloc(50 * 1024 * 1024 + 1), CONTEXT, USER)).rejects.toMatchObject({
      code: 'archive_too_large',
    });
  });

  test('kills a worker that reads too long, and serves the next package', async () => {
    const reader = openReader({ workersMax: 1, readMsMax: 20 });
    // Starting a worker counts as reading: the first deadline passes before it could answer.
    const slow = reader.read(slowArchive(), CONTEXT, USER);
    await expect(slow).rejects.toMatchObject({ code: 'archive_read_timeout' });
    const patient = openReader();
    await expect(patient.read(soundArchive(), CONTEXT, USER)).resolves.toBeDefined();
  });

  test('kills a worker that inspects too long, and serves what waits behind it', async () => {
    const reader = openReader({ workersMax: 1, inspectMsMax: 25 });
    const slow = reader.read(codeArchive(MUCH_CODE), CONTEXT, USER);
    const next = reader.read(Buffer.from('text'), CONTEXT, USER);
    await expect(slow).rejects.toMatchObject({ code: 'inspection_timeout' });
    await expect(next).rejects.toMatchObject({ code: 'archive_end_record_missing' });
  });

  test('survives a worker that runs out of memory', async () => {
    const reader = openReader({ workersMax: 1, heapMibMax: 24 });
    await expect(reader.read(codeArchive(MUCH_CODE), CONTEXT, USER)).rejects.toMatchObject({
      code: 'archive_read_memory',
    });
    await expect(reader.read(soundArchive(), CONTEXT, USER)).resolves.toBeDefined();
  });

  test('reads many at once through few workers', async () => {
    const reader = openReader({ workersMax: 2 });
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) => reader.read(soundArchive(), CONTEXT, `user-${index % 4}`)),
    );
    expect(new Set(results.map((result) => result.read.archiveSha256)).size).toBe(1);
  });

  test('lets those who send take turns, and sheds what one of them sends too much', async () => {
    const reader = openReader({ workersMax: 1, queueOfOneMax: 3 });
    const order: string[] = [];
    const send = (owner: string) =>
      reader.read(soundArchive(), CONTEXT, owner).then(
        () => order.push(owner),
        (error: Refusal) => order.push(error.code),
      );
    await Promise.all([...['flood', 'flood', 'flood', 'flood', 'flood'].map(send), send('other')]);
    expect(order).toEqual(['archive_reader_busy', 'flood', 'other', 'flood', 'flood', 'flood']);
  });

  test('sheds what its queue cannot hold', async () => {
    const reader = openReader({ workersMax: 1, queueMax: 1 });
    const reads = Array.from({ length: 3 }, () => reader.read(soundArchive(), CONTEXT, USER));
    const outcomes = await Promise.allSettled(reads);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(outcomes[2]).toMatchObject({ reason: { code: 'archive_reader_busy' } });
  });

  test('a request that cannot be handed over fails alone', async () => {
    const reader = openReader({ workersMax: 1 });
    const context = { knownPluginIds: [], switches: { look_alike_name: (() => 'off') as never } };
    await expect(reader.read(soundArchive(), context, USER)).rejects.toMatchObject({ name: 'Fault' });
    await expect(reader.read(soundArchive(), CONTEXT, USER)).resolves.toBeDefined();
  });

  test('after close nothing is read, and what was waiting fails', async () => {
    const reader = openReader({ workersMax: 1 });
    const pending = [reader.read(soundArchive(), CONTEXT, USER), reader.read(soundArchive(), CONTEXT, USER)];
    const settled = Promise.allSettled(pending);
    await reader.close();
    for (const outcome of await settled) expect(outcome).toMatchObject({ reason: { name: 'Fault' } });
    await expect(reader.read(soundArchive(), CONTEXT, USER)).rejects.toMatchObject({ name: 'Fault' });
  });

  test('the event loop goes on while a package is read', async () => {
    const reading = openReader().read(slowArchive(), CONTEXT, USER);
    let turns = 0;
    const counter = setInterval(() => (turns += 1), 1);
    await reading;
    clearInterval(counter);
    expect(turns).toBeGreaterThan(0);
  });

  test('names like __proto__ cross as they are', async () => {
    const archive = forgeZip([MANIFEST, INDEX, { name: '__proto__', content: 'x' }]);
    const { read } = await openReader().read(archive, CONTEXT, USER);
    expect([...read.files.keys()]).toContain('__proto__');
  });
});

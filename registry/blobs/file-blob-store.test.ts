import { createHash } from 'node:crypto';
import { chmod, mkdtemp, open, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BlobStore } from './blob-store.ts';
import { openFileBlobStore } from './file-blob-store.ts';

const bytes = Buffer.from('the bytes of a package');
const digest = createHash('sha256').update(bytes).digest('hex');

let root: string;
let blobs: BlobStore;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'souk-blobs-'));
  blobs = await openFileBlobStore(root);
});
afterAll(() => rm(root, { recursive: true }));

async function readAll(stream: ReadableStream<Uint8Array>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(stream)).toString();
}

describe('openFileBlobStore', () => {
  it('hands out what was put, whole and in part, under its digest', async () => {
    expect(await blobs.put(bytes)).toBe(digest);
    expect(Buffer.from((await blobs.get(digest)) ?? [])).toEqual(bytes);
    const whole = await blobs.open(digest);
    expect(whole && { bytes: whole.bytes, text: await readAll(whole.stream) }).toEqual({
      bytes: bytes.length,
      text: bytes.toString(),
    });
    const part = await blobs.open(digest, { start: 4, end: 8 });
    expect(part && (await readAll(part.stream))).toBe('bytes');
  });

  it('keeps one copy of the same bytes, however often they come at once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => blobs.put(bytes)));
    const listed = await Array.fromAsync(blobs.list());
    expect(listed.map((entry) => entry.digest)).toEqual([digest]);
    expect(await readdir(join(root, 'incoming'))).toEqual([]);
  });

  it('renews the time of bytes that come again', async () => {
    await utimes(join(root, 'sha256', digest.slice(0, 2), digest), new Date(0), new Date(0));
    await blobs.put(bytes);
    const [entry] = await Array.fromAsync(blobs.list());
    expect(entry?.putAt.getTime()).toBeGreaterThan(0);
  });

  it.each([
    ['small ones', 100],
    ['large ones', 300_000],
  ])('breaks off bytes that the disk has changed, before their end: %s', async (_size, length) => {
    const sound = Buffer.alloc(length, 'a');
    const stored = await blobs.put(sound);
    const path = join(root, 'sha256', stored.slice(0, 2), stored);
    await writeFile(path, Buffer.concat([Buffer.from('b'), sound.subarray(1)]));
    const damaged = await blobs.open(stored);
    await expect(readAll(damaged?.stream as ReadableStream<Uint8Array>)).rejects.toThrow(
      'not what its name says',
    );
    await blobs.delete(stored);
  });

  it.each([
    ['as long as before', Buffer.alloc(300_000, 'b')],
    ['cut short', Buffer.alloc(5, 'a')],
    ['gone', undefined],
  ])('heals bytes that are put again where the disk has changed them: %s', async (_damage, damaged) => {
    const sound = Buffer.alloc(300_000, 'a');
    const stored = await blobs.put(sound);
    const path = join(root, 'sha256', stored.slice(0, 2), stored);
    await (damaged ? writeFile(path, damaged) : rm(path));
    expect(await blobs.put(sound)).toBe(stored);
    expect(Buffer.from((await blobs.get(stored)) ?? []).equals(sound)).toBe(true);
    expect(await readdir(join(root, 'incoming'))).toEqual([]);
    await blobs.delete(stored);
  });

  it('replaces damaged bytes as a whole, and leaves sound ones where they lie', async () => {
    const path = join(root, 'sha256', digest.slice(0, 2), digest);
    const { ino } = await stat(path);
    await blobs.put(bytes);
    expect((await stat(path)).ino).toBe(ino);
    await writeFile(path, 'damaged');
    const reader = await open(path, 'r');
    await blobs.put(bytes);
    // Who has the file open goes on with what it opened (POSIX rename(2)), and never sees a mixture of both.
    expect(await reader.readFile('utf8')).toBe('damaged');
    await reader.close();
    expect(Buffer.from((await blobs.get(digest)) ?? []).equals(bytes)).toBe(true);
  });

  it('takes a stream, and refuses one beyond its bound without leaving a trace', async () => {
    async function* chunks(): AsyncIterable<Uint8Array> {
      for (let index = 0; index < 4; index += 1) yield Buffer.alloc(10, index);
    }
    const stored = await blobs.putStream(chunks(), 40);
    expect((await blobs.get(stored))?.length).toBe(40);
    await blobs.delete(stored);
    await expect(blobs.putStream(chunks(), 39)).rejects.toMatchObject({ code: 'body_too_large' });
    expect(await readdir(join(root, 'incoming'))).toEqual([]);
    expect(await blobs.has(stored)).toBe(false);
  });

  it('leaves nothing of a stream that breaks off', async () => {
    async function* broken(): AsyncIterable<Uint8Array> {
      yield Buffer.alloc(10);
      throw new TypeError('the connection is gone');
    }
    await expect(blobs.putStream(broken(), 100)).rejects.toThrow('a blob could not be written');
    expect(await readdir(join(root, 'incoming'))).toEqual([]);
  });

  it('that cannot be written to says so, as of a share that is not mounted, and takes bytes once it can', async () => {
    const folder = join(root, 'incoming');
    await rename(folder, `${folder}.away`);
    const unavailable = { code: 'storage_unavailable', cause: { code: 'ENOENT' } };
    await expect(blobs.put(Buffer.from('unmounted'))).rejects.toMatchObject(unavailable);
    await rename(`${folder}.away`, folder);
    const stored = await blobs.put(Buffer.from('unmounted'));
    expect(await blobs.has(stored)).toBe(true);
  });

  it('knows nothing of what was not put', async () => {
    const absent = 'f'.repeat(64);
    expect(await blobs.get(absent)).toBeUndefined();
    expect(await blobs.open(absent)).toBeUndefined();
    expect(await blobs.has(absent)).toBe(false);
    await blobs.delete(absent);
  });

  it('holds nothing open for a stream that nobody reads', async () => {
    const unread = await blobs.open(await blobs.put(Buffer.from('unread')));
    await blobs.delete(createHash('sha256').update('unread').digest('hex'));
    // Had it been opened before, its bytes would still be there (POSIX unlink(2)).
    await expect(unread && readAll(unread.stream)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each(['../../../etc/passwd', '', 'F'.repeat(64), `${'a'.repeat(63)}/`])(
    'never turns %j into a path',
    async (name) => {
      await expect(async () => blobs.get(name)).rejects.toThrow('64 hexadecimal digits');
    },
  );

  it('clears away what a killed upload left behind, once it is old', async () => {
    const leftover = join(root, 'incoming', 'left');
    await writeFile(leftover, 'half');
    expect(await blobs.removeLeftovers(new Date(0))).toBe(0);
    expect(await blobs.removeLeftovers(new Date(Date.now() + 1_000))).toBe(1);
    expect(await readdir(join(root, 'incoming'))).toEqual([]);
  });

  it('opens a store that lies there already', async () => {
    await chmod(root, 0o700);
    const again = await openFileBlobStore(root);
    expect(await again.has(digest)).toBe(true);
  });
});

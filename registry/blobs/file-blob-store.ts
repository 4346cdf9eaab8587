import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { Fault, Refusal } from '../../spec/refusal.ts';
import {
  type BlobDigest,
  type BlobEntry,
  type BlobRange,
  type BlobStore,
  isBlobDigest,
} from './blob-store.ts';

/** Out of space, out of quota, file larger than the file system takes. */
const FULL_CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** `00` to `ff`. */
const PREFIXES = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, '0'));

/**
 * Blobs as files: `<root>/sha256/<first two digits>/<digest>`, written as `<root>/incoming/<random>`, synced, renamed.
 * The rename is atomic (POSIX rename(2)), so that a name never holds half of its bytes; syncing the folder afterwards
 * makes the name itself survive. Several servers may share the root.
 * @param root folder of the store, made where missing; readable by this account alone
 */
export async function openFileBlobStore(root: string): Promise<BlobStore> {
  const incoming = join(root, 'incoming');
  const named = join(root, 'sha256');
  for (const folder of [incoming, named]) await makeFolder(folder);
  await makePrefixes(named);
  const pathOf = (digest: BlobDigest): string => {
    if (!isBlobDigest(digest)) throw new Fault('a blob is named by 64 hexadecimal digits');
    return join(named, digest.slice(0, 2), digest);
  };
  return {
    put: (bytes) => putBytes({ incoming, pathOf }, bytes),
    putStream: (source, bytesMax) => writeBlob({ incoming, pathOf }, limitBytes(source, bytesMax)),
    get: (digest) => orAbsent(readFile(pathOf(digest))),
    open: (digest, range) => orAbsent(openBlob(pathOf(digest), digest, range)),
    has: async (digest) => (await orAbsent(stat(pathOf(digest)))) !== undefined,
    delete: (digest) => rm(pathOf(digest), { force: true }),
    list: () => listBlobs(named),
    removeLeftovers: (before) => removeOlder(incoming, before),
  };
}

type Layout = { readonly incoming: string; readonly pathOf: (digest: BlobDigest) => string };

async function putBytes(layout: Layout, bytes: Uint8Array): Promise<BlobDigest> {
  const digest = createHash('sha256').update(bytes).digest('hex');
  const path = layout.pathOf(digest);
  const known = await orAbsent(stat(path));
  const isSound = known?.size === bytes.length && (await isReadableAs(path, digest));
  if (isSound && (await renew(path))) return digest;
  return writeBlob(layout, [bytes]);
}

/** Whatever keeps a file from being read to its end as what its name says, putting its bytes again mends it. */
async function isReadableAs(path: string, digest: BlobDigest): Promise<boolean> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) hash.update(chunk);
  } catch {
    return false;
  }
  return hash.digest('hex') === digest;
}

/** The bytes are there: only their time moves, which keeps the sweep away from them. @returns whether they still were */
async function renew(path: string): Promise<boolean> {
  const now = new Date();
  const renewed = await orAbsent(utimes(path, now, now).then(() => true));
  return renewed ?? false;
}

async function writeBlob(
  layout: Layout,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<BlobDigest> {
  const temporary = join(layout.incoming, randomUUID());
  try {
    const digest = await writeTemporary(temporary, source);
    const path = layout.pathOf(digest);
    await rename(temporary, path);
    await syncFolder(dirname(path));
    return digest;
  } catch (error) {
    await rm(temporary, { force: true });
    throw explainFailure(error);
  }
}

/** @returns the digest of what now lies, synced, at `path` */
async function writeTemporary(
  path: string,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<BlobDigest> {
  const hash = createHash('sha256');
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of source) {
      hash.update(chunk);
      await writeWhole(file, chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

/** write(2) may take a part only, as it does when the disk fills up. */
async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  let written = 0;
  while (written < chunk.length) {
    const { bytesWritten } = await file.write(chunk, written, chunk.length - written);
    written += bytesWritten;
  }
}

async function* limitBytes(source: AsyncIterable<Uint8Array>, bytesMax: number): AsyncIterable<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > bytesMax)
      throw new Refusal('body_too_large', { detail: `More than ${bytesMax} bytes came in.` });
    yield chunk;
  }
}

function explainFailure(error: unknown): unknown {
  if (FULL_CODES.has(codeOf(error)))
    return new Refusal('storage_full', { detail: 'The package could not be stored.', cause: error });
  if (error instanceof Refusal) return error;
  // Read-only, unmounted, another owner's, out of descriptors: the system says which, and an operator mends it.
  if (error instanceof Error && 'syscall' in error)
    return new Refusal('storage_unavailable', { detail: 'The package could not be stored.', cause: error });
  return new Fault('a blob could not be written', { cause: error });
}

/** Makes a folder whose name survives a power cut. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first !== undefined) await syncFolder(dirname(first));
}

/** All 256 folders at once, so that no `put` has to make one and wait until its name is safe. */
async function makePrefixes(named: string): Promise<void> {
  if ((await readdir(named)).length === PREFIXES.length) return;
  for (const prefix of PREFIXES) await mkdir(join(named, prefix), { recursive: true, mode: 0o700 });
  await syncFolder(named);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function openBlob(
  path: string,
  digest: BlobDigest,
  range?: BlobRange,
): Promise<{ bytes: number; stream: ReadableStream<Uint8Array> }> {
  const { size } = await stat(path);
  if (range && !(range.start >= 0 && range.start <= range.end && range.end < size))
    throw new Fault('a range lies outside its blob');
  const stream: unknown = NodeReadableStream.from(range ? readFrom(path, range) : readSound(path, digest));
  return { bytes: size, stream: stream as ReadableStream<Uint8Array> };
}

/** Opens the file when somebody reads: a stream that nobody reads, or cancels, holds nothing. */
async function* readFrom(path: string, range: BlobRange): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, range);
}

/** A disk may give back other bytes than it was given: what is damaged is broken off before its end. */
async function* readSound(path: string, digest: BlobDigest): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let last: Uint8Array | undefined;
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    hash.update(chunk);
    if (last) yield last;
    last = chunk;
  }
  if (hash.digest('hex') !== digest) throw new Fault('a stored blob is not what its name says');
  if (last) yield last;
}

async function* listBlobs(named: string): AsyncIterable<BlobEntry> {
  for (const prefix of await readdir(named)) {
    for (const digest of (await readdir(join(named, prefix))).filter(isBlobDigest)) {
      const found = await orAbsent(stat(join(named, prefix, digest)));
      if (found) yield { digest, putAt: found.mtime };
    }
  }
}

async function removeOlder(incoming: string, before: Date): Promise<number> {
  let removed = 0;
  for (const name of await readdir(incoming)) {
    const path = join(incoming, name);
    const found = await orAbsent(stat(path));
    if (!found || found.mtime >= before) continue;
    await rm(path, { force: true });
    removed += 1;
  }
  return removed;
}

async function orAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

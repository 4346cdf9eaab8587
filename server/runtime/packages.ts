/**
 * Packages for runners: the stored bytes, held against their digest and read again by the strict gate; a small one in
 * place, any other in a thread of its own. What was read stays in memory for a while, for the next organization that
 * runs it, or the next runner.
 */
import { hash } from 'node:crypto';
import type { PackagePort, SourceMaps } from '../../sandbox/index.ts';
import type { BlobStore } from '../../registry/blobs/index.ts';
import { promisedContents, readPackage, type ReadPackage } from '../../registry/package/index.ts';
import type { PackageReader } from '../../registry/reader/index.ts';
import { Fault, Refusal } from '../../spec/refusal.ts';

type Files = ReadonlyMap<string, Uint8Array>;

/** What a guest can import: code, and data files that modules may hold. */
const LOADABLE = /\.(?:m?js|json)$/u;
/** All packages that are kept; those that were asked for longest ago make room. */
const KEPT_BYTES_MAX = 32 * 2 ** 20;
/**
 * What is read in place: small plugins take half a millisecond, a bundle of 200 KB takes two; to hand them to a thread
 * and back takes longer, and much longer where the machine is busy. It happens once for each package and server.
 */
const SMALL = { archiveBytesMax: 64 * 1_024, contentBytesMax: 256 * 1_024, entriesMax: 16 };
/** As many archives in memory as the reader has workers. */
const READ_AT_ONCE = 2;

const DAMAGED =
  'the stored bytes of the package are damaged: publish the same archive again, or restore them from a backup';

export type PackagePortParts = {
  readonly blobs: Pick<BlobStore, 'get'>;
  readonly reader: Pick<PackageReader, 'readStored'>;
  readonly sourceMaps: SourceMaps;
};

export function packagePort({ blobs, reader, sourceMaps }: PackagePortParts): PackagePort {
  const kept = new KeptFiles(KEPT_BYTES_MAX);
  const underWay = new Map<string, Promise<Files | undefined>>();
  const inTurn = createTurns(READ_AT_ONCE);
  const read = async (digest: string): Promise<Files | undefined> => {
    const bytes = await blobs.get(digest);
    if (!bytes) return undefined;
    const { archiveSha256, files } =
      readSmall(digest, bytes) ?? (await reader.readStored(bytes).catch(throwDamaged));
    if (archiveSha256 !== digest) throw new Fault(DAMAGED);
    kept.keep(digest, files);
    return files;
  };
  /** Those who ask for the same package at once share the reading. */
  const readOnce = (digest: string): Promise<Files | undefined> => {
    const known = underWay.get(digest);
    if (known) return known;
    const reading = inTurn(() => read(digest)).finally(() => underWay.delete(digest));
    underWay.set(digest, reading);
    return reading;
  };
  return {
    files: async (digest) => {
      const files = kept.find(digest) ?? (await readOnce(digest));
      if (!files) return undefined;
      sourceMaps.keep(digest, files);
      return new Map([...files].filter(([path]) => LOADABLE.test(path)));
    },
  };
}

/** It has passed the gate before: whatever is wrong with its bytes now, its author did not do it. */
function throwDamaged(error: unknown): never {
  if (error instanceof Refusal && error.code !== 'archive_reader_busy')
    throw new Fault(DAMAGED, { cause: error });
  throw error;
}

/**
 * Its digest says that these very bytes have passed the gate, in a thread and within its time, when they were
 * published.
 * @returns undefined for what is larger, or not what its name says
 */
function readSmall(digest: string, archive: Uint8Array): ReadPackage | undefined {
  if (archive.byteLength > SMALL.archiveBytesMax || hash('sha256', archive, 'hex') !== digest)
    return undefined;
  const { entries, bytes } = promisedContents(archive);
  const isSmall = entries <= SMALL.entriesMax && bytes <= SMALL.contentBytesMax;
  return isSmall ? readPackage(archive) : undefined;
}

/** Files by the digest of their package, which names them for good. */
class KeptFiles {
  readonly #bytesMax: number;
  readonly #packages = new Map<string, { readonly files: Files; readonly bytes: number }>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  find(digest: string): Files | undefined {
    const found = this.#packages.get(digest);
    if (!found) return undefined;
    // The map remembers the order of insertion: what was asked for last goes to its end.
    this.#packages.delete(digest);
    this.#packages.set(digest, found);
    return found.files;
  }

  keep(digest: string, files: Files): void {
    this.#drop(digest);
    const bytes = [...files.values()].reduce((sum, content) => sum + content.byteLength, 0);
    if (bytes > this.#bytesMax) return;
    this.#packages.set(digest, { files, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#packages.keys()) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#drop(oldest);
    }
  }

  #drop(digest: string): void {
    this.#bytes -= this.#packages.get(digest)?.bytes ?? 0;
    this.#packages.delete(digest);
  }
}

/** @returns a caller of tasks, of which at most `max` are under way; the others wait in their order */
function createTurns(max: number): <Result>(task: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let free = max;
  return async (task) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}

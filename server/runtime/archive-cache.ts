/**
 * Archives that anybody may have, kept in memory while they are asked for: of a public version that was approved,
 * neither the bytes nor the right to them ever change. All the same the database is asked again after a second, so
 * that nothing is given out for longer than that against its word.
 */
import { buffer } from 'node:stream/consumers';

export type Archive = {
  readonly bytes: number;
  readonly sha256: string;
  readonly stream: ReadableStream<Uint8Array>;
};
export type CachedArchive = {
  readonly bytes: number;
  readonly sha256: string;
  readonly content: Uint8Array | ReadableStream<Uint8Array>;
};

export type ArchiveCache = {
  /**
   * @param key publisher, name and version
   * @param open asks the database, as anybody; what it throws is not kept
   */
  get(key: string, open: () => Promise<Archive>): Promise<CachedArchive>;
};

const KEPT_MS_MAX = 1_000;
/** Larger ones are streamed from the disk each time: what a request costs besides no longer matters. */
const ARCHIVE_BYTES_MAX = 1024 * 1024;
const TOTAL_BYTES_MAX = 64 * 1024 * 1024;

type Kept = CachedArchive & { readonly untilMs: number };

/** @param now in milliseconds, monotonic */
export function createArchiveCache(now: () => number = () => performance.now()): ArchiveCache {
  const kept = new Map<string, Kept>();
  let totalBytes = 0;
  const drop = (key: string): void => {
    totalBytes -= kept.get(key)?.bytes ?? 0;
    kept.delete(key);
  };
  const keep = (key: string, archive: Kept): void => {
    drop(key);
    kept.set(key, archive);
    totalBytes += archive.bytes;
    // The map remembers the order of insertion: the oldest make room.
    for (const oldest of kept.keys()) {
      if (totalBytes <= TOTAL_BYTES_MAX) return;
      drop(oldest);
    }
  };
  return {
    get: async (key, open) => {
      const known = kept.get(key);
      if (known && now() < known.untilMs) return known;
      drop(key);
      const untilMs = now() + KEPT_MS_MAX;
      const { bytes, sha256, stream } = await open();
      if (bytes > ARCHIVE_BYTES_MAX) return { bytes, sha256, content: stream };
      const archive = { bytes, sha256, content: new Uint8Array(await buffer(stream)), untilMs };
      keep(key, archive);
      return archive;
    },
  };
}

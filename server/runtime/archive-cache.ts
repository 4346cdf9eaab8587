/**
 * Archives that anybody may have, kept in memory while they are asked for: of a public version that was approved,
 * neither the bytes nor the right to them ever change. All the same the database is asked again after a second, so
 * that nothing is given out for longer than that against its word; the bytes are read again only where it names others.
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
/** One that lies in memory. */
export type ReadyArchive = CachedArchive & { readonly content: Uint8Array };

export type ArchiveCache = {
  /**
   * @param key publisher, name and version: see `archiveKey`
   * @param open asks the database, as anybody; what it throws is not kept
   */
  get(key: string, open: () => Promise<Archive>): Promise<CachedArchive>;
  /** @returns what `get` would answer without asking */
  ready(key: string): ReadyArchive | undefined;
};

export function archiveKey(publisher: string, name: string, version: string): string {
  return `${publisher}/${name}@${version}`;
}

const KEPT_MS_MAX = 1_000;
/** Larger ones are streamed from the disk each time: what a request costs besides no longer matters. */
const ARCHIVE_BYTES_MAX = 1024 * 1024;
const TOTAL_BYTES_MAX = 64 * 1024 * 1024;

type Kept = ReadyArchive & { readonly untilMs: number };

/** @param now in milliseconds, monotonic */
export function createArchiveCache(now: () => number = () => performance.now()): ArchiveCache {
  const kept = createStore();
  /** Questions under way. Who comes meanwhile waits for the answer: many come at once when a second is over. */
  const asked = new Map<string, Promise<CachedArchive>>();
  const ready = (key: string): ReadyArchive | undefined => {
    const known = kept.get(key);
    return known && now() < known.untilMs ? known : undefined;
  };
  const ask = async (key: string, open: () => Promise<Archive>): Promise<CachedArchive> => {
    const untilMs = now() + KEPT_MS_MAX;
    try {
      const archive = await read(await open(), kept.get(key));
      if (isReady(archive)) kept.set(key, { ...archive, untilMs });
      return archive;
    } catch (error) {
      kept.delete(key);
      throw error;
    }
  };
  const askAlone = (key: string, open: () => Promise<Archive>): Promise<CachedArchive> => {
    const answer = ask(key, open).finally(() => asked.delete(key));
    asked.set(key, answer);
    return answer;
  };
  return {
    ready,
    get: async (key, open) => {
      const known = ready(key);
      if (known) return known;
      const asking = asked.get(key);
      if (!asking) return askAlone(key, open);
      const shared = await asking;
      // A stream is read by one.
      return isReady(shared) ? shared : ask(key, open);
    },
  };
}

function isReady(archive: CachedArchive): archive is ReadyArchive {
  return archive.content instanceof Uint8Array;
}

async function read({ stream, ...archive }: Archive, before: Kept | undefined): Promise<CachedArchive> {
  if (before?.sha256 === archive.sha256) {
    await stream.cancel();
    return { ...archive, content: before.content };
  }
  if (archive.bytes > ARCHIVE_BYTES_MAX) return { ...archive, content: stream };
  return { ...archive, content: new Uint8Array(await buffer(stream)) };
}

/** As much as the memory for it holds; what was put in first makes room. */
function createStore(): Pick<Map<string, Kept>, 'get' | 'delete'> & {
  set(key: string, archive: Kept): void;
} {
  const kept = new Map<string, Kept>();
  let totalBytes = 0;
  const drop = (key: string): boolean => {
    totalBytes -= kept.get(key)?.bytes ?? 0;
    return kept.delete(key);
  };
  return {
    get: (key) => kept.get(key),
    delete: drop,
    set: (key, archive) => {
      drop(key);
      kept.set(key, archive);
      totalBytes += archive.bytes;
      // The map remembers the order of insertion.
      for (const oldest of kept.keys()) {
        if (totalBytes <= TOTAL_BYTES_MAX) return;
        drop(oldest);
      }
    },
  };
}

/**
 * Positions in plugins' errors, as their authors know them: `plugin:///index.js:1:2345` becomes `src/index.ts:12:5` where
 * the package has a source map (ECMA-426), in a file beside the code or in its last line.
 *
 * A map is a stranger's data. It is kept as bytes when its package is read for a runner, and read itself only when an
 * error shows a position in it; the sizes of what is kept and read are bounded, and so is the share of this process'
 * time that reading takes. Without a map, or beyond a bound, the position stays what it is.
 */
import { posix } from 'node:path';

import { TraceMap, traceSegment } from '@jridgewell/trace-mapping';

export type SourceMaps = {
  /** Keeps the maps of a package that is about to run. */
  keep(digest: string, files: ReadonlyMap<string, Uint8Array>): void;
  /** @returns the text with the positions that a map of the package knows replaced; never throws */
  resolve(digest: string, text: string): string;
};

export const SOURCE_MAP_LIMITS = {
  /** One map; with the sources in it, it has about four times the size of its code. */
  mapBytesMax: 4 * 2 ** 20,
  /** The positions in it, which take twenty times their text when they are read. */
  mappingsCharsMax: 2 ** 20,
  linesMax: 100_000,
  /** All maps that are kept; the packages that were read longest ago make room. */
  keptBytesMax: 32 * 2 ** 20,
  /** Maps that stay read. */
  readMax: 4,
  /** For each millisecond of reading, this many pass before the next map is read. */
  pauseFactor: 20,
  sourceCharsMax: 200,
} as const;

/** What a map's positions are written in (ECMA-426, section 6). */
const MAPPINGS = /^[A-Za-z0-9+/;,]*$/u;
const POSITION = /plugin:\/\/\/([^\s():]+):(\d+):(\d+)/gu;
const MARKER = Buffer.from('//# sourceMappingURL=');
/** RFC 2397; bundlers write `application/json` with or without a charset. */
const INLINE = /^data:application\/json(?:;charset=[\w-]+)?;base64,/u;

type ReadMap = { readonly trace: TraceMap; readonly sources: readonly unknown[] };

/** @param nowMs a monotonic clock in milliseconds */
export function createSourceMaps(nowMs = (): number => performance.now()): SourceMaps {
  const kept = new Map<string, ReadonlyMap<string, Buffer>>();
  const read = new Map<string, ReadMap | undefined>();
  let readNextAtMs = 0;

  const readOnce = (digest: string, path: string): ReadMap | undefined => {
    const key = `${digest} ${path}`;
    if (read.has(key)) return read.get(key);
    const bytes = kept.get(digest)?.get(path);
    const startedMs = nowMs();
    if (!bytes || startedMs < readNextAtMs) return undefined;
    const map = readMap(bytes);
    const endedMs = nowMs();
    readNextAtMs = endedMs + (endedMs - startedMs) * SOURCE_MAP_LIMITS.pauseFactor;
    read.set(key, map);
    if (read.size > SOURCE_MAP_LIMITS.readMax) dropOldest(read);
    return map;
  };

  return {
    keep: (digest, files) => {
      kept.delete(digest);
      const maps = findMaps(files);
      if (maps.size > 0) kept.set(digest, maps);
      while (bytesOf(kept) > SOURCE_MAP_LIMITS.keptBytesMax) dropOldest(kept);
    },
    resolve: (digest, text) => {
      if (!kept.has(digest)) return text;
      return text.replace(POSITION, (position: string, path: string, line: string, column: string) => {
        const map = readOnce(digest, path);
        return (map && findSource(map, Number(line), Number(column))) ?? position;
      });
    },
  };
}

function dropOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

function bytesOf(kept: ReadonlyMap<string, ReadonlyMap<string, Buffer>>): number {
  let sum = 0;
  for (const maps of kept.values()) for (const bytes of maps.values()) sum += bytes.byteLength;
  return sum;
}

/** @returns the maps of a package by the path of the code that each belongs to, as bytes of their own */
function findMaps(files: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Buffer> {
  const maps = new Map<string, Buffer>();
  let bytesLeft: number = SOURCE_MAP_LIMITS.mapBytesMax;
  for (const [path, bytes] of files) {
    const map = /\.m?js$/u.test(path)
      ? findMap(path, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), files)
      : undefined;
    if (!map || map.byteLength > bytesLeft) continue;
    bytesLeft -= map.byteLength;
    maps.set(path, Buffer.from(map));
  }
  return maps;
}

/** The last marker counts (ECMA-426, section 10.1); a map in it stays base64 until it is read. */
function findMap(path: string, code: Buffer, files: ReadonlyMap<string, Uint8Array>): Uint8Array | undefined {
  const at = code.lastIndexOf(MARKER);
  if (at < 0) return undefined;
  const url = code.subarray(at + MARKER.byteLength);
  if (INLINE.test(url.toString('latin1', 0, 100))) return url;
  const name = url.toString('utf8', 0, SOURCE_MAP_LIMITS.sourceCharsMax).split(/\s/u)[0] ?? '';
  return files.get(posix.join(posix.dirname(path), name));
}

/** Only what is looked up is handed to the library: strangers' names of sources cost nothing until one is shown. */
function readMap(bytes: Buffer): ReadMap | undefined {
  try {
    const text = bytes.toString('utf8');
    const [prefix] = INLINE.exec(text) ?? [];
    const json = prefix ? Buffer.from(text.slice(prefix.length), 'base64').toString('utf8') : text;
    const { version, mappings, sources } = JSON.parse(json) as Record<string, unknown>;
    if (version !== 3 || typeof mappings !== 'string' || !MAPPINGS.test(mappings) || !Array.isArray(sources))
      return undefined;
    const { mappingsCharsMax, linesMax } = SOURCE_MAP_LIMITS;
    if (mappings.length > mappingsCharsMax || mappings.split(';', linesMax + 1).length > linesMax)
      return undefined;
    const trace = new TraceMap({ version: 3, names: [], sources: [], mappings });
    return { trace, sources };
  } catch {
    return undefined;
  }
}

/** @param line and column as V8 counts them, from 1 */
function findSource({ trace, sources }: ReadMap, line: number, column: number): string | undefined {
  try {
    const segment = traceSegment(trace, line - 1, column - 1);
    if (!segment || segment.length === 1) return undefined;
    const [, index, sourceLine, sourceColumn] = segment;
    const name = nameOf(sources[index]);
    return name && `${name}:${sourceLine + 1}:${sourceColumn + 1}`;
  } catch {
    return undefined;
  }
}

/** Without the way from the folder of the bundle to the source, and without what would break a line. */
function nameOf(source: unknown): string | undefined {
  if (typeof source !== 'string') return undefined;
  const name = source.slice(0, SOURCE_MAP_LIMITS.sourceCharsMax).replace(/^(?:\.{0,2}\/)+/u, '');
  return name.replaceAll(/[\s\p{C}]/gu, '?') || undefined;
}

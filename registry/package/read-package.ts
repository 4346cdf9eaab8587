/**
 * The gate: bytes of a stranger in, an exact table of files out.
 *
 * The journey: bound → end record → directory → names and kinds → collisions → promised sizes → local headers and
 * coverage → inflate, size, CRC → second reader → digests. Each step needs what the step before it returned, and
 * nothing is inflated before everything that can be judged without inflating has been judged. The rules and their
 * codes are in docs/formats/package.md.
 */
import { hash } from 'node:crypto';
import { PACKAGE_LIMITS } from '../../spec/limits.ts';
import { Fault } from '../../spec/refusal.ts';
import { checkCollisions } from './collisions.ts';
import { type LocatedRecord, locateContents } from './coverage.ts';
import { type DirectoryRecord, readDirectory } from './directory.ts';
import { type EndRecord, readEndRecord } from './end-record.ts';
import { type EntryKind, kindOfEntry } from './entry-kind.ts';
import { checkName, type EntryPath } from './entry-name.ts';
import { checkExpansion } from './expansion.ts';
import { inflateEntry } from './inflate.ts';
import { refuseArchive, refuseEntry } from './refuse.ts';
import { compareWithSecondReader } from './second-reader.ts';

declare const readPackageBrand: unique symbol;

/** One regular file of a package. */
export type PackageEntry = {
  readonly path: string;
  /** Bytes after inflating. */
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
};

/** A package that passed the gate. Only `readPackage` makes one. */
export type ReadPackage = {
  /** Lower-case hex SHA-256 of the archive as it came in. */
  readonly archiveSha256: string;
  /** Bytes of the archive. */
  readonly size: number;
  /** Every regular file, sorted by the UTF-8 bytes of its path. Folders are not listed. */
  readonly entries: readonly PackageEntry[];
  /** The content of every regular file by its path; views of one buffer that shares nothing with the archive. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly [readPackageBrand]: true;
};

/** A directory record whose name and kind keep the rules. */
type NamedRecord = DirectoryRecord & { readonly name: EntryPath; readonly kind: EntryKind };

/**
 * Reads a package. Pure and synchronous; costs up to seconds for the largest packages, so a server calls it through
 * `PackageReader`.
 * @param bytes the whole archive
 * @throws Refusal `archive_*`, for the first rule that the archive breaks
 */
export function readPackage(bytes: Uint8Array): ReadPackage {
  const archive = boundArchive(bytes);
  const end = readEndRecord(archive);
  const records = nameRecords(archive, end);
  const contentBytes = checkExpansion(archive.length, records);
  const located = locateContents(archive, end, records);
  const contents = inflateAll(located, contentBytes);
  compareWithSecondReader(archive, end, records, contents);
  return describePackage(archive, records, contents);
}

function boundArchive(bytes: Uint8Array): Buffer {
  if (bytes.length > PACKAGE_LIMITS.archiveBytesMax)
    refuseArchive(
      'archive_too_large',
      `The archive has ${bytes.length} bytes, more than ${PACKAGE_LIMITS.archiveBytesMax}.`,
    );
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function nameRecords(archive: Buffer, end: EndRecord): NamedRecord[] {
  const named = readDirectory(archive, end).map((record): NamedRecord => {
    const name = checkName(record.name);
    return { ...record, name, kind: kindOfEntry(name, record.attributes) };
  });
  checkCollisions(named.map((record) => record.name));
  for (const record of named) {
    if (record.kind === 'folder' && record.size > 0)
      refuseEntry('archive_folder_content', record.name, `It is a folder with ${record.size} bytes.`);
  }
  return named;
}

/**
 * @param contentBytes the sum of all sizes, which `inflateEntry` proves one by one
 * @returns the contents by name, all in one buffer, so that a worker can hand them over without copying
 */
function inflateAll(located: readonly LocatedRecord[], contentBytes: number): Map<string, Uint8Array> {
  const all = new Uint8Array(contentBytes);
  const contents = new Map<string, Uint8Array>();
  let at = 0;
  for (const { record, compressed } of located) {
    const content = inflateEntry(compressed, record);
    all.set(content, at);
    contents.set(record.name, all.subarray(at, at + content.length));
    at += content.length;
  }
  return contents;
}

function describePackage(
  archive: Buffer,
  records: readonly NamedRecord[],
  contents: ReadonlyMap<string, Uint8Array>,
): ReadPackage {
  const sorted = byUtf8(records.filter(({ kind }) => kind === 'file').map(({ name }) => name));
  const files = new Map(sorted.map((path): [string, Uint8Array] => [path, contentOf(contents, path)]));
  const entries = [...files].map(([path, content]): PackageEntry => ({
    path,
    size: content.length,
    sha256: hash('sha256', content, 'hex'),
  }));
  const described: Omit<ReadPackage, typeof readPackageBrand> = {
    archiveSha256: hash('sha256', archive, 'hex'),
    size: archive.length,
    entries,
    files,
  };
  return described as ReadPackage;
}

/** Each path becomes bytes once, and not with every comparison. */
function byUtf8<Path extends string>(paths: readonly Path[]): Path[] {
  return paths
    .map((path) => ({ path, bytes: Buffer.from(path) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ path }) => path);
}

function contentOf(contents: ReadonlyMap<string, Uint8Array>, path: string): Uint8Array {
  const content = contents.get(path);
  if (content === undefined) throw new Fault('a named record has no content');
  return content;
}

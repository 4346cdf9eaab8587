/**
 * adm-zip reads the archive after the gate. The gate's table is the truth; a reader that sees anything else shows
 * that the gate let an ambiguity through, and the archive is refused. Its own messages are never passed on: its
 * error factory repeats the names of earlier archives.
 */
import { createRequire } from 'node:module';
import { crc32 } from 'node:zlib';
import AdmZip from 'adm-zip';
import { type DirectoryRecord, RECORD_BYTES, RECORD_SIGNATURE } from './directory.ts';
import { COMMENT_BYTES_MAX, END_BYTES, END_SIGNATURE, type EndRecord } from './end-record.ts';
import { refuseArchive, refuseEntry } from './refuse.ts';

/**
 * adm-zip sums up every byte in a loop of its own, which is a quarter of the time that a bundle takes to be read. The
 * engine's function gives the same number.
 */
const utilities = createRequire(import.meta.url)('adm-zip/util/utils.js') as { crc32: typeof crc32 };
utilities.crc32 = crc32;

/**
 * @param end where the directory of `archive` lies
 * @param contents the contents by name, as the gate read them; folders have empty contents
 * @throws Refusal `archive_readers_disagree`
 */
export function compareWithSecondReader(
  archive: Buffer,
  end: EndRecord,
  records: readonly DirectoryRecord[],
  contents: ReadonlyMap<string, Uint8Array>,
): void {
  const entries = attempt(() => new AdmZip(viewFor(archive, end, records), { noSort: true }).getEntries());
  if (entries.length !== records.length)
    refuseArchive(
      'archive_readers_disagree',
      `One reader sees ${records.length} entries, another ${entries.length}.`,
    );
  for (const [index, record] of records.entries()) compareEntry(record, entries[index], contents);
}

/**
 * adm-zip reads the zip64 extra of a record at fixed positions, where the format packs the saturated fields only
 * (APPNOTE 6.3.10, section 4.5.3), and looks for all end records in the bytes that the plain one and its comment can
 * take. What it cannot read is shown to it with the resolved values in the plain fields, which have room for every value
 * within the limits; the entries themselves are the same bytes.
 */
function viewFor(archive: Buffer, end: EndRecord, records: readonly DirectoryRecord[]): Buffer {
  const isEndInSight = archive.length - end.directoryEnd <= END_BYTES + COMMENT_BYTES_MAX;
  if (isEndInSight && !records.some((record) => record.isZip64)) return archive;
  const directory = Buffer.concat(records.flatMap((record) => [plainRecord(record), record.nameBytes]));
  const tail = Buffer.alloc(END_BYTES);
  END_SIGNATURE.copy(tail);
  tail.writeUInt16LE(records.length, 8);
  tail.writeUInt16LE(records.length, 10);
  tail.writeUInt32LE(directory.length, 12);
  tail.writeUInt32LE(end.directoryOffset, 16);
  return Buffer.concat([archive.subarray(0, end.directoryOffset), directory, tail]);
}

function plainRecord(record: DirectoryRecord): Buffer {
  const bytes = Buffer.alloc(RECORD_BYTES);
  bytes.writeUInt32LE(RECORD_SIGNATURE, 0);
  bytes.writeUInt16LE(record.flags, 8);
  bytes.writeUInt16LE(record.method, 10);
  bytes.writeUInt32LE(record.crc32, 16);
  bytes.writeUInt32LE(record.compressedSize, 20);
  bytes.writeUInt32LE(record.size, 24);
  bytes.writeUInt16LE(record.nameBytes.length, 28);
  bytes.writeUInt32LE(record.localOffset, 42);
  return bytes;
}

function compareEntry(
  record: DirectoryRecord,
  entry: AdmZip.IZipEntry | undefined,
  contents: ReadonlyMap<string, Uint8Array>,
): void {
  const { name } = record;
  if (entry?.entryName !== name)
    return refuseEntry('archive_readers_disagree', name, 'A second reader gives it another name.');
  const content = attempt(() => entry.getData());
  const expected = contents.get(name);
  // Equal bytes have equal sizes and hashes.
  if (entry.header.size !== record.size || expected === undefined || !content.equals(expected))
    refuseEntry('archive_readers_disagree', name, 'A second reader gives it another size or content.');
}

function attempt<Result>(read: () => Result): Result {
  try {
    return read();
  } catch {
    return refuseArchive('archive_readers_disagree', 'A second reader cannot read the archive.');
  }
}

/**
 * The central directory (APPNOTE 6.3.10, section 4.3.12): one record of 46 bytes, name, extra field and comment per
 * entry. It fills the bytes between its offset and the end records exactly.
 */
import type { EndRecord } from './end-record.ts';
import { decodeName } from './entry-name.ts';
import { hasZip64, readExtraFields, resolveZip64 } from './extra-fields.ts';
import { refuseArchive, refuseEntry } from './refuse.ts';

export const RECORD_SIGNATURE = 0x02014b50;
export const RECORD_BYTES = 46;

export const METHOD_STORE = 0;
export const METHOD_DEFLATE = 8;

/** Bit 3: sizes and CRC follow the data in a descriptor (4.4.4). */
export const FLAG_DESCRIPTOR = 1 << 3;
/** Bit 11: the name is UTF-8. */
const FLAG_UTF8 = 1 << 11;
/** Bits 1 and 2 tell how hard deflate tried, and mean nothing to a reader. */
const FLAGS_ALLOWED = 0b110 | FLAG_DESCRIPTOR | FLAG_UTF8;
/** Bit 0: encrypted; bit 6: strong encryption; bit 13: masked headers. */
const FLAGS_ENCRYPTED = (1 << 0) | (1 << 6) | (1 << 13);
/** 4.5 brought zip64; what came later is encryption and other methods (4.4.3.2). */
const VERSION_NEEDED_MAX = 45;

/** One record of the directory. Sizes and offset are the true ones, zip64 resolved. */
export type DirectoryRecord = {
  readonly name: string;
  readonly nameBytes: Buffer;
  readonly flags: number;
  readonly method: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly localOffset: number;
  /** Whether the record had fields in a zip64 extra. */
  readonly isZip64: boolean;
  /** Unix mode in the upper, DOS attributes in the lower half (4.4.15). */
  readonly attributes: number;
};

/**
 * @returns the records in the order of the directory
 * @throws Refusal `archive_directory_*`, `archive_entry_*`, `archive_flags_unsupported`,
 *   `archive_method_unsupported`, `archive_version_unsupported`, `archive_extra_*`, `archive_name_encoding`,
 *   `archive_name_flag`
 */
export function readDirectory(archive: Buffer, end: EndRecord): DirectoryRecord[] {
  const directory = archive.subarray(end.directoryOffset, end.directoryEnd);
  const records: DirectoryRecord[] = [];
  let at = 0;
  while (at < directory.length) {
    if (records.length === end.entryCount)
      refuseArchive('archive_directory_count', `The directory goes on after ${end.entryCount} records.`);
    const recordEnd = recordEndAt(directory, at);
    records.push(readRecord(directory.subarray(at, recordEnd)));
    at = recordEnd;
  }
  if (records.length !== end.entryCount)
    refuseArchive(
      'archive_directory_count',
      `The directory has ${records.length} records, the end record says ${end.entryCount}.`,
    );
  return records;
}

function recordEndAt(directory: Buffer, at: number): number {
  if (at + RECORD_BYTES > directory.length || directory.readUInt32LE(at) !== RECORD_SIGNATURE)
    refuseArchive('archive_directory_invalid', `No directory record stands at byte ${at} of the directory.`);
  const end =
    at +
    RECORD_BYTES +
    directory.readUInt16LE(at + 28) +
    directory.readUInt16LE(at + 30) +
    directory.readUInt16LE(at + 32);
  if (end > directory.length)
    refuseArchive('archive_directory_invalid', `The record at byte ${at} runs out of the directory.`);
  return end;
}

/** @param record exactly one record */
function readRecord(record: Buffer): DirectoryRecord {
  const flags = record.readUInt16LE(8);
  const nameEnd = RECORD_BYTES + record.readUInt16LE(28);
  const nameBytes = record.subarray(RECORD_BYTES, nameEnd);
  const name = decodeName(nameBytes, (flags & FLAG_UTF8) !== 0);
  const method = record.readUInt16LE(10);
  checkForm(name, { flags, method, versionNeeded: record.readUInt16LE(6) });
  if (record.readUInt16LE(32) !== 0) refuseEntry('archive_entry_comment', name, 'It has a comment.');
  const extra = record.subarray(nameEnd, nameEnd + record.readUInt16LE(30));
  return {
    name,
    nameBytes,
    flags,
    method,
    crc32: record.readUInt32LE(16),
    ...readPlace(record, extra, name),
    attributes: record.readUInt32LE(38),
  };
}

/** Checks what says how an entry is to be read, in the directory and in the local header alike. */
export function checkForm(
  name: string,
  form: { flags: number; method: number; versionNeeded: number },
): void {
  if ((form.flags & FLAGS_ENCRYPTED) !== 0)
    refuseEntry('archive_entry_encrypted', name, 'Its flags say that it is encrypted.');
  if ((form.flags & ~FLAGS_ALLOWED) !== 0)
    refuseEntry('archive_flags_unsupported', name, `Its flags are 0x${form.flags.toString(16)}.`);
  if (form.method !== METHOD_STORE && form.method !== METHOD_DEFLATE)
    refuseEntry('archive_method_unsupported', name, `Its method is ${form.method}.`);
  // The upper byte is the system of the maker in some writers, and means nothing here.
  if ((form.versionNeeded & 0xff) > VERSION_NEEDED_MAX)
    refuseEntry('archive_version_unsupported', name, `It needs version ${(form.versionNeeded & 0xff) / 10}.`);
}

type Place = Pick<DirectoryRecord, 'compressedSize' | 'size' | 'localOffset' | 'isZip64'>;

function readPlace(record: Buffer, extra: Buffer, name: string): Place {
  const plain = [record.readUInt32LE(24), record.readUInt32LE(20), record.readUInt32LE(42)];
  const disk = record.readUInt16LE(34);
  const fields = readExtraFields(extra, name);
  const [size = 0, compressedSize = 0, localOffset = 0, trueDisk = 0] = resolveZip64(
    fields,
    [
      ...plain.map((value) => ({ value, bytes: 8 as const, saturated: value === 0xffffffff })),
      { value: disk, bytes: 4, saturated: disk === 0xffff },
    ],
    name,
  );
  if (trueDisk !== 0) refuseEntry('archive_split', name, `It lies on disk ${trueDisk}.`);
  return { compressedSize, size, localOffset, isZip64: hasZip64(fields) };
}

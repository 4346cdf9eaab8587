/**
 * The end of central directory record (APPNOTE 6.3.10, section 4.3.16) and its zip64 form (4.3.14, 4.3.15).
 *
 * Readers differ most in which end record they believe: the last signature, the first one, the one whose comment
 * fits. So exactly one may fit, its comment reaches the end of the archive, and nothing in the comment looks like a
 * record. The zip64 record is found through its locator alone and stands immediately before it:
 *
 *     … directory │ [zip64 record 56 bytes │ locator 20 bytes] │ end record 22 bytes │ comment │ end of archive
 */
import { PACKAGE_LIMITS } from '../../spec/limits.ts';
import { refuseArchive } from './refuse.ts';

export const END_SIGNATURE = Buffer.from('PK\u0005\u0006', 'latin1');
export const END_BYTES = 22;
export const COMMENT_BYTES_MAX = 0xffff;
const LOCATOR_SIGNATURE = 0x07064b50;
const LOCATOR_BYTES = 20;
const ZIP64_SIGNATURE = 0x06064b50;
const ZIP64_BYTES = 56;
/** "Size of zip64 end of central directory record" counts what follows that field: 56 - 12. */
const ZIP64_SIZE_FIELD = 44n;

/** Where the central directory lies, proved to end exactly where the end records begin. */
export type EndRecord = {
  readonly directoryOffset: number;
  readonly directoryEnd: number;
  readonly entryCount: number;
};

type Fields = { entryCount: number; directorySize: number; directoryOffset: number };
/** As the plain record has them; a field that is saturated refers to the zip64 record (4.4.1.4). */
type PlainFields = Fields & { isDiskSaturated: boolean };

/**
 * @param archive the whole archive
 * @throws Refusal `archive_end_record_*`, `archive_trailing_bytes`, `archive_comment_ambiguous`, `archive_split`,
 *   `archive_zip64_*`, `archive_directory_bounds`, `archive_empty`, `archive_too_many_entries`
 */
export function readEndRecord(archive: Buffer): EndRecord {
  const end = findEndRecord(archive);
  const plain = readPlainFields(archive, end);
  const zip64 = readZip64Record(archive, end, plain);
  const fields = zip64?.fields ?? plain;
  const directoryEnd = zip64?.offset ?? end;
  if (fields.directoryOffset + fields.directorySize !== directoryEnd)
    refuseArchive(
      'archive_directory_bounds',
      `The directory is said to take ${fields.directorySize} bytes from byte ${fields.directoryOffset}, but the end records begin at byte ${directoryEnd}.`,
    );
  checkCount(fields.entryCount);
  return { directoryOffset: fields.directoryOffset, directoryEnd, entryCount: fields.entryCount };
}

function checkCount(entryCount: number): void {
  if (entryCount === 0) refuseArchive('archive_empty', 'The directory lists no entries.');
  if (entryCount > PACKAGE_LIMITS.entriesMax)
    refuseArchive(
      'archive_too_many_entries',
      `The directory lists ${entryCount} entries, more than ${PACKAGE_LIMITS.entriesMax}.`,
    );
}

/** @returns the offset of the one end record whose comment reaches the end of the archive. */
function findEndRecord(archive: Buffer): number {
  const first = Math.max(0, archive.length - END_BYTES - COMMENT_BYTES_MAX);
  const found = signatureOffsets(archive, first);
  const fitting = found.filter((at) => at + END_BYTES + archive.readUInt16LE(at + 20) === archive.length);
  const [end] = fitting;
  if (end === undefined) return refuseWithoutFit(found.length);
  if (fitting.length > 1)
    refuseArchive(
      'archive_end_record_ambiguous',
      `${fitting.length} end records each reach the end of the archive.`,
    );
  // A reader that takes the last signature, or one that scans for local headers, must find nothing in the comment.
  if (archive.includes('PK', end + END_BYTES, 'latin1'))
    refuseArchive('archive_comment_ambiguous', 'The comment of the archive holds the letters PK.');
  return end;
}

function refuseWithoutFit(signatureCount: number): never {
  if (signatureCount === 0)
    refuseArchive('archive_end_record_missing', 'The last 65,557 bytes hold no end record.');
  refuseArchive('archive_trailing_bytes', 'No end record reaches the end of the bytes with its comment.');
}

function signatureOffsets(archive: Buffer, first: number): number[] {
  const offsets: number[] = [];
  let at = archive.indexOf(END_SIGNATURE, first);
  while (at !== -1 && at + END_BYTES <= archive.length) {
    offsets.push(at);
    at = archive.indexOf(END_SIGNATURE, at + 1);
  }
  return offsets;
}

function readPlainFields(archive: Buffer, end: number): PlainFields {
  const disk = archive.readUInt16LE(end + 4);
  const directoryDisk = archive.readUInt16LE(end + 6);
  const entriesHere = archive.readUInt16LE(end + 8);
  const entryCount = archive.readUInt16LE(end + 10);
  const disks = [disk, directoryDisk];
  if (disks.some((number) => number !== 0 && number !== 0xffff))
    refuseArchive('archive_split', `The end record says disk ${disk}, directory on disk ${directoryDisk}.`);
  if (entriesHere !== entryCount)
    refuseArchive(
      'archive_split',
      `The end record counts ${entriesHere} entries here and ${entryCount} in all.`,
    );
  return {
    entryCount,
    directorySize: archive.readUInt32LE(end + 12),
    directoryOffset: archive.readUInt32LE(end + 16),
    isDiskSaturated: disks.includes(0xffff),
  };
}

function isSaturated(plain: PlainFields): boolean {
  return (
    plain.isDiskSaturated ||
    plain.entryCount === 0xffff ||
    plain.directorySize === 0xffffffff ||
    plain.directoryOffset === 0xffffffff
  );
}

/** @returns the zip64 record, or undefined where the archive has none and needs none. */
function readZip64Record(
  archive: Buffer,
  end: number,
  plain: PlainFields,
): { offset: number; fields: Fields } | undefined {
  const locator = end - LOCATOR_BYTES;
  if (locator < 0 || archive.readUInt32LE(locator) !== LOCATOR_SIGNATURE) {
    if (isSaturated(plain))
      refuseArchive('archive_zip64_locator_missing', 'A field of the end record refers to zip64.');
    return undefined;
  }
  const offset = readLocator(archive, locator);
  return { offset, fields: agreedFields(readZip64Fields(archive, offset), plain) };
}

/** @returns the offset of the zip64 record, proved to stand immediately before the locator. */
function readLocator(archive: Buffer, locator: number): number {
  const offset = archive.readBigUInt64LE(locator + 8);
  const expected = locator - ZIP64_BYTES;
  if (archive.readUInt32LE(locator + 4) !== 0 || archive.readUInt32LE(locator + 16) !== 1)
    refuseArchive('archive_split', 'The zip64 locator speaks of more than one disk.');
  if (offset !== BigInt(expected) || expected < 0)
    refuseArchive(
      'archive_zip64_record_misplaced',
      `The locator points to byte ${offset}; the record belongs at byte ${expected}.`,
    );
  if (archive.readUInt32LE(expected) !== ZIP64_SIGNATURE)
    refuseArchive('archive_zip64_record_misplaced', `No zip64 record stands at byte ${expected}.`);
  return expected;
}

function readZip64Fields(archive: Buffer, at: number): Fields {
  // A larger record would hold an extensible data sector (4.3.14.2), in which anything can hide.
  if (archive.readBigUInt64LE(at + 4) !== ZIP64_SIZE_FIELD)
    refuseArchive('archive_zip64_record_invalid', 'The zip64 record is not 56 bytes long.');
  if (archive.readUInt32LE(at + 16) !== 0 || archive.readUInt32LE(at + 20) !== 0)
    refuseArchive('archive_split', 'The zip64 record speaks of more than one disk.');
  const entryCount = archive.readBigUInt64LE(at + 32);
  if (archive.readBigUInt64LE(at + 24) !== entryCount)
    refuseArchive('archive_split', 'The zip64 record counts fewer entries here than in all.');
  return {
    entryCount: boundedNumber(entryCount),
    directorySize: boundedNumber(archive.readBigUInt64LE(at + 40)),
    directoryOffset: boundedNumber(archive.readBigUInt64LE(at + 48)),
  };
}

/** Numbers that no archive within the size limit can mean are refused before they can lose digits. */
function boundedNumber(value: bigint): number {
  if (value > BigInt(PACKAGE_LIMITS.archiveBytesMax))
    refuseArchive('archive_zip64_record_invalid', `The zip64 record holds the number ${value}.`);
  return Number(value);
}

/** Every field of the plain record is either saturated or equal to the zip64 one (4.4.1.4). */
function agreedFields(zip64: Fields, plain: PlainFields): Fields {
  const agrees =
    (plain.entryCount === 0xffff || plain.entryCount === zip64.entryCount) &&
    (plain.directorySize === 0xffffffff || plain.directorySize === zip64.directorySize) &&
    (plain.directoryOffset === 0xffffffff || plain.directoryOffset === zip64.directoryOffset);
  if (!agrees)
    refuseArchive(
      'archive_zip64_record_mismatch',
      'A field of the end record is neither saturated nor equal.',
    );
  return zip64;
}

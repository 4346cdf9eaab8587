/** Archives whose skeleton can be read in two ways: end records, zip64, directory, gaps and overlaps. */
import type { ArchiveErrorCode } from '../refuse.ts';
import type { RejectCase } from './corpus-case.ts';
import {
  endRecord,
  extraField,
  type ForgeEntry,
  type ForgeOptions,
  forgeZip,
  INDEX,
  MANIFEST,
  u32,
  u64,
} from './forge.ts';

const SOUND: readonly ForgeEntry[] = [MANIFEST, INDEX];
const OTHER: ForgeEntry = { name: 'other.js', content: 'export const other = 1;' };
const JUNK = Buffer.from('#!/bin/sh\nexit 1\n');

function around(trick: string, code: ArchiveErrorCode, options: ForgeOptions): RejectCase {
  return { trick, code, archive: () => forgeZip(SOUND, options) };
}

function entries(trick: string, code: ArchiveErrorCode, ...list: readonly ForgeEntry[]): RejectCase {
  return { trick, code, archive: () => forgeZip(list) };
}

function cut(trick: string, code: ArchiveErrorCode, bytesKept: (whole: Buffer) => number): RejectCase {
  return { trick, code, archive: () => forgeZip(SOUND).subarray(0, bytesKept(forgeZip(SOUND))) };
}

/** Two whole directories and end records; which one a reader takes depends on the end it starts from. */
function twoArchives(): Buffer {
  const first = forgeZip([MANIFEST]);
  return Buffer.concat([first, forgeZip([OTHER])]);
}

/** The inner end record reaches the end of the bytes as well, because the outer one lies in its comment. */
function endInsideComment(): Buffer {
  const outer = forgeZip(SOUND);
  const decoy = endRecord({
    disk: 0,
    directoryDisk: 0,
    entriesHere: 0,
    entryCount: 0,
    directorySize: 0,
    directoryOffset: 0,
    commentLength: 22,
  });
  return Buffer.concat([outer.subarray(0, -22), decoy, outer.subarray(-22)]);
}

/** Every record points to the same stored bytes. */
function sharedHeader(): Buffer {
  const kernel: ForgeEntry = { name: 'a.js', content: 'x'.repeat(1000) };
  const copies = Array.from({ length: 100 }, (_, index): ForgeEntry => ({
    ...kernel,
    name: `b${index}.js`,
    isPresent: false,
    central: { offset: 0 },
  }));
  return forgeZip([kernel, ...copies]);
}

/** The data of the first entry is said to run over the local header of the second ("quoted" overlap). */
function quotedOverlap(): Buffer {
  const inner = forgeZip([INDEX]);
  const second = inner.subarray(0, inner.indexOf('PK\u0001\u0002', 0, 'latin1'));
  return forgeZip([
    {
      name: 'a.js',
      content: second,
      data: Buffer.alloc(0),
      both: { compressedSize: second.length },
      method: 0,
    },
    INDEX,
  ]);
}

/** A sound archive whose end record says that these bytes before it are the directory. */
function withDirectory(directory: Buffer): Buffer {
  const whole = forgeZip(SOUND, { afterDirectory: directory, end: { directorySize: directory.length } });
  whole.writeUInt32LE(whole.length - 22 - directory.length, whole.length - 6);
  return whole;
}

function bigCount(): Buffer {
  return forgeZip(Array.from({ length: 5001 }, (_, index) => ({ name: `${index}`, content: '' })));
}

export const REJECT_STRUCTURE: readonly RejectCase[] = [
  { trick: 'no-bytes', code: 'archive_end_record_missing', archive: () => Buffer.alloc(0) },
  { trick: 'text', code: 'archive_end_record_missing', archive: () => Buffer.from('hello') },
  { trick: 'zeros', code: 'archive_end_record_missing', archive: () => Buffer.alloc(100_000) },
  { trick: 'gzip', code: 'archive_end_record_missing', archive: () => Buffer.from('1f8b0800', 'hex') },
  {
    trick: 'over-the-size-limit',
    code: 'archive_too_large',
    archive: () => Buffer.alloc(50 * 1024 * 1024 + 1),
  },
  cut('cut-in-end-record', 'archive_end_record_missing', (whole) => whole.length - 1),
  cut('cut-before-end-record', 'archive_end_record_missing', (whole) => whole.length - 22),
  cut('cut-in-half', 'archive_end_record_missing', (whole) => whole.length >> 1),
  {
    trick: 'cut-at-the-front',
    code: 'archive_directory_bounds',
    archive: () => forgeZip(SOUND).subarray(10),
  },
  { trick: 'empty-archive', code: 'archive_empty', archive: () => forgeZip([]) },
  { trick: 'entries-5001', code: 'archive_too_many_entries', archive: bigCount },
  around('trailing-bytes', 'archive_trailing_bytes', { trailing: JUNK }),
  around('trailing-newline', 'archive_trailing_bytes', { trailing: Buffer.from('\n') }),
  around('trailing-zeros', 'archive_end_record_missing', { trailing: Buffer.alloc(70_000) }),
  around('comment-shorter-than-said', 'archive_trailing_bytes', { end: { commentLength: 5 } }),
  around('comment-longer-than-said', 'archive_trailing_bytes', { comment: JUNK, end: { commentLength: 3 } }),
  around('comment-with-signature', 'archive_comment_ambiguous', {
    comment: Buffer.from('see PK\u0003\u0004'),
  }),
  around('comment-with-letters-pk', 'archive_comment_ambiguous', { comment: Buffer.from('PK') }),
  { trick: 'end-record-in-comment', code: 'archive_end_record_ambiguous', archive: endInsideComment },
  { trick: 'two-archives', code: 'archive_directory_bounds', archive: twoArchives },
  around('disk-number', 'archive_split', { end: { disk: 1 } }),
  around('directory-disk', 'archive_split', { end: { directoryDisk: 1 } }),
  around('disk-saturated-without-zip64', 'archive_zip64_locator_missing', { end: { disk: 0xffff } }),
  around('counts-differ', 'archive_split', { end: { entriesHere: 1 } }),
  around('count-too-low', 'archive_directory_count', { end: { entriesHere: 1, entryCount: 1 } }),
  around('count-too-high', 'archive_directory_count', { end: { entriesHere: 3, entryCount: 3 } }),
  around('count-zero-with-entries', 'archive_empty', { end: { entriesHere: 0, entryCount: 0 } }),
  around('directory-size-short', 'archive_directory_bounds', { end: { directorySize: 10 } }),
  around('directory-offset-moved', 'archive_directory_bounds', { end: { directoryOffset: 0 } }),
  around('directory-offset-beyond', 'archive_directory_bounds', { end: { directoryOffset: 0x7fffffff } }),
  {
    trick: 'directory-moved-behind-itself',
    code: 'archive_directory_invalid',
    archive: () => withDirectory(JUNK),
  },
  {
    trick: 'directory-of-a-signature-alone',
    code: 'archive_directory_invalid',
    archive: () => withDirectory(Buffer.from('PK\u0001\u0002')),
  },
  around('gap-after-directory', 'archive_directory_bounds', { afterDirectory: JUNK }),
  around('gap-before-end-record', 'archive_directory_bounds', { beforeEnd: JUNK }),
  around('gap-before-directory', 'archive_gap', { beforeDirectory: JUNK }),
  around('prefix-shebang', 'archive_gap', { prefix: JUNK }),
  around('prefix-png', 'archive_gap', { prefix: Buffer.from('89504e470d0a1a0a', 'hex') }),
  {
    trick: 'prefix-unadjusted',
    code: 'archive_directory_bounds',
    archive: () => Buffer.concat([JUNK, forgeZip(SOUND)]),
  },
  entries('gap-between-entries', 'archive_gap', MANIFEST, { ...INDEX, before: JUNK }),
  entries('gap-of-one-byte', 'archive_gap', { ...MANIFEST, after: Buffer.alloc(1) }, INDEX),
  entries('hidden-first-entry', 'archive_gap', { ...OTHER, isListed: false }, MANIFEST),
  entries('hidden-middle-entry', 'archive_gap', MANIFEST, { ...OTHER, isListed: false }, INDEX),
  entries('hidden-last-entry', 'archive_gap', MANIFEST, { ...OTHER, isListed: false }),
  { trick: 'shared-header', code: 'archive_overlap', archive: sharedHeader },
  { trick: 'quoted-overlap', code: 'archive_overlap', archive: quotedOverlap },
  entries('overlap-of-directory', 'archive_overlap', MANIFEST, { ...INDEX, both: { compressedSize: 4000 } }),
  entries('same-offset-twice', 'archive_overlap', MANIFEST, { ...INDEX, central: { offset: 0 } }),
  entries('offset-in-directory', 'archive_local_header_invalid', MANIFEST, {
    ...OTHER,
    isPresent: false,
    central: { offset: 60_000 },
  }),
  entries('offset-into-data', 'archive_local_header_invalid', MANIFEST, {
    ...OTHER,
    isPresent: false,
    central: { offset: 40 },
  }),
  entries('offset-into-header', 'archive_local_header_invalid', MANIFEST, {
    ...OTHER,
    isPresent: false,
    central: { offset: 10 },
  }),
  entries('directory-record-signature', 'archive_directory_invalid', MANIFEST, {
    ...INDEX,
    central: { signature: 0x02014b51 },
  }),
  entries('directory-digital-signature', 'archive_directory_invalid', MANIFEST, {
    ...INDEX,
    central: { signature: 0x05054b50 },
  }),
  {
    trick: 'directory-record-cut',
    code: 'archive_directory_invalid',
    archive: () => {
      const whole = forgeZip(SOUND);
      // The name length of the last record, made longer than the directory.
      whole.writeUInt16LE(200, whole.lastIndexOf(Buffer.from('PK\u0001\u0002', 'latin1')) + 28);
      return whole;
    },
  },
  entries('entry-comment', 'archive_entry_comment', MANIFEST, {
    ...INDEX,
    central: { comment: Buffer.from('hi') },
  }),
  entries('entry-on-disk-1', 'archive_split', MANIFEST, { ...INDEX, central: { disk: 1 } }),
  around('zip64-locator-missing', 'archive_zip64_locator_missing', { end: { directoryOffset: 0xffffffff } }),
  around('zip64-count-without-record', 'archive_zip64_locator_missing', {
    end: { entriesHere: 0xffff, entryCount: 0xffff },
  }),
  around('zip64-locator-elsewhere', 'archive_zip64_record_misplaced', { zip64: { locatorOffset: 0n } }),
  around('zip64-locator-huge', 'archive_zip64_record_misplaced', {
    zip64: { locatorOffset: 2n ** 64n - 1n },
  }),
  around('zip64-gap-before-locator', 'archive_zip64_record_misplaced', {
    zip64: {},
    beforeLocator: Buffer.alloc(8),
  }),
  around('zip64-gap-after-locator', 'archive_zip64_locator_missing', {
    zip64: {},
    beforeEnd: Buffer.alloc(8),
  }),
  around('zip64-record-signature', 'archive_zip64_record_misplaced', {
    zip64: { recordSignature: 0x06064b51 },
  }),
  around('zip64-record-extensible', 'archive_zip64_record_invalid', { zip64: { recordSize: 52n } }),
  around('zip64-record-short', 'archive_zip64_record_invalid', { zip64: { recordSize: 0n } }),
  around('zip64-disks', 'archive_split', { zip64: { locatorDisks: 2 } }),
  around('zip64-locator-disk', 'archive_split', { zip64: { locatorDisk: 1 } }),
  around('zip64-record-disk', 'archive_split', { zip64: { directoryDisk: 1 } }),
  around('zip64-counts-differ', 'archive_split', { zip64: { entriesHere: 1n } }),
  around('zip64-count-wraps', 'archive_zip64_record_invalid', {
    zip64: { entriesHere: 2n ** 32n + 2n, entryCount: 2n ** 32n + 2n },
  }),
  around('zip64-offset-wraps', 'archive_zip64_record_invalid', { zip64: { directoryOffset: 2n ** 32n } }),
  around('zip64-contradicts-count', 'archive_zip64_record_mismatch', {
    zip64: {},
    end: { entriesHere: 1, entryCount: 1 },
  }),
  around('zip64-contradicts-offset', 'archive_zip64_record_mismatch', {
    zip64: {},
    end: { directoryOffset: 5 },
  }),
  around('zip64-hidden-second-directory', 'archive_zip64_record_mismatch', {
    zip64: { directoryOffset: 5n },
    end: { directoryOffset: 6 },
  }),
  entries('zip64-extra-missing', 'archive_zip64_extra_invalid', MANIFEST, {
    ...INDEX,
    central: { size: 0xffffffff },
  }),
  entries('zip64-extra-needless', 'archive_zip64_extra_invalid', MANIFEST, {
    ...INDEX,
    central: { extra: extraField(1, u64(380)) },
  }),
  entries('zip64-extra-empty', 'archive_zip64_extra_invalid', MANIFEST, {
    ...INDEX,
    central: { extra: extraField(1, Buffer.alloc(0)) },
  }),
  entries('zip64-extra-too-long', 'archive_zip64_extra_invalid', MANIFEST, {
    ...INDEX,
    central: { size: 0xffffffff, extra: extraField(1, Buffer.concat([u64(380), u64(1)])) },
  }),
  entries('zip64-extra-local-only-wrong', 'archive_local_size_mismatch', MANIFEST, {
    ...INDEX,
    local: {
      size: 0xffffffff,
      compressedSize: 0xffffffff,
      extra: extraField(1, Buffer.concat([u64(1), u64(1)])),
    },
  }),
  entries('zip64-extra-wraps', 'archive_file_too_large', MANIFEST, {
    ...INDEX,
    central: { size: 0xffffffff, extra: extraField(1, u64(2n ** 32n + 380n)) },
  }),
  entries('zip64-extra-beyond-double', 'archive_zip64_extra_invalid', MANIFEST, {
    ...INDEX,
    central: { size: 0xffffffff, extra: extraField(1, u64(2n ** 63n)) },
  }),
  entries('zip64-extra-disk', 'archive_split', MANIFEST, {
    ...INDEX,
    central: { disk: 0xffff, extra: extraField(1, u32(1)) },
  }),
];

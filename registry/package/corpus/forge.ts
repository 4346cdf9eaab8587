/**
 * A ZIP forge for tests: writes sound archives, and any lie on request. Every field of every record can be
 * overridden; what is not overridden is true.
 */
import { crc32, deflateRawSync } from 'node:zlib';

/** The fields that local header and directory record share, and those of the directory alone. */
type HeaderFields = {
  signature: number;
  madeBy: number;
  versionNeeded: number;
  flags: number;
  method: number;
  crc32: number;
  compressedSize: number;
  size: number;
  name: Buffer;
  extra: Buffer;
  comment: Buffer;
  disk: number;
  attributes: number;
  offset: number;
};

export type ForgeEntry = {
  readonly name: string | Buffer;
  readonly content?: string | Buffer;
  /** The bytes that stand in the archive, where they are not the stored or deflated content. */
  readonly data?: Buffer;
  readonly method?: 0 | 8;
  /** True in both headers. */
  readonly both?: Partial<HeaderFields>;
  readonly local?: Partial<HeaderFields>;
  readonly central?: Partial<HeaderFields>;
  /** What stands behind the data; `true` ones set bit 3 and write zeros into the local header. */
  readonly descriptor?: 'true' | 'trueZip64' | Buffer;
  readonly before?: Buffer;
  readonly after?: Buffer;
  /** false: in the archive, but not in the directory. */
  readonly isListed?: boolean;
  /** false: in the directory, but without bytes of its own. */
  readonly isPresent?: boolean;
};

export type EndFields = {
  disk: number;
  directoryDisk: number;
  entriesHere: number;
  entryCount: number;
  directorySize: number;
  directoryOffset: number;
  commentLength: number;
};

type Zip64Fields = {
  recordSize: bigint;
  disk: number;
  directoryDisk: number;
  entriesHere: bigint;
  entryCount: bigint;
  directorySize: bigint;
  directoryOffset: bigint;
  locatorDisk: number;
  locatorOffset: bigint;
  locatorDisks: number;
  recordSignature: number;
};

export type ForgeOptions = {
  readonly prefix?: Buffer;
  readonly beforeDirectory?: Buffer;
  readonly afterDirectory?: Buffer;
  /** Between zip64 record and locator. */
  readonly beforeLocator?: Buffer;
  readonly beforeEnd?: Buffer;
  readonly comment?: Buffer;
  readonly trailing?: Buffer;
  readonly end?: Partial<EndFields>;
  readonly zip64?: Partial<Zip64Fields>;
};

const FLAG_DESCRIPTOR = 8;
const FLAG_UTF8 = 0x800;
/** Ten in the morning on 1 January 2020, in DOS form. */
const TIME_AND_DATE = 0x50215000;

/** A sound package of two files, in front of which or around which a trick is played. */
export const MANIFEST: ForgeEntry = { name: 'manifest.json', content: '{"manifestVersion":1}' };
export const INDEX: ForgeEntry = { name: 'index.js', content: 'export default {};\n'.repeat(20) };

export function forgeZip(entries: readonly ForgeEntry[], options: ForgeOptions = {}): Buffer {
  const chunks: Buffer[] = [options.prefix ?? Buffer.alloc(0)];
  const records: Buffer[] = [];
  let offset = chunks[0]?.length ?? 0;
  for (const entry of entries) {
    const { bytes, headerOffset, fields } = forgeEntry(entry);
    if (entry.isListed !== false)
      records.push(
        centralRecord({ ...fields, offset: offset + headerOffset, ...entry.both, ...entry.central }),
      );
    if (entry.isPresent !== false) {
      chunks.push(bytes);
      offset += bytes.length;
    }
  }
  const gap = options.beforeDirectory ?? Buffer.alloc(0);
  const directory = Buffer.concat(records);
  const tail = forgeTail(directory, offset + gap.length, records.length, options);
  return Buffer.concat([...chunks, gap, directory, options.afterDirectory ?? Buffer.alloc(0), tail]);
}

function forgeEntry(entry: ForgeEntry): { bytes: Buffer; headerOffset: number; fields: HeaderFields } {
  const fields = trueFields(entry);
  const data = dataOf(entry, fields.method);
  const zeros = typeof entry.descriptor === 'string' ? { crc32: 0, compressedSize: 0, size: 0 } : {};
  const before = entry.before ?? Buffer.alloc(0);
  const bytes = Buffer.concat([
    before,
    localHeader({ ...fields, ...zeros, ...entry.both, ...entry.local }),
    data,
    descriptorOf(entry, fields),
    entry.after ?? Buffer.alloc(0),
  ]);
  return { bytes, headerOffset: before.length, fields };
}

function trueFields(entry: ForgeEntry): HeaderFields {
  const name = Buffer.from(entry.name);
  const content = Buffer.from(entry.content ?? '');
  const method = entry.method ?? (content.length > 0 ? 8 : 0);
  return {
    signature: 0,
    madeBy: 0x031e,
    versionNeeded: 20,
    flags: (name.some((byte) => byte > 0x7f) ? FLAG_UTF8 : 0) | (entry.descriptor ? FLAG_DESCRIPTOR : 0),
    method,
    crc32: crc32(content),
    compressedSize: dataOf(entry, method).length,
    size: content.length,
    name,
    extra: Buffer.alloc(0),
    comment: Buffer.alloc(0),
    disk: 0,
    attributes: name.at(-1) === 0x2f ? 0x41ed0010 : 0x81a40000,
    offset: 0,
  };
}

function dataOf(entry: ForgeEntry, method: number): Buffer {
  const content = Buffer.from(entry.content ?? '');
  return entry.data ?? (method === 8 ? deflateRawSync(content) : content);
}

function descriptorOf(entry: ForgeEntry, fields: HeaderFields): Buffer {
  if (entry.descriptor === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(entry.descriptor)) return entry.descriptor;
  return descriptor(fields, entry.descriptor === 'trueZip64' ? 8 : 4);
}

export function descriptor(
  fields: { crc32: number; compressedSize: number; size: number },
  width: 4 | 8,
): Buffer {
  return Buffer.concat([
    u32(0x08074b50),
    u32(fields.crc32),
    ...[fields.compressedSize, fields.size].map((value) => (width === 8 ? u64(value) : u32(value))),
  ]);
}

function localHeader(fields: HeaderFields): Buffer {
  return Buffer.concat([
    u32(fields.signature || 0x04034b50),
    commonFields(fields),
    fields.name,
    fields.extra,
  ]);
}

function centralRecord(fields: HeaderFields): Buffer {
  return Buffer.concat([
    u32(fields.signature || 0x02014b50),
    u16(fields.madeBy),
    commonFields(fields),
    u16(fields.comment.length),
    u16(fields.disk),
    u16(0),
    u32(fields.attributes),
    u32(fields.offset),
    fields.name,
    fields.extra,
    fields.comment,
  ]);
}

function commonFields(fields: HeaderFields): Buffer {
  return Buffer.concat([
    u16(fields.versionNeeded),
    u16(fields.flags),
    u16(fields.method),
    u32(TIME_AND_DATE),
    u32(fields.crc32),
    u32(fields.compressedSize),
    u32(fields.size),
    u16(fields.name.length),
    u16(fields.extra.length),
  ]);
}

function forgeTail(directory: Buffer, at: number, count: number, options: ForgeOptions): Buffer {
  const comment = options.comment ?? Buffer.alloc(0);
  const recordOffset = at + directory.length + (options.afterDirectory?.length ?? 0);
  const end: EndFields = {
    disk: 0,
    directoryDisk: 0,
    entriesHere: count,
    entryCount: count,
    directorySize: directory.length,
    directoryOffset: at,
    commentLength: comment.length,
    ...(options.zip64
      ? { entriesHere: 0xffff, entryCount: 0xffff, directorySize: 0xffffffff, directoryOffset: 0xffffffff }
      : {}),
    ...options.end,
  };
  return Buffer.concat([
    options.zip64 ? zip64Tail(options, { count, size: directory.length, at, recordOffset }) : Buffer.alloc(0),
    options.beforeEnd ?? Buffer.alloc(0),
    endRecord(end),
    comment,
    options.trailing ?? Buffer.alloc(0),
  ]);
}

function zip64Tail(
  options: ForgeOptions,
  truth: { count: number; size: number; at: number; recordOffset: number },
): Buffer {
  const fields: Zip64Fields = {
    recordSize: 44n,
    disk: 0,
    directoryDisk: 0,
    entriesHere: BigInt(truth.count),
    entryCount: BigInt(truth.count),
    directorySize: BigInt(truth.size),
    directoryOffset: BigInt(truth.at),
    locatorDisk: 0,
    locatorOffset: BigInt(truth.recordOffset),
    locatorDisks: 1,
    recordSignature: 0x06064b50,
    ...options.zip64,
  };
  return Buffer.concat([
    u32(fields.recordSignature),
    u64(fields.recordSize),
    u16(45),
    u16(45),
    u32(fields.disk),
    u32(fields.directoryDisk),
    u64(fields.entriesHere),
    u64(fields.entryCount),
    u64(fields.directorySize),
    u64(fields.directoryOffset),
    options.beforeLocator ?? Buffer.alloc(0),
    u32(0x07064b50),
    u32(fields.locatorDisk),
    u64(fields.locatorOffset),
    u32(fields.locatorDisks),
  ]);
}

export function endRecord(end: EndFields): Buffer {
  return Buffer.concat([
    u32(0x06054b50),
    u16(end.disk),
    u16(end.directoryDisk),
    u16(end.entriesHere),
    u16(end.entryCount),
    u32(end.directorySize),
    u32(end.directoryOffset),
    u16(end.commentLength),
  ]);
}

/** An extra field: id, size, data. */
export function extraField(id: number, data: Buffer, sizeSaid = data.length): Buffer {
  return Buffer.concat([u16(id), u16(sizeSaid), data]);
}

/** The Info-ZIP Unicode path: `other` as the name of the entry whose plain name is `name`. */
export function unicodePath(name: string, other: string): Buffer {
  return extraField(0x7075, Buffer.concat([Buffer.from([1]), u32(crc32(name)), Buffer.from(other)]));
}

/** Empty extra fields of as many ids that mean nothing. */
export function manyFields(count: number): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, index) => extraField(0xa300 + index, Buffer.alloc(0))),
  );
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

export function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

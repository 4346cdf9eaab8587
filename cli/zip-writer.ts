/**
 * A ZIP writer (APPNOTE.TXT 6.3.10) with one output for one input: entries in the order of UTF-8 bytes, one fixed
 * time, no extra fields, no data descriptors, no comments, no folders. Sizes stay far below 4 GiB, so that zip64 never
 * occurs. Deflate where it saves bytes, stored else.
 */
import { constants, crc32, deflateRawSync } from 'node:zlib';
import { comparePaths } from '../signing/index.ts';

const LOCAL_SIGNATURE = 0x04034b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const END_SIGNATURE = 0x06054b50;
const METHOD_STORED = 0;
const METHOD_DEFLATE = 8;
/** Section 4.4.3: 2.0 is the first version that deflates. */
const VERSION_NEEDED = 20;
/** Section 4.4.2: made on Unix, which gives the upper attribute bits their meaning. */
const VERSION_MADE_BY = (3 << 8) | 20;
/** Section 4.4.4, bit 11: the name is UTF-8. Left out for ASCII, where old readers do without. */
const FLAG_UTF8 = 1 << 11;
/** 1 January 1980, the first day that the format knows (section 4.4.6). */
const DOS_DATE = (1 << 5) | 1;
/** A regular file that everybody may read and its owner write. */
const UNIX_MODE = 0o100644;

type Member = {
  readonly name: Buffer;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly size: number;
  readonly data: Buffer;
};

/**
 * @param files content by path; at most 65,535, together below 4 GiB (the caller's limits are far lower)
 * @returns the archive; the same files give the same bytes
 */
export function writeZip(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const sorted = [...files].sort(([left], [right]) => comparePaths(left, right));
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of sorted) {
    const member = compress(path, content);
    const local = Buffer.concat([localHeader(member), member.name, member.data]);
    centrals.push(centralHeader(member, offset), member.name);
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = endRecord({ count: sorted.length, directoryBytes: directory.length, offset });
  return new Uint8Array(Buffer.concat([...locals, directory, end]));
}

function compress(path: string, content: Uint8Array): Member {
  const name = Buffer.from(path, 'utf8');
  const deflated = deflateRawSync(content, { level: constants.Z_BEST_COMPRESSION });
  const isSmaller = deflated.length < content.length;
  return {
    name,
    flags: name.length === path.length ? 0 : FLAG_UTF8,
    method: isSmaller ? METHOD_DEFLATE : METHOD_STORED,
    crc: crc32(content),
    size: content.length,
    data: isSmaller ? deflated : Buffer.from(content),
  };
}

/** Section 4.3.7. */
function localHeader(member: Member): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(LOCAL_SIGNATURE, 0);
  writeCommonFields(header, member, 4);
  return header;
}

/** Section 4.3.12. */
function centralHeader(member: Member, offset: number): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(CENTRAL_SIGNATURE, 0);
  header.writeUInt16LE(VERSION_MADE_BY, 4);
  writeCommonFields(header, member, 6);
  header.writeUInt32LE(UNIX_MODE * 0x1_0000, 38);
  header.writeUInt32LE(offset, 42);
  return header;
}

/** The fields that both headers have in the same order: version needed up to the length of the extra field. */
function writeCommonFields(header: Buffer, member: Member, start: number): void {
  header.writeUInt16LE(VERSION_NEEDED, start);
  header.writeUInt16LE(member.flags, start + 2);
  header.writeUInt16LE(member.method, start + 4);
  header.writeUInt16LE(0, start + 6);
  header.writeUInt16LE(DOS_DATE, start + 8);
  header.writeUInt32LE(member.crc, start + 10);
  header.writeUInt32LE(member.data.length, start + 14);
  header.writeUInt32LE(member.size, start + 18);
  header.writeUInt16LE(member.name.length, start + 22);
}

/** Section 4.3.16. */
function endRecord(directory: { count: number; directoryBytes: number; offset: number }): Buffer {
  const record = Buffer.alloc(22);
  record.writeUInt32LE(END_SIGNATURE, 0);
  record.writeUInt16LE(directory.count, 8);
  record.writeUInt16LE(directory.count, 10);
  record.writeUInt32LE(directory.directoryBytes, 12);
  record.writeUInt32LE(directory.offset, 16);
  return record;
}

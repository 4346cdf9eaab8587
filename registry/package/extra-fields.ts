/**
 * Extra fields (APPNOTE 6.3.10, section 4.5) and the zip64 one among them (4.5.3).
 *
 * An extra field is a list of (id: 2 bytes, size: 2 bytes, data). Times and owners are ignored. What would change
 * the name, the kind or the reading of an entry is refused, because readers differ in whether they honour it.
 */
import { crc32 } from 'node:zlib';
import { PACKAGE_LIMITS } from '../../spec/limits.ts';
import { refuseEntry } from './refuse.ts';

const ZIP64_ID = 0x0001;

/**
 * The Info-ZIP Unicode path (4.6.9): version 1, the CRC-32 of the plain name, and a name in UTF-8. jszip writes it beside
 * every name beyond ASCII, with the very bytes of that name; then there is no second name.
 */
const UNICODE_PATH_ID = 0x7075;
const UNICODE_PATH_VERSION = 1;

/**
 * Ids that rename an entry (Info-ZIP Unicode path and comment, and what Macintosh and Korean tools write), make a link
 * of it (ASi; libarchive's 0x6c78, which replaces the external attributes), put another directory in the place of the
 * one that was read (minizip-ng), or encrypt it (4.6, 4.5.12, AE-x).
 */
const FORBIDDEN_IDS: ReadonlyMap<number, string> = new Map([
  [UNICODE_PATH_ID, 'a second name (Info-ZIP Unicode path)'],
  [0x6375, 'a second comment (Info-ZIP Unicode comment)'],
  [0x9901, 'AES encryption'],
  [0x0014, 'PKCS#7 certificates'],
  [0x0015, 'a PKCS#7 signature'],
  [0x0016, 'a PKCS#7 signature of the directory'],
  [0x0017, 'strong encryption'],
  [0x0018, 'record management'],
  [0x0019, 'encryption recipients'],
  [0x0021, 'a decryption key'],
  [0x0022, 'an encryption key provider'],
  [0x0023, 'a decryption key'],
  [0x2605, 'a second name (ZipIt)'],
  [0x2805, 'a second name (ZipIt)'],
  [0x5356, 'a second name (StuffIt)'],
  [0x6c78, 'second attributes (libarchive)'],
  [0x756e, 'a second mode or a link (ASi Unix)'],
  [0xcdcd, 'a second directory (minizip-ng)'],
  [0xe57a, 'a second name (ALZip)'],
]);

/** The PKWARE Unix field (4.5.7): times and owner take 12 bytes; what follows is the target of a link, or a device. */
const PKWARE_UNIX_ID = 0x000d;
const PKWARE_UNIX_PLAIN_BYTES = 12;

const FIELD_HEADER_BYTES = 4;

/**
 * @param extra the bytes of the extra field of one header
 * @returns the data of each extra field by its id
 * @throws Refusal `archive_extra_invalid`, `archive_extra_duplicate`, `archive_extra_forbidden`
 */
export function readExtraFields(extra: Buffer, entryName: string): ReadonlyMap<number, Buffer> {
  const fields = new Map<number, Buffer>();
  let at = 0;
  while (at < extra.length) {
    if (at + FIELD_HEADER_BYTES > extra.length)
      refuseEntry('archive_extra_invalid', entryName, 'Its extra field ends in the middle of a header.');
    const id = extra.readUInt16LE(at);
    const start = at + FIELD_HEADER_BYTES;
    at = start + extra.readUInt16LE(at + 2);
    if (at > extra.length)
      refuseEntry('archive_extra_invalid', entryName, 'An extra field is longer than the room it has.');
    checkField(fields, id, extra.subarray(start, at), entryName);
    if (fields.size === PACKAGE_LIMITS.extraFieldsMax)
      refuseEntry('archive_extra_invalid', entryName, `It has more than ${fields.size} extra fields.`);
    fields.set(id, extra.subarray(start, at));
  }
  return fields;
}

function checkField(seen: ReadonlyMap<number, Buffer>, id: number, data: Buffer, entryName: string): void {
  const shown = (): string => `0x${id.toString(16).padStart(4, '0')}`;
  if (seen.has(id))
    refuseEntry('archive_extra_duplicate', entryName, `It has the extra field ${shown()} twice.`);
  if (id === UNICODE_PATH_ID && repeatsName(data, entryName)) return;
  const isLink = id === PKWARE_UNIX_ID && data.length > PKWARE_UNIX_PLAIN_BYTES;
  const meaning = isLink ? 'a link or a device (PKWARE Unix)' : FORBIDDEN_IDS.get(id);
  if (meaning !== undefined)
    refuseEntry('archive_extra_forbidden', entryName, `Its extra field ${shown()} is ${meaning}.`);
}

/** A reader that honours the field and one that does not then give the entry the same name. */
function repeatsName(unicodePath: Buffer, entryName: string): boolean {
  const nameBytes = Buffer.from(entryName);
  const expected = Buffer.alloc(5);
  expected.writeUInt8(UNICODE_PATH_VERSION, 0);
  expected.writeUInt32LE(crc32(nameBytes), 1);
  return unicodePath.equals(Buffer.concat([expected, nameBytes]));
}

/** A plain field of a header, with the bytes that its zip64 form takes. */
export type Zip64Candidate = { readonly value: number; readonly bytes: 4 | 8; readonly saturated: boolean };

/**
 * Resolves the fields of one header that may be saturated, in the order of section 4.5.3.
 * @returns the true values, in the same order
 * @throws Refusal `archive_zip64_extra_invalid` unless the zip64 extra holds exactly the saturated fields
 */
export function resolveZip64(
  fields: ReadonlyMap<number, Buffer>,
  candidates: readonly Zip64Candidate[],
  entryName: string,
): number[] {
  const extra = fields.get(ZIP64_ID);
  const bytesNeeded = candidates.reduce((sum, field) => sum + (field.saturated ? field.bytes : 0), 0);
  const refuse = (found: string): never => refuseEntry('archive_zip64_extra_invalid', entryName, found);
  if (extra === undefined ? bytesNeeded > 0 : extra.length !== bytesNeeded || bytesNeeded === 0)
    refuse(`Its zip64 extra has ${extra?.length ?? 0} bytes where the saturated fields take ${bytesNeeded}.`);
  let at = 0;
  return candidates.map((field) => {
    if (!field.saturated || extra === undefined) return field.value;
    const value = field.bytes === 8 ? extra.readBigUInt64LE(at) : BigInt(extra.readUInt32LE(at));
    at += field.bytes;
    // A number beyond 2^53 would be rounded, and two readers would round in two ways.
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) refuse(`Its zip64 extra holds the number ${value}.`);
    return Number(value);
  });
}

/** @returns whether the header has a zip64 extra field, which decides the width of its data descriptor. */
export function hasZip64(fields: ReadonlyMap<number, Buffer>): boolean {
  return fields.has(ZIP64_ID);
}

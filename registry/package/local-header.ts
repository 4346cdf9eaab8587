/**
 * Local headers (APPNOTE 6.3.10, section 4.3.7) and data descriptors (4.3.9). A reader of streams believes them, a
 * reader of files believes the directory: both must see the same, so every field is compared.
 */
import { checkForm, type DirectoryRecord, FLAG_DESCRIPTOR, METHOD_STORE } from './directory.ts';
import { hasZip64, readExtraFields, resolveZip64 } from './extra-fields.ts';
import { refuseEntry } from './refuse.ts';

const HEADER_SIGNATURE = 0x04034b50;
const LOCAL_HEADER_BYTES = 30;
const DESCRIPTOR_SIGNATURE = 0x08074b50;
const DESCRIPTOR_BYTES = 16;
/** With a zip64 extra field in the local header, the two sizes of the descriptor take 8 bytes each (4.3.9.2). */
const DESCRIPTOR_ZIP64_BYTES = 24;

/** A local header that agrees with its directory record. */
export type LocalHeader = {
  readonly dataOffset: number;
  /** Bytes of the descriptor that must follow the data; 0 where there is none. */
  readonly descriptorBytes: 0 | 16 | 24;
};

/**
 * @param region the bytes from the start of this entry to the start of what follows it
 * @throws Refusal `archive_local_*`, `archive_descriptor_stored`, `archive_extra_*`, `archive_zip64_extra_invalid`,
 *   `archive_version_unsupported`
 */
export function readLocalHeader(region: Buffer, record: DirectoryRecord): LocalHeader {
  const { name } = record;
  if (region.length < LOCAL_HEADER_BYTES || region.readUInt32LE(0) !== HEADER_SIGNATURE)
    refuseEntry(
      'archive_local_header_invalid',
      name,
      `No local header stands at byte ${record.localOffset}.`,
    );
  const nameEnd = LOCAL_HEADER_BYTES + region.readUInt16LE(26);
  const dataOffset = nameEnd + region.readUInt16LE(28);
  if (dataOffset > region.length)
    refuseEntry('archive_local_header_invalid', name, 'Its local header runs into what follows.');
  compareForm(region, nameEnd, record);
  const extra = readExtraFields(region.subarray(nameEnd, dataOffset), name);
  compareSizes(region, extra, record);
  return { dataOffset, descriptorBytes: descriptorBytes(record, extra) };
}

function compareForm(header: Buffer, nameEnd: number, record: DirectoryRecord): void {
  const { name } = record;
  if (!header.subarray(LOCAL_HEADER_BYTES, nameEnd).equals(record.nameBytes))
    refuseEntry('archive_local_name_mismatch', name, 'Its local header gives another name.');
  const flags = header.readUInt16LE(6);
  if (flags !== record.flags)
    refuseEntry(
      'archive_local_flags_mismatch',
      name,
      `Its flags are 0x${flags.toString(16)} locally and 0x${record.flags.toString(16)} in the directory.`,
    );
  const method = header.readUInt16LE(8);
  if (method !== record.method)
    refuseEntry(
      'archive_local_method_mismatch',
      name,
      `Its method is ${method} locally and ${record.method} in the directory.`,
    );
  checkForm(name, { flags, method, versionNeeded: header.readUInt16LE(4) });
}

/** With bit 3 a writer did not know yet and wrote zeros, or wrote what it knew; both are seen in practice. */
function compareSizes(header: Buffer, extra: ReadonlyMap<number, Buffer>, record: DirectoryRecord): void {
  const [size = 0, compressedSize = 0] = resolveZip64(
    extra,
    [header.readUInt32LE(22), header.readUInt32LE(18)].map((value) => ({
      value,
      bytes: 8 as const,
      saturated: value === 0xffffffff,
    })),
    record.name,
  );
  const isStreamed = (record.flags & FLAG_DESCRIPTOR) !== 0;
  const agrees = (local: number, central: number): boolean =>
    local === central || (isStreamed && local === 0);
  if (!agrees(header.readUInt32LE(14), record.crc32))
    refuseEntry('archive_local_crc_mismatch', record.name, 'Its local header gives another CRC-32.');
  if (!agrees(compressedSize, record.compressedSize) || !agrees(size, record.size))
    refuseEntry(
      'archive_local_size_mismatch',
      record.name,
      `Its sizes are ${compressedSize} and ${size} locally, ${record.compressedSize} and ${record.size} in the directory.`,
    );
}

function descriptorBytes(record: DirectoryRecord, extra: ReadonlyMap<number, Buffer>): 0 | 16 | 24 {
  if ((record.flags & FLAG_DESCRIPTOR) === 0) return 0;
  // Stored data does not tell where it ends: a reader of streams would search for the descriptor inside it.
  if (record.method === METHOD_STORE && record.compressedSize > 0)
    refuseEntry('archive_descriptor_stored', record.name, 'It is stored and has a data descriptor.');
  return hasZip64(extra) ? DESCRIPTOR_ZIP64_BYTES : DESCRIPTOR_BYTES;
}

/**
 * @param descriptor exactly the bytes that follow the data, as many as the local header announced
 * @throws Refusal `archive_descriptor_invalid`
 */
export function checkDescriptor(descriptor: Buffer, record: DirectoryRecord): void {
  const isWide = descriptor.length === DESCRIPTOR_ZIP64_BYTES;
  const agrees =
    descriptor.readUInt32LE(0) === DESCRIPTOR_SIGNATURE &&
    descriptor.readUInt32LE(4) === record.crc32 &&
    (isWide
      ? descriptor.readBigUInt64LE(8) === BigInt(record.compressedSize) &&
        descriptor.readBigUInt64LE(16) === BigInt(record.size)
      : descriptor.readUInt32LE(8) === record.compressedSize && descriptor.readUInt32LE(12) === record.size);
  if (!agrees)
    refuseEntry(
      'archive_descriptor_invalid',
      record.name,
      'Its data descriptor is not what the directory says.',
    );
}

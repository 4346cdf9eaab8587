/** Entries that lie: headers that differ, kinds, flags, methods, extras, sizes, content, bombs. */
import { deflateRawSync } from 'node:zlib';
import type { ArchiveErrorCode } from '../refuse.ts';
import type { RejectCase } from './corpus-case.ts';
import {
  descriptor,
  extraField,
  type ForgeEntry,
  forgeZip,
  INDEX,
  MANIFEST,
  manyFields,
  unicodePath,
} from './forge.ts';

const MIB = 1024 * 1024;

function index(trick: string, code: ArchiveErrorCode, change: Partial<ForgeEntry>): RejectCase {
  return { trick, code, archive: () => forgeZip([MANIFEST, { ...INDEX, ...change }]) };
}

function entry(trick: string, code: ArchiveErrorCode, made: () => ForgeEntry): RejectCase {
  return { trick, code, archive: () => forgeZip([MANIFEST, INDEX, made()]) };
}

function mode(trick: string, code: ArchiveErrorCode, unixMode: number, name = 'link'): RejectCase {
  return entry(trick, code, () => ({
    name,
    content: name.endsWith('/') ? '' : '/etc/passwd',
    both: { attributes: (unixMode << 16) >>> 0 },
  }));
}

const EXPORT = Buffer.from('export default {};\n'.repeat(20));
const DEFLATED = deflateRawSync(EXPORT);
const TRUE_DESCRIPTOR = { crc32: 0, compressedSize: DEFLATED.length, size: EXPORT.length };

export const REJECT_ENTRIES: readonly RejectCase[] = [
  index('local-signature', 'archive_local_header_invalid', { local: { signature: 0x04034b51 } }),
  index('local-name-other', 'archive_local_name_mismatch', { local: { name: Buffer.from('other.js') } }),
  index('local-name-longer', 'archive_local_name_mismatch', { local: { name: Buffer.from('../index.js') } }),
  index('local-name-case', 'archive_local_name_mismatch', { local: { name: Buffer.from('Index.js') } }),
  index('local-name-folder', 'archive_local_name_mismatch', { local: { name: Buffer.from('index.js/') } }),
  index('local-name-empty', 'archive_local_name_mismatch', { local: { name: Buffer.alloc(0) } }),
  index('local-method', 'archive_local_method_mismatch', { local: { method: 0 } }),
  index('central-method', 'archive_local_method_mismatch', { central: { method: 0 } }),
  index('local-flag-encrypted', 'archive_local_flags_mismatch', { local: { flags: 1 } }),
  index('local-flag-descriptor', 'archive_local_flags_mismatch', { local: { flags: 8 } }),
  index('local-flag-utf8', 'archive_local_flags_mismatch', { local: { flags: 0x800 } }),
  index('local-crc', 'archive_local_crc_mismatch', { local: { crc32: 1 } }),
  index('central-crc', 'archive_local_crc_mismatch', { central: { crc32: 1 } }),
  index('local-crc-zero', 'archive_local_crc_mismatch', { local: { crc32: 0 } }),
  index('local-size', 'archive_local_size_mismatch', { local: { size: 1 } }),
  index('local-size-zero', 'archive_local_size_mismatch', { local: { size: 0 } }),
  index('local-compressed-size', 'archive_local_size_mismatch', { local: { compressedSize: 1 } }),
  index('central-size', 'archive_local_size_mismatch', { central: { size: 1 } }),
  index('local-version-needed', 'archive_version_unsupported', { local: { versionNeeded: 63 } }),
  index('central-version-needed', 'archive_version_unsupported', { central: { versionNeeded: 51 } }),
  index('local-extra-overruns', 'archive_extra_invalid', {
    local: { extra: extraField(0x5455, Buffer.alloc(1), 9) },
  }),
  index('local-extra-unicode-path', 'archive_extra_forbidden', {
    local: { extra: extraField(0x7075, Buffer.alloc(9)) },
  }),
  index('descriptor-missing', 'archive_descriptor_invalid', { both: { flags: 8 } }),
  index('descriptor-crc', 'archive_descriptor_invalid', { descriptor: descriptor(TRUE_DESCRIPTOR, 4) }),
  index('descriptor-unsigned', 'archive_descriptor_invalid', { descriptor: Buffer.alloc(12) }),
  index('descriptor-zip64-width', 'archive_descriptor_invalid', { descriptor: 'trueZip64' }),
  index('descriptor-and-more', 'archive_gap', { descriptor: 'true', after: Buffer.from('more') }),
  index('descriptor-local-size-other', 'archive_local_size_mismatch', {
    descriptor: 'true',
    local: { size: 5 },
  }),
  index('descriptor-local-crc-other', 'archive_local_crc_mismatch', {
    descriptor: 'true',
    local: { crc32: 5 },
  }),
  index('descriptor-on-stored', 'archive_descriptor_stored', { descriptor: 'true', method: 0 }),
  index('encrypted', 'archive_entry_encrypted', { both: { flags: 1 } }),
  index('encrypted-strongly', 'archive_entry_encrypted', { both: { flags: 0x41 } }),
  index('encrypted-headers', 'archive_entry_encrypted', { both: { flags: 0x2000 } }),
  index('flag-patch-data', 'archive_flags_unsupported', { both: { flags: 0x20 } }),
  index('flag-enhanced-deflate', 'archive_flags_unsupported', { both: { flags: 0x10 } }),
  index('flag-reserved', 'archive_flags_unsupported', { both: { flags: 0x8000 } }),
  ...[1, 6, 9, 12, 14, 93, 95, 97, 99, 0xffff].map((method) =>
    index(`method-${method}`, 'archive_method_unsupported', { both: { method } }),
  ),
  index('extra-cut', 'archive_extra_invalid', { central: { extra: Buffer.from([0x55, 0x54, 5]) } }),
  index('extra-overruns', 'archive_extra_invalid', {
    central: { extra: extraField(0x5455, Buffer.alloc(3), 300) },
  }),
  index('extra-padding', 'archive_extra_invalid', { central: { extra: Buffer.alloc(3) } }),
  index('extra-fields-65', 'archive_extra_invalid', { local: { extra: manyFields(65) } }),
  index('extra-fields-without-end', 'archive_extra_invalid', { both: { extra: manyFields(16_000) } }),
  index('extra-twice', 'archive_extra_duplicate', {
    central: {
      extra: Buffer.concat([extraField(0x5455, Buffer.alloc(5)), extraField(0x5455, Buffer.alloc(5))]),
    },
  }),
  index('extra-unicode-path', 'archive_extra_forbidden', {
    central: { extra: extraField(0x7075, Buffer.alloc(9)) },
  }),
  index('extra-unicode-path-other', 'archive_extra_forbidden', {
    central: { extra: unicodePath('index.js', 'index.jſ') },
  }),
  index('extra-unicode-path-of-another-name', 'archive_extra_forbidden', {
    central: { extra: unicodePath('main.js', 'index.js') },
  }),
  index('extra-unicode-path-with-a-tail', 'archive_extra_forbidden', {
    central: { extra: unicodePath('index.js', 'index.js\0') },
  }),
  index('extra-unicode-comment', 'archive_extra_forbidden', {
    central: { extra: extraField(0x6375, Buffer.alloc(9)) },
  }),
  index('extra-aes', 'archive_extra_forbidden', { central: { extra: extraField(0x9901, Buffer.alloc(7)) } }),
  index('extra-strong-encryption', 'archive_extra_forbidden', {
    central: { extra: extraField(0x17, Buffer.alloc(8)) },
  }),
  ...[0x2605, 0x2805, 0x5356, 0xe57a].map((id) =>
    index(`extra-second-name-${id.toString(16)}`, 'archive_extra_forbidden', {
      both: { extra: extraField(id, Buffer.from('ZPIT\u0008evil.txt')) },
    }),
  ),
  index('extra-second-attributes-libarchive', 'archive_extra_forbidden', {
    local: { extra: extraField(0x6c78, Buffer.from('040000ffa1', 'hex')) },
  }),
  index('extra-link-asi-unix', 'archive_extra_forbidden', {
    central: { extra: extraField(0x756e, Buffer.from('ffa10b000000000000002f6574632f706173737764', 'hex')) },
  }),
  index('extra-link-pkware-unix', 'archive_extra_forbidden', {
    both: { extra: extraField(0x000d, Buffer.concat([Buffer.alloc(12), Buffer.from('/etc/passwd')])) },
  }),
  index('extra-second-directory-minizip', 'archive_extra_forbidden', {
    central: { extra: extraField(0xcdcd, Buffer.alloc(8)) },
  }),
  index('extra-decryption-key', 'archive_extra_forbidden', {
    central: { extra: extraField(0x23, Buffer.alloc(8)) },
  }),
  mode('symlink', 'archive_entry_type', 0o120777),
  mode('symlink-named-folder', 'archive_entry_type', 0o120777, 'link/'),
  mode('named-pipe', 'archive_entry_type', 0o010644),
  mode('character-device', 'archive_entry_type', 0o020644),
  mode('block-device', 'archive_entry_type', 0o060644),
  mode('socket', 'archive_entry_type', 0o140644),
  mode('folder-mode-file-name', 'archive_entry_type', 0o040755),
  mode('file-mode-folder-name', 'archive_entry_type', 0o100644, 'lib/'),
  mode('setuid', 'archive_entry_mode', 0o104755),
  mode('setgid', 'archive_entry_mode', 0o102755),
  mode('sticky', 'archive_entry_mode', 0o041777, 'lib/'),
  index('symlink-made-by-dos', 'archive_entry_type', { both: { madeBy: 20, attributes: 0xa1ff0000 } }),
  index('dos-folder-bit', 'archive_entry_type', { both: { attributes: 0x10 } }),
  index('dos-volume-label', 'archive_entry_type', { both: { attributes: 0x08 } }),
  index('ntfs-reparse-point', 'archive_entry_type', { both: { attributes: 0x400 } }),
  entry('folder-with-content', 'archive_folder_content', () => ({ name: 'lib/', content: 'evil' })),
  entry('folder-with-content-stored', 'archive_folder_content', () => ({
    name: 'lib/',
    content: 'evil',
    method: 0,
  })),
  index('size-said-too-small', 'archive_size_mismatch', { both: { size: 100 } }),
  index('size-said-too-large', 'archive_size_mismatch', { both: { size: 10_000 } }),
  index('size-said-zero', 'archive_size_mismatch', { both: { size: 0 } }),
  index('stored-sizes-differ', 'archive_size_mismatch', { method: 0, both: { size: 100 } }),
  index('no-data-but-a-size', 'archive_content_corrupt', { data: Buffer.alloc(0) }),
  index('data-after-deflate-end', 'archive_size_mismatch', {
    data: Buffer.concat([DEFLATED, Buffer.from('hidden')]),
  }),
  index('two-deflate-streams', 'archive_size_mismatch', { data: Buffer.concat([DEFLATED, DEFLATED]) }),
  index('deflate-cut', 'archive_content_corrupt', { data: DEFLATED.subarray(0, -2) }),
  index('deflate-reserved-block', 'archive_content_corrupt', { data: Buffer.from([0x07, 0, 0, 0]) }),
  index('zlib-header', 'archive_content_corrupt', {
    data: Buffer.concat([Buffer.from('789c', 'hex'), DEFLATED]),
  }),
  index('crc-wrong', 'archive_crc_mismatch', { both: { crc32: 1 } }),
  index('crc-zero', 'archive_crc_mismatch', { both: { crc32: 0 } }),
  index('content-changed-stored', 'archive_crc_mismatch', {
    method: 0,
    data: Buffer.alloc(EXPORT.length, 120),
  }),
  entry('file-over-the-limit', 'archive_file_too_large', () => ({
    name: 'a',
    content: 'x',
    both: { size: 64 * MIB + 1 },
  })),
  {
    trick: 'content-over-the-limit',
    code: 'archive_content_too_large',
    archive: () =>
      forgeZip(
        Array.from({ length: 5 }, (_, at) => ({ name: `${at}`, content: 'x', both: { size: 60 * MIB } })),
      ),
  },
  {
    trick: 'expansion-beyond-50',
    code: 'archive_expansion',
    archive: () => forgeZip([0, 1].map((at) => ({ name: `${at}`, content: 'x', both: { size: 33 * MIB } }))),
  },
  entry('bomb-behind-a-small-size', 'archive_size_mismatch', () => ({
    name: 'bomb',
    content: 'x',
    data: deflateRawSync(Buffer.alloc(8 * MIB)),
  })),
];

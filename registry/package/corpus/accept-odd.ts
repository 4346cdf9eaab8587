/** Odd archives that the format allows and that writers in use produce. */
import type { AcceptCase } from './corpus-case.ts';
import {
  extraField,
  manyFields,
  type ForgeEntry,
  type ForgeOptions,
  forgeZip,
  INDEX,
  MANIFEST,
  u32,
  u64,
  unicodePath,
} from './forge.ts';

function sound(trick: string, options: ForgeOptions): AcceptCase {
  return { trick, files: ['index.js', 'manifest.json'], archive: () => forgeZip([MANIFEST, INDEX], options) };
}

function index(trick: string, change: Partial<ForgeEntry>): AcceptCase {
  const archive = (): Buffer => forgeZip([MANIFEST, { ...INDEX, ...change }]);
  return { trick, files: ['index.js', 'manifest.json'], archive };
}

function extra(trick: string, name: string, ...files: readonly ForgeEntry[]): AcceptCase {
  return { trick, files: ['manifest.json', name], archive: () => forgeZip([MANIFEST, ...files]) };
}

const CONTENT_BYTES = 380;
const LONGEST_NAME = `${'a'.repeat(255)}/${'b'.repeat(254)}/c`;
const NESTED = forgeZip([{ name: 'inner.txt', content: 'x' }]);

function compressedBytes(): number {
  const archive = forgeZip([INDEX]);
  return archive.readUInt32LE(18);
}

export const ACCEPT_ODD: readonly AcceptCase[] = [
  sound('plain', {}),
  sound('archive-comment', { comment: Buffer.from('made by hand') }),
  sound('archive-comment-of-65535-bytes', { comment: Buffer.alloc(65_535, 'c') }),
  sound('zip64-end-record', { zip64: {} }),
  sound('zip64-end-record-unsaturated-count', { zip64: {}, end: { entriesHere: 2, entryCount: 2 } }),
  sound('zip64-end-record-before-a-comment-of-65535-bytes', {
    zip64: {},
    comment: Buffer.alloc(65_535, 'c'),
  }),
  sound('zip64-end-record-with-saturated-disks', { zip64: {}, end: { disk: 0xffff, directoryDisk: 0xffff } }),
  index('stored', { method: 0 }),
  index('descriptor', { descriptor: 'true' }),
  index('descriptor-with-true-local-sizes', { descriptor: 'true', local: { size: CONTENT_BYTES } }),
  index('descriptor-zip64', {
    descriptor: 'trueZip64',
    local: {
      size: 0xffffffff,
      compressedSize: 0xffffffff,
      extra: extraField(1, Buffer.concat([u64(0), u64(0)])),
    },
  }),
  index('zip64-extra-both-sizes', {
    both: {
      size: 0xffffffff,
      compressedSize: 0xffffffff,
      extra: extraField(1, Buffer.concat([u64(CONTENT_BYTES), u64(compressedBytes())])),
    },
  }),
  index('zip64-extra-size-alone', {
    central: { size: 0xffffffff, extra: extraField(1, u64(CONTENT_BYTES)) },
  }),
  index('zip64-extra-compressed-size-alone', {
    central: { compressedSize: 0xffffffff, extra: extraField(1, u64(compressedBytes())) },
  }),
  index('zip64-extra-offset-alone', {
    central: {
      offset: 0xffffffff,
      extra: extraField(1, u64(forgeZip([MANIFEST]).indexOf('PK\u0001\u0002'))),
    },
  }),
  index('zip64-extra-disk-alone', { central: { disk: 0xffff, extra: extraField(1, u32(0)) } }),
  index('deflate-level-bits', { both: { flags: 0b110 } }),
  index('utf8-flag-on-ascii', { both: { flags: 0x800 } }),
  index('different-extras', {
    local: { extra: extraField(0x5455, Buffer.alloc(9)) },
    central: { extra: extraField(0x5455, Buffer.alloc(5)) },
  }),
  index('times-and-owner-pkware-unix', { both: { extra: extraField(0x000d, Buffer.alloc(12)) } }),
  index('extra-fields-64', { both: { extra: manyFields(64) } }),
  index('jar-marker', { both: { extra: extraField(0xcafe, Buffer.alloc(0)) } }),
  index('no-attributes', { both: { attributes: 0, madeBy: 20 } }),
  index('mode-without-type', { both: { attributes: (0o600 << 16) >>> 0 } }),
  index('executable', { both: { attributes: (0o100755 << 16) >>> 0 } }),
  index('read-only-and-archive-bits', { both: { attributes: 0x21 } }),
  index('internal-version-in-upper-byte', { both: { versionNeeded: 0x0314 } }),
  {
    trick: 'entries-in-another-order',
    files: ['index.js', 'manifest.json'],
    archive: () => {
      const second = forgeZip([MANIFEST]).indexOf('PK\u0001\u0002', 0, 'latin1');
      // Present as manifest, index; listed as index, manifest.
      return forgeZip([
        { ...MANIFEST, isListed: false },
        { ...INDEX, central: { offset: second } },
        { ...MANIFEST, isPresent: false, central: { offset: 0 } },
      ]);
    },
  },
  extra('folders', 'lib/a.js', { name: 'lib/' }, { name: 'empty/' }, { name: 'lib/a.js', content: 'x' }),
  extra(
    'folder-deflated-as-java-does',
    'lib/a.js',
    { name: 'lib/', method: 8, descriptor: 'true' },
    { name: 'lib/a.js', content: 'x' },
  ),
  extra('folder-after-its-file', 'lib/a.js', { name: 'lib/a.js', content: 'x' }, { name: 'lib/' }),
  extra('empty-file', 'empty.txt', { name: 'empty.txt' }),
  extra('empty-file-deflated', 'empty.txt', { name: 'empty.txt', method: 8 }),
  extra('empty-file-streamed-and-stored', 'empty.txt', { name: 'empty.txt', method: 0, descriptor: 'true' }),
  extra('blanks-at-1000-to-1', 'blanks.txt', { name: 'blanks.txt', content: Buffer.alloc(200_000, ' ') }),
  extra('nested-archive-stored-at-the-end', 'nested.zip', { name: 'nested.zip', content: NESTED, method: 0 }),
  extra('name-of-prototype', '__proto__', { name: '__proto__', content: 'x' }),
  extra('name-of-constructor', 'constructor/toString', { name: 'constructor/toString', content: 'x' }),
  extra('name-in-japanese', '日本語/テスト.txt', { name: '日本語/テスト.txt', content: 'x' }),
  extra('name-precomposed', 'é.js', { name: 'é.js', content: 'x' }),
  extra('unicode-path-that-repeats-the-name', 'é.js', {
    name: 'é.js',
    content: 'x',
    both: { extra: unicodePath('é.js', 'é.js') },
  }),
  extra('name-emoji', '🦕.txt', { name: '🦕.txt', content: 'x' }),
  extra('name-hidden', '.hidden/...a', { name: '.hidden/...a', content: 'x' }),
  extra('name-punctuation', "a b (1) [x]+,@#$%&=~!'`{}^;.js", {
    name: "a b (1) [x]+,@#$%&=~!'`{}^;.js",
    content: 'x',
  }),
  extra('name-like-a-device', 'console.js', { name: 'console.js', content: 'x' }),
  extra('name-with-tilde', 'a~b~1c.js~', { name: 'a~b~1c.js~', content: 'x' }),
  extra('name-with-tilde-longer-than-8.3', 'version~1.json', { name: 'version~1.json', content: 'x' }),
  extra('name-com0', 'com0.txt', { name: 'com0.txt', content: 'x' }),
  extra('name-of-512-bytes', LONGEST_NAME, { name: LONGEST_NAME, content: 'x' }),
  extra('32-levels', `${'a/'.repeat(31)}a`, { name: `${'a/'.repeat(31)}a`, content: 'x' }),
  extra('macos-resource-fork', '__MACOSX/._index.js', { name: '__MACOSX/._index.js', content: 'x' }),
  extra('macos-ds-store', '.DS_Store', { name: '.DS_Store', content: 'x' }),
];

import { expect, test } from 'vitest';
import { comparePaths, contentsDigest, sha256Hex } from './digest.ts';
import { bytesOf, refusalOf } from './testing.fixture.ts';

/** golang.org/x/mod/sumdb/dirhash, hash_test.go: the digest of two named files. */
test('h1 is what Go computes, whatever the order of the files', () => {
  const file = (path: string, content: string) => ({ path, sha256: sha256Hex(bytesOf(content)) });
  const files = [file('xyz', 'data for xyz'), file('abc', 'data for abc')];
  const lines = `${sha256Hex(bytesOf('data for abc'))}  abc\n${sha256Hex(bytesOf('data for xyz'))}  xyz\n`;
  const expected = `h1:${Buffer.from(sha256Hex(bytesOf(lines)), 'hex').toString('base64')}`;
  expect(contentsDigest(files)).toBe(expected);
  expect(contentsDigest(files.toReversed())).toBe(expected);
});

test('a path with a line break cannot forge a line', () => {
  refusalOf('statement_invalid', () => contentsDigest([{ path: 'a\nb', sha256: '0'.repeat(64) }]));
});

test('order is that of UTF-8 bytes, not of UTF-16 units', () => {
  const paths = ['\u{1F600}', '\uFF5E', 'b', 'B'];
  expect(paths.toSorted(comparePaths)).toEqual(['B', 'b', '\uFF5E', '\u{1F600}']);
});

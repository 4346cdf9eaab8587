import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../spec/error-codes.ts';
import { contentsDigest, sha256Hex } from './digest.ts';
import { archiveName, type PackageStatement, parseStatement, writeStatement } from './statement.ts';
import { ARCHIVE_DIGEST, bytesOf, FILES, IDENTITY, refusalOf } from './testing.fixture.ts';

const GOOD = Buffer.from(writeStatement(IDENTITY, ARCHIVE_DIGEST, FILES)).toString();

test('what was written is read back', () => {
  expect(parseStatement(bytesOf(GOOD))).toEqual({
    ...IDENTITY,
    archiveSha256: ARCHIVE_DIGEST.sha256,
    archiveSize: ARCHIVE_DIGEST.size,
    manifestSha256: sha256Hex(bytesOf('manifest.json')),
    contents: contentsDigest(FILES),
    files: FILES,
  });
  expect(archiveName(IDENTITY)).toBe('kelompok.csv-import-0.1.0.zip');
});

test('property: the order in which files are given changes no byte', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(FILES, { minLength: FILES.length }), (files) => {
      expect(Buffer.from(writeStatement(IDENTITY, ARCHIVE_DIGEST, files)).toString()).toBe(GOOD);
    }),
  );
});

test('property: one altered byte never names other files or other content', () => {
  const original = parseStatement(bytesOf(GOOD));
  fc.assert(
    fc.property(fc.nat(GOOD.length - 1), fc.integer({ min: 1, max: 255 }), (index, mask) => {
      const bytes = bytesOf(GOOD);
      bytes[index] = (bytes[index] ?? 0) ^ mask;
      let read: PackageStatement;
      try {
        read = parseStatement(bytes);
      } catch (error) {
        expect(error).toHaveProperty('name', 'Refusal');
        return;
      }
      // Paths and digests are bound by `contents`; sizes are held against the archive's own entries.
      expect(read.files.map(named)).toEqual(original.files.map(named));
    }),
  );
});

const named = ({ path, sha256 }: { path: string; sha256: string }): string => `${sha256} ${path}`;

type Parts = {
  _type: unknown;
  subject: Record<string, unknown>[];
  predicateType: unknown;
  predicate: Record<string, unknown> & { files: Record<string, unknown>[] };
};

function changed(change: (parts: Parts) => void): string {
  const parts = JSON.parse(GOOD) as Parts;
  change(parts);
  return JSON.stringify(parts);
}

/** The same path twice in a row, with a digest that says so too. */
const TWICE = FILES.flatMap((file) => (file.path === 'README.md' ? [file, file] : [file]));

describe('refused statements', () => {
  const setPredicate = (changes: Record<string, unknown>) =>
    changed((parts) => Object.assign(parts.predicate, changes));
  const setFile = (changes: Record<string, unknown>) =>
    changed((parts) => Object.assign(parts.predicate.files[0] ?? {}, changes));
  const cases: [string, ErrorCode, string][] = [
    [
      'other-statement-type',
      'statement_invalid',
      changed((parts) => (parts._type = 'https://in-toto.io/Statement/v0.1')),
    ],
    [
      'other-predicate-type',
      'statement_invalid',
      changed((parts) => (parts.predicateType = 'https://slsa.dev/provenance/v1')),
    ],
    ['no-subject', 'statement_invalid', changed((parts) => (parts.subject = []))],
    ['two-subjects', 'statement_invalid', changed((parts) => parts.subject.push(...parts.subject))],
    [
      'two-digests',
      'statement_invalid',
      changed((parts) => Object.assign(parts.subject[0]?.['digest'] ?? {}, { sha512: 'x' })),
    ],
    [
      'subject-of-another-name',
      'statement_invalid',
      changed((parts) => Object.assign(parts.subject[0] ?? {}, { name: 'a.zip' })),
    ],
    ['unknown-member', 'statement_invalid', setPredicate({ permissions: [] })],
    ['publisher-traversal', 'statement_invalid', setPredicate({ publisher: '../kelompok' })],
    ['publisher-proto', 'statement_invalid', setPredicate({ publisher: '__proto__' })],
    ['plugin-with-slash', 'statement_invalid', setPredicate({ plugin: 'csv/import' })],
    ['version-range', 'statement_invalid', setPredicate({ version: '^1.0.0' })],
    ['version-with-v', 'statement_invalid', setPredicate({ version: 'v0.1.0' })],
    ['version-with-build', 'statement_invalid', setPredicate({ version: '0.1.0+1' })],
    ['version-endless', 'statement_invalid', setPredicate({ version: `0.1.${'1'.repeat(300)}` })],
    ['size-negative', 'statement_invalid', setPredicate({ archiveSize: -1 })],
    ['size-fraction', 'statement_invalid', setPredicate({ archiveSize: 1.5 })],
    ['size-as-text', 'statement_invalid', setPredicate({ archiveSize: '23' })],
    [
      'size-that-rounds',
      'statement_invalid',
      GOOD.replace('"archiveSize":23', '"archiveSize":9007199254740993'),
    ],
    ['size-infinite', 'statement_invalid', GOOD.replace('"archiveSize":23', '"archiveSize":1e999')],
    ['hash-in-capitals', 'statement_invalid', setFile({ sha256: 'A'.repeat(64) })],
    ['path-empty', 'statement_invalid', setFile({ path: '' })],
    ['path-with-line-break', 'statement_invalid', setFile({ path: 'a\nb' })],
    ['path-half-surrogate', 'statement_invalid', GOOD.replace('README.md', '\\ud800')],
    ['path-too-long', 'statement_invalid', setFile({ path: 'a'.repeat(513) })],
    ['files-not-sorted', 'statement_inconsistent', changed((parts) => parts.predicate.files.reverse())],
    ['file-twice', 'statement_inconsistent', setPredicate({ files: TWICE, contents: contentsDigest(TWICE) })],
    ['no-manifest', 'statement_inconsistent', changed((parts) => parts.predicate.files.pop())],
    ['manifest-of-another-hash', 'statement_inconsistent', setPredicate({ manifestSha256: '0'.repeat(64) })],
    ['contents-of-another-list', 'statement_inconsistent', setPredicate({ contents: contentsDigest([]) })],
    ['hash-of-one-file-changed', 'statement_inconsistent', setFile({ sha256: '0'.repeat(64) })],
  ];

  test.each(cases)('%s', (_, code, text) => {
    refusalOf(code, () => parseStatement(bytesOf(text)));
  });

  test('more files than an archive can have', () => {
    const files = Array.from({ length: 5_001 }, (_, index) => ({
      path: `f${index}`,
      size: 0,
      sha256: '0'.repeat(64),
    }));
    refusalOf('statement_invalid', () => parseStatement(bytesOf(setPredicate({ files }))));
  });
});

test('a package without manifest.json is not signed', () => {
  refusalOf('statement_invalid', () => writeStatement(IDENTITY, ARCHIVE_DIGEST, FILES.slice(0, 2)));
});

test('a refusal escapes what it repeats, so that it cannot steer a terminal', () => {
  const refusal = refusalOf('statement_invalid', () =>
    parseStatement(bytesOf(GOOD.replace('"kelompok"', '"\\u001b[31m\u202e\u009b"'))),
  );
  expect(refusal.message).toMatch(/^[\u0020-\u007e…]*$/u);
});

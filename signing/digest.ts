import { createHash } from 'node:crypto';
import { Refusal } from '../spec/refusal.ts';
import { quote } from './quote.ts';

/** @returns the SHA-256 (FIPS 180-4) as 64 lower-case hexadecimal digits. */
export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** One regular file of a package: its path in the archive, its size in bytes, its SHA-256 in hexadecimal. */
export type FileDigest = { readonly path: string; readonly size: number; readonly sha256: string };

/** Order of UTF-8 bytes, which UTF-16 order is not for characters beyond U+FFFF. */
export function comparePaths(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left, 'utf8'), Buffer.from(right, 'utf8'));
}

/**
 * The directory digest that Go calls `h1:` (golang.org/x/mod/sumdb/dirhash, Hash1): the SHA-256, in base64, of one
 * line `<sha256 in hex>  <path>\n` per file, sorted by path. The same as `sha256sum` over the sorted files, hashed.
 * @throws Refusal `statement_invalid` where a path has a line break, which would forge a line
 */
export function contentsDigest(files: readonly Pick<FileDigest, 'path' | 'sha256'>[]): string {
  const summary = createHash('sha256');
  for (const file of files.toSorted((left, right) => comparePaths(left.path, right.path))) {
    if (file.path.includes('\n'))
      throw new Refusal('statement_invalid', { detail: `The path ${quote(file.path)} has a line break.` });
    summary.update(`${file.sha256}  ${file.path}\n`);
  }
  return `h1:${summary.digest('base64')}`;
}

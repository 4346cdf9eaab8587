/** The encodings of the Encoding standard beside UTF-8, UTF-16 and windows-1252: their labels, and those of one byte. */
import { normalizeEncoding } from '@exodus/bytes/encoding-lite.js';
import { createSinglebyteDecoder } from '@exodus/bytes/single-byte.js';
import { setHas } from './intrinsics.ts';

/** What becomes of bytes that are not valid (Encoding section 4.1, "error mode"). */
export type ErrorMode = 'throw' | 'replace';

/** Encoding sections 10 to 13. */
const MULTI_BYTE: ReadonlySet<string> = new Set([
  'big5',
  'euc-jp',
  'euc-kr',
  'gb18030',
  'gbk',
  'iso-2022-jp',
  'shift_jis',
]);

/**
 * Encoding section 4.2, "get an encoding".
 * @param label in lower case, trimmed
 * @returns undefined for a label that does not exist, and for those that stand for no decoder (section 14.1)
 */
export function legacyEncoding(label: string): string | undefined {
  const encoding = normalizeEncoding(label);
  return encoding === null || encoding === 'replacement' ? undefined : encoding;
}

export const isMultiByte = (encoding: string): boolean => setHas(MULTI_BYTE, encoding);

/** Bytes to text; a byte that stands for nothing throws, or becomes U+FFFD. */
export const singleByteDecoder = (encoding: string, mode: ErrorMode): ((bytes: Uint8Array) => string) =>
  createSinglebyteDecoder(encoding, mode === 'replace');

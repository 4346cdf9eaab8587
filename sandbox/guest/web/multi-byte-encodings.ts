/** Decoders of the Chinese, Japanese and Korean encodings (Encoding sections 10 to 13), with their tables. */
import { createMultibyteDecoder } from '@exodus/bytes/multi-byte.js';
import type { ErrorMode } from './legacy-encodings.ts';

/** Bytes to text, keeping an unfinished character for the next call unless it is the last. */
export function multiByteDecoder(
  encoding: string,
  mode: ErrorMode,
): (bytes: Uint8Array, isLast: boolean) => string {
  const decode = createMultibyteDecoder(encoding, mode === 'replace');
  return (bytes, isLast) => decode(bytes, !isLast);
}

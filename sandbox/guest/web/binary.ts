/**
 * Bytes, text, and the binary strings in which bytes cross the bridge.
 *
 * A binary string has one UTF-16 unit from 0 to 255 for each byte. ASCII text is its own binary string, so the common
 * JSON body is never converted at all; other text goes through the engine's native URI functions, which are far
 * faster than a loop, also without a JIT.
 */
import {
  apply,
  charCodeAt,
  decodeUriComponent,
  encodeUriComponent,
  escapeBytes,
  fromCharCode,
  bytesSubarray,
  matches,
  min,
  SafeUint8Array,
  toWellFormed,
  unescapeBytes,
} from './intrinsics.ts';

const NOT_ASCII = /[\u0080-\uffff]/;

/** Arguments of one native call; far below the engine's limit. */
const CHUNK_BYTES = 8192;

export const isAscii = (text: string): boolean => !matches(NOT_ASCII, text);

/** UTF-8 encode (Encoding section 6): lone surrogates become U+FFFD. */
export function encodeToBinary(text: string): string {
  return isAscii(text) ? text : unescapeBytes(encodeUriComponent(toWellFormed(text)));
}

/** @returns the text, or undefined when the bytes are not UTF-8. A byte order mark stays. */
export function decodeStrictly(binary: string): string | undefined {
  if (isAscii(binary)) return binary;
  try {
    return decodeUriComponent(escapeBytes(binary));
  } catch {
    return undefined;
  }
}

export function binaryFromBytes(bytes: Uint8Array): string {
  const length = bytes.byteLength;
  if (length <= CHUNK_BYTES) return apply(fromCharCode, undefined, bytes) as string;
  let binary = '';
  for (let start = 0; start < length; start += CHUNK_BYTES) {
    binary += apply(
      fromCharCode,
      undefined,
      bytesSubarray(bytes, start, min(start + CHUNK_BYTES, length)),
    ) as string;
  }
  return binary;
}

export function bytesFromBinary(binary: string): Uint8Array<ArrayBuffer> {
  const bytes = new SafeUint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = charCodeAt(binary, index);
  return bytes;
}

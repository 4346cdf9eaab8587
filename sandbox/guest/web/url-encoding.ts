/** What whatwg-url takes from an encoding library, on the engine's own means and UTF-8 only. */
import { binaryFromBytes, bytesFromBinary, encodeToBinary } from './binary.ts';
import { charCodeAt, stringIndexOf } from './intrinsics.ts';
import { decodeWithMark } from './text-encoding.ts';

const HEX = '0123456789ABCDEF';

export const utf8Encode = (text: string): Uint8Array => bytesFromBinary(encodeToBinary(text));

export const utf8DecodeWithoutBOM = (bytes: Uint8Array): string => decodeWithMark(binaryFromBytes(bytes));

/**
 * URL section 1.3, "percent-encode after encoding".
 * @param encodeSet the printable ASCII characters that are to be encoded; all outside printable ASCII always are
 */
export function percentEncodeAfterEncoding(_encoding: string, text: string, encodeSet: string): string {
  const binary = encodeToBinary(text);
  let encoded = '';
  for (let index = 0; index < binary.length; index += 1) {
    const byte = charCodeAt(binary, index);
    const character = binary[index] ?? '';
    const isPlain = byte >= 0x20 && byte <= 0x7e && stringIndexOf(encodeSet, character) < 0;
    encoded += isPlain ? character : `%${HEX[byte >> 4]}${HEX[byte & 15]}`;
  }
  return encoded;
}

/** TextEncoder (Encoding standard, section 7.4), and bytes to text as most of the web APIs do it. */
import { bytesFromBinary, decodeStrictly, encodeToBinary } from './binary.ts';
import { bytesOf, bytesSet, charCodeAt, stringSlice, typedArrayName } from './intrinsics.ts';
import { decoderPart } from './lazy.ts';
import { defineInterface } from './web-idl.ts';

export class TextEncoder {
  /** Reading it throws a TypeError where the receiver is no instance (Web IDL section 3.7.7). */
  readonly #here = true;

  get encoding(): string {
    void this.#here;
    return 'utf-8';
  }

  encode(text: string | undefined = ''): Uint8Array<ArrayBuffer> {
    void this.#here;
    return bytesFromBinary(encodeToBinary(`${text}`));
  }

  /** Writes as many whole characters as fit. */
  encodeInto(source: string, destination: Uint8Array): { read: number; written: number } {
    void this.#here;
    if (typedArrayName(destination) !== 'Uint8Array') {
      throw new TypeError('TextEncoder.encodeInto: the destination must be a Uint8Array.');
    }
    const text = `${source}`;
    const target = bytesOf(destination);
    const fitting = fittingUnits(text, target.byteLength);
    const bytes = bytesFromBinary(encodeToBinary(stringSlice(text, 0, fitting)));
    bytesSet(target, bytes);
    return { read: fitting, written: bytes.byteLength };
  }
}

/** @returns how many UTF-16 units of `text`, in whole characters, take at most `bytesMax` bytes in UTF-8 */
function fittingUnits(text: string, bytesMax: number): number {
  let bytes = 0;
  let index = 0;
  while (index < text.length) {
    const isPair = isLead(charCodeAt(text, index)) && isTrail(charCodeAt(text, index + 1));
    bytes += isPair ? 4 : unitBytes(charCodeAt(text, index));
    if (bytes > bytesMax) break;
    index += isPair ? 2 : 1;
  }
  return index;
}

export const isLead = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
export const isTrail = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
const unitBytes = (unit: number): number => (unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3);

/** Lossy UTF-8 to text, byte order mark removed (Encoding section 6, "UTF-8 decode"). */
export function decodeLossily(binary: string): string {
  const text = decodeWithMark(binary);
  return charCodeAt(text, 0) === 0xfeff ? stringSlice(text, 1) : text;
}

/** The same with the byte order mark ("UTF-8 decode without BOM"). */
export function decodeWithMark(binary: string): string {
  return decodeStrictly(binary) ?? decoderPart.use().decodeBroken(binary);
}

defineInterface(TextEncoder, 'TextEncoder');

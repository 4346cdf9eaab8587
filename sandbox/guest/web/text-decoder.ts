/** TextDecoder (Encoding standard, section 7.2) with the decoders behind it. */
import { binaryFromBytes, bytesFromBinary, decodeStrictly } from './binary.ts';
import {
  bytesOf,
  charCodeAt,
  exec,
  fromCharCode,
  isBufferSource,
  mapGet,
  SafeMap,
  SafeUint8Array,
  stringSlice,
  stringToLowerCase,
} from './intrinsics.ts';
import { legacyEncodingsPart, multiBytePart } from './lazy.ts';
import type { ErrorMode } from './legacy-encodings.ts';
import { isLead, isTrail } from './text-encoding.ts';
import { defineInterface, toDictionary } from './web-idl.ts';

/** Encoding section 4.2. The other encodings of the standard have tables of their own, in parts that are asked for. */
const LABELS: ReadonlyMap<string, string> = new SafeMap<string, string>([
  ...labels('utf-8', 'unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8'),
  ...labels('utf-16le', 'csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le'),
  ...labels('utf-16be', 'unicodefffe utf-16be'),
  ...labels(
    'windows-1252',
    'ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 ' +
      'iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252',
  ),
]);

function labels(encoding: string, names: string): [string, string][] {
  return names.split(' ').map((name) => [name, encoding]);
}

const ASCII_TRIMMED = /^[\t\n\f\r ]*([^]*?)[\t\n\f\r ]*$/;

function encodingOf(label: unknown): string {
  const name = stringToLowerCase(exec(ASCII_TRIMMED, `${label as string}`)?.[1] ?? '');
  const encoding = mapGet(LABELS, name) ?? legacyEncodingsPart.use().legacyEncoding(name);
  if (encoding === undefined)
    throw new RangeError(`The encoding label "${stringSlice(name, 0, 40)}" is not supported.`);
  return encoding;
}

/** Turns bytes into text, keeping an unfinished character for the next call. */
type Decoder = { decode(bytes: Uint8Array, isLast: boolean): string };

/** @param onError answers what stands for bytes that are not valid, or throws */
function makeDecoder(encoding: string, mode: ErrorMode, onError: () => string): Decoder {
  switch (encoding) {
    case 'utf-8':
      return new Utf8Decoder(onError);
    case 'utf-16le':
      return new Utf16Decoder('little', onError);
    case 'utf-16be':
      return new Utf16Decoder('big', onError);
    case 'windows-1252':
      return { decode: decodeWindows1252 };
    default:
      return legacyDecoder(encoding, mode, onError);
  }
}

/** Encoding sections 9 to 14.5, from a library: at what is not valid it throws, or goes on by itself. */
function legacyDecoder(encoding: string, mode: ErrorMode, onError: () => string): Decoder {
  const { isMultiByte, singleByteDecoder } = legacyEncodingsPart.use();
  const make = isMultiByte(encoding) ? multiBytePart.use().multiByteDecoder : singleByteDecoder;
  const decode = make(encoding, mode);
  if (mode === 'replace') return { decode };
  return {
    decode(bytes, isLast) {
      try {
        return decode(bytes, isLast);
      } catch {
        return onError();
      }
    },
  };
}

const REPLACEMENT = '\ufffd';

/** UTF-8 that is not valid throughout: what is not becomes U+FFFD. */
export function decodeBroken(binary: string): string {
  return new Utf8Decoder(() => REPLACEMENT).decode(bytesFromBinary(binary), true);
}

/** Encoding section 8.1.1, with a native path for input that is whole and valid. */
class Utf8Decoder implements Decoder {
  readonly #onError: () => string;
  #codePoint = 0;
  #needed = 0;
  #seen = 0;
  #lower = 0x80;
  #upper = 0xbf;

  constructor(onError: () => string) {
    this.#onError = onError;
  }

  decode(bytes: Uint8Array, isLast: boolean): string {
    const whole = this.#needed === 0 ? decodeStrictly(binaryFromBytes(bytes)) : undefined;
    if (whole !== undefined) return whole;
    let text = '';
    for (let index = 0; index < bytes.byteLength; index += 1) text += this.#step(bytes[index] ?? 0);
    if (isLast && this.#needed > 0) {
      this.#reset();
      text += this.#onError();
    }
    return text;
  }

  #step(byte: number): string {
    if (this.#needed === 0) return this.#first(byte);
    if (byte < this.#lower || byte > this.#upper) {
      this.#reset();
      return this.#onError() + this.#first(byte);
    }
    this.#lower = 0x80;
    this.#upper = 0xbf;
    this.#codePoint = (this.#codePoint << 6) | (byte & 0x3f);
    this.#seen += 1;
    if (this.#seen !== this.#needed) return '';
    const codePoint = this.#codePoint;
    this.#reset();
    return textOf(codePoint);
  }

  #first(byte: number): string {
    if (byte <= 0x7f) return fromCharCode(byte);
    if (byte >= 0xc2 && byte <= 0xdf) return this.#begin(1, byte & 0x1f);
    if (byte >= 0xe0 && byte <= 0xef) {
      if (byte === 0xe0) this.#lower = 0xa0;
      if (byte === 0xed) this.#upper = 0x9f;
      return this.#begin(2, byte & 0xf);
    }
    if (byte >= 0xf0 && byte <= 0xf4) {
      if (byte === 0xf0) this.#lower = 0x90;
      if (byte === 0xf4) this.#upper = 0x8f;
      return this.#begin(3, byte & 0x7);
    }
    return this.#onError();
  }

  #begin(needed: number, bits: number): string {
    this.#needed = needed;
    this.#codePoint = bits;
    return '';
  }

  #reset(): void {
    this.#codePoint = this.#needed = this.#seen = 0;
    this.#lower = 0x80;
    this.#upper = 0xbf;
  }
}

function textOf(codePoint: number): string {
  if (codePoint < 0x10000) return fromCharCode(codePoint);
  const offset = codePoint - 0x10000;
  return fromCharCode(0xd800 + (offset >> 10), 0xdc00 + (offset & 0x3ff));
}

/** Encoding section 14.2. */
class Utf16Decoder implements Decoder {
  readonly #order: 'little' | 'big';
  readonly #onError: () => string;
  #byte: number | null = null;
  #lead: number | null = null;

  constructor(order: 'little' | 'big', onError: () => string) {
    this.#order = order;
    this.#onError = onError;
  }

  decode(bytes: Uint8Array, isLast: boolean): string {
    let text = '';
    for (let index = 0; index < bytes.byteLength; index += 1) {
      const byte = bytes[index] ?? 0;
      if (this.#byte === null) {
        this.#byte = byte;
        continue;
      }
      const unit = this.#order === 'big' ? (this.#byte << 8) | byte : (byte << 8) | this.#byte;
      this.#byte = null;
      text += this.#unit(unit);
    }
    if (isLast && (this.#byte !== null || this.#lead !== null)) {
      this.#byte = this.#lead = null;
      text += this.#onError();
    }
    return text;
  }

  #unit(unit: number): string {
    const lead = this.#lead;
    this.#lead = null;
    if (lead !== null && isTrail(unit)) return fromCharCode(lead, unit);
    const before = lead === null ? '' : this.#onError();
    if (isLead(unit)) {
      this.#lead = unit;
      return before;
    }
    return before + (isTrail(unit) ? this.#onError() : fromCharCode(unit));
  }
}

/** Encoding section 9, index windows-1252: what 0x80 to 0x9F stand for; everything else is itself. */
const WINDOWS_1252_C1 =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f' +
  '\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178';

function decodeWindows1252(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.byteLength; index += 1) {
    const byte = bytes[index] ?? 0;
    text += byte >= 0x80 && byte <= 0x9f ? (WINDOWS_1252_C1[byte - 0x80] ?? '') : fromCharCode(byte);
  }
  return text;
}

type DecoderOptions = { fatal: boolean; ignoreBOM: boolean };

export class TextDecoder {
  readonly #encoding: string;
  readonly #fatal: boolean;
  readonly #ignoreBom: boolean;
  #decoder: Decoder | null = null;
  #bomSeen = false;

  constructor(label: string = 'utf-8', options?: Partial<DecoderOptions>) {
    this.#encoding = encodingOf(label);
    const { fatal, ignoreBOM } = toDictionary<DecoderOptions>(options, 'TextDecoder');
    this.#fatal = Boolean(fatal);
    this.#ignoreBom = Boolean(ignoreBOM);
  }

  get encoding(): string {
    return this.#encoding;
  }

  get fatal(): boolean {
    return this.#fatal;
  }

  get ignoreBOM(): boolean {
    return this.#ignoreBom;
  }

  decode(input?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string {
    const isLast = !toDictionary<{ stream: boolean }>(options, 'TextDecoder.decode').stream;
    const bytes = input === undefined ? new SafeUint8Array(0) : this.#bytes(input);
    this.#decoder ??= this.#begin();
    const decoder = this.#decoder;
    if (isLast) this.#decoder = null;
    return this.#withoutBom(decoder.decode(bytes, isLast));
  }

  #bytes(input: unknown): Uint8Array {
    if (!isBufferSource(input))
      throw new TypeError('TextDecoder.decode: the input must be an ArrayBuffer or a view.');
    return bytesOf(input);
  }

  #begin(): Decoder {
    this.#bomSeen = false;
    return makeDecoder(this.#encoding, this.#fatal ? 'throw' : 'replace', () => this.#onError());
  }

  #onError(): string {
    if (!this.#fatal) return REPLACEMENT;
    this.#decoder = null;
    throw new TypeError(`The encoded data was not valid for encoding ${this.#encoding}.`);
  }

  /** Encoding section 7.2, "serialize I/O queue": one mark at the very start of the stream goes. */
  #withoutBom(text: string): string {
    if (this.#bomSeen || this.#ignoreBom || !this.#encoding.startsWith('utf-') || text === '') return text;
    this.#bomSeen = true;
    return charCodeAt(text, 0) === 0xfeff ? stringSlice(text, 1) : text;
  }
}

defineInterface(TextDecoder, 'TextDecoder', { decode: 0 });

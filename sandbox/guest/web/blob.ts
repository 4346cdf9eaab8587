/** Blob and File (File API sections 3 and 4). The bytes are one binary string, which V8 slices without copying. */
import { binaryFromBytes, bytesFromBinary, encodeToBinary } from './binary.ts';
import {
  arrayPush,
  bytesOf,
  dateNow,
  isBufferSource,
  matches,
  max,
  min,
  replaceText,
  stringSlice,
  stringToLowerCase,
  trunc,
} from './intrinsics.ts';
import { streamPart } from './lazy.ts';
import { extractMimeType, serializeMimeType } from './mime-type.ts';
import type { ReadableStream } from './streams.ts';
import { decodeLossily } from './text-encoding.ts';
import { defineInterface, isObject, requireArguments, toDictionary, toUsvString } from './web-idl.ts';

type BlobOptions = { type: string; endings: Endings };
type BlobPart = string | ArrayBuffer | ArrayBufferView | Blob;

const OUTSIDE_PRINTABLE_ASCII = /[^\u0020-\u007e]/;
/** One chunk of a blob's or body's stream. */
const STREAM_CHUNK_BYTES = 65_536;

let binaryOf: (blob: Blob) => string;
let isBlobHere: (value: object) => value is Blob;
let adopt: (blob: Blob, binary: string, type?: string) => void;

export class Blob {
  static {
    binaryOf = (blob) => blob.#binary;
    isBlobHere = (value): value is Blob => #binary in value;
    adopt = (blob, binary, type = blob.#type) => {
      blob.#binary = binary;
      blob.#type = type;
    };
  }

  #binary = '';
  #type: string;

  constructor(parts?: Iterable<BlobPart>, options?: Partial<BlobOptions>) {
    const list = parts === undefined ? [] : toParts(parts);
    const given = toDictionary<BlobOptions>(options, 'Blob');
    // Web IDL section 3.2.17: members are read in the order of their names.
    const endings = toEndings(given.endings);
    this.#type = toBlobType(given.type);
    for (const part of list) this.#binary += toBinary(part, endings);
  }

  get size(): number {
    return this.#binary.length;
  }
  get type(): string {
    return this.#type;
  }

  slice(start?: number, end?: number, type?: string): Blob {
    const from = toPosition(start, 0, this.size);
    const to = toPosition(end, this.size, this.size);
    return blobFromBinary(stringSlice(this.#binary, from, max(from, to)), toBlobType(type));
  }

  async text(): Promise<string> {
    return decodeLossily(this.#binary);
  }
  async arrayBuffer(): Promise<ArrayBuffer> {
    return bytesFromBinary(this.#binary).buffer;
  }
  async bytes(): Promise<Uint8Array> {
    return bytesFromBinary(this.#binary);
  }
  stream(): ReadableStream<Uint8Array> {
    return streamOfBinary(this.#binary);
  }
}

export class File extends Blob {
  readonly #name: string;
  readonly #lastModified: number;

  constructor(
    parts: Iterable<BlobPart>,
    name: string,
    options?: Partial<BlobOptions> & { lastModified?: number },
  ) {
    requireArguments(arguments.length, 2, 'File');
    super(parts, options);
    this.#name = toUsvString(name);
    const { lastModified } = toDictionary<{ lastModified: number }>(options, 'File');
    this.#lastModified = lastModified === undefined ? dateNow() : trunc(Number(lastModified)) || 0;
  }

  get name(): string {
    return this.#name;
  }
  get lastModified(): number {
    return this.#lastModified;
  }
  get webkitRelativePath(): string {
    return '';
  }
}

export const isBlob = (value: unknown): value is Blob => isObject(value) && isBlobHere(value);
export const blobBinary = (blob: Blob): string => binaryOf(blob);

export function blobFromBinary(binary: string, type: string): Blob {
  const blob = new Blob(undefined, { type });
  adopt(blob, binary);
  return blob;
}

/** Fetch section 5.3, `blob()`: the type is what the header says, which keeps its case. */
export function blobOfBody(binary: string, contentType: string): Blob {
  const blob = new Blob();
  const type = extractMimeType(contentType);
  adopt(blob, binary, type === null ? '' : serializeMimeType(type));
  return blob;
}

export function fileFromBinary(binary: string, name: string, type: string, lastModified: number): File {
  const file = new File([], name, { type, lastModified });
  adopt(file, binary);
  return file;
}

/** A byte stream that makes its chunks when they are asked for, and nothing before. */
export function streamOfBinary(binary: string): ReadableStream<Uint8Array> {
  let offset = 0;
  const { ReadableStream: Stream } = streamPart.use();
  return new Stream<Uint8Array>(
    {
      type: 'bytes',
      pull(controller) {
        const end = min(offset + STREAM_CHUNK_BYTES, binary.length);
        if (end > offset) controller.enqueue(bytesFromBinary(stringSlice(binary, offset, end)));
        offset = end;
        if (offset < binary.length) return;
        controller.close();
        // A reader that brought its own buffer is answered with no bytes (Streams section 4.7.3).
        controller.byobRequest?.respond(0);
      },
    },
    { highWaterMark: 0 },
  );
}

type Endings = 'transparent' | 'native';

function toEndings(value: unknown = 'transparent'): Endings {
  const endings = `${value as string}`;
  if (endings !== 'transparent' && endings !== 'native')
    throw new TypeError('Blob: "endings" must be transparent or native.');
  return endings;
}

/** Web IDL converts arguments from left to right: what is no bytes becomes text before the options are looked at. */
function toParts(parts: unknown): BlobPart[] {
  if (!isObject(parts)) throw new TypeError('Blob: the parts must be a sequence.');
  const list: BlobPart[] = [];
  for (const part of parts as Iterable<unknown>)
    arrayPush(list, isBufferSource(part) || isBlob(part) ? part : `${part as string}`);
  return list;
}

function toBinary(part: BlobPart, endings: Endings): string {
  if (isBufferSource(part)) return binaryFromBytes(bytesOf(part));
  if (isBlob(part)) return blobBinary(part);
  return encodeToBinary(
    endings === 'native' ? replaceText(replaceText(part, '\r\n', '\n'), '\r', '\n') : part,
  );
}

/** File API section 3.1: a type outside printable ASCII is no type. */
function toBlobType(type: unknown): string {
  if (type === undefined) return '';
  const text = `${type as string}`;
  return matches(OUTSIDE_PRINTABLE_ASCII, text) ? '' : stringToLowerCase(text);
}

function toPosition(value: unknown, fallback: number, size: number): number {
  if (value === undefined) return fallback;
  const position = trunc(Number(value)) || 0;
  return position < 0 ? max(size + position, 0) : min(position, size);
}

defineInterface(Blob, 'Blob', { constructor: 0, slice: 0 });
defineInterface(File, 'File', { constructor: 2 });

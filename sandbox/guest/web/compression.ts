/**
 * CompressionStream and DecompressionStream (Compression standard), on pako's port of zlib: in the isolate, so that
 * what they take is charged to the guest, and what was packed to burst bursts there.
 */
import {
  ZStream,
  Z_BUF_ERROR,
  Z_DEFAULT_STRATEGY,
  Z_FINISH,
  Z_NO_FLUSH,
  Z_STREAM_END,
  zlibDeflate,
  zlibDeflateInit2,
  zlibInflate,
  zlibInflateInit2,
} from 'pako';
import { bytesOf, bytesSubarray, isBufferSource, mapGet, SafeMap, SafeUint8Array } from './intrinsics.ts';
import { streamPart } from './lazy.ts';
import { defineInterface, requireArguments } from './web-idl.ts';

/** The container of each format by zlib's `windowBits`: 15 for the largest window, 16 more for gzip, negative for none. */
const WINDOW_BITS: ReadonlyMap<string, number> = new SafeMap([
  ['deflate', 15],
  ['deflate-raw', -15],
  ['gzip', 31],
]);
/** zlib's own choices of effort and memory. */
const LEVEL = 6;
const DEFLATED = 8;
const MEMORY_LEVEL = 8;
const OUTPUT_BYTES = 16_384;

type Controller = { enqueue(chunk: Uint8Array): void };
type Transform = { readonly readable: unknown; readonly writable: unknown };
type Flush = Parameters<typeof zlibDeflate>[1];
type Step = (stream: ZStream, flush: Flush) => number;

function windowBitsOf(format: unknown, operation: string): number {
  const bits = mapGet(WINDOW_BITS, `${format as string}`);
  if (bits === undefined)
    throw new TypeError(`${operation}: the format must be deflate, deflate-raw or gzip.`);
  return bits;
}

function toInput(chunk: unknown, operation: string): Uint8Array {
  if (!isBufferSource(chunk)) throw new TypeError(`${operation}: a chunk must be an ArrayBuffer or a view.`);
  return bytesOf(chunk);
}

/**
 * Gives zlib what there is and hands on what it answers.
 * @returns the status of the last step: one that filled the room for its output is asked again
 */
function run(stream: ZStream, step: Step, input: Uint8Array, flush: Flush, controller: Controller): number {
  stream.input = input;
  stream.next_in = 0;
  stream.avail_in = input.length;
  for (;;) {
    const output = new SafeUint8Array(OUTPUT_BYTES);
    stream.output = output;
    stream.next_out = 0;
    stream.avail_out = OUTPUT_BYTES;
    const status = step(stream, flush);
    if (stream.next_out > 0) controller.enqueue(bytesSubarray(output, 0, stream.next_out));
    if (status !== 0 || stream.avail_out > 0) return status;
  }
}

const NOTHING = new SafeUint8Array(0);

function makeCompressor(windowBits: number): Transform {
  const stream = new ZStream();
  zlibDeflateInit2(stream, LEVEL, DEFLATED, windowBits, MEMORY_LEVEL, Z_DEFAULT_STRATEGY);
  return new (streamPart.use().TransformStream)<unknown, Uint8Array>({
    transform: (chunk, controller) => {
      run(stream, zlibDeflate, toInput(chunk, 'CompressionStream'), Z_NO_FLUSH, controller);
    },
    flush: (controller) => {
      run(stream, zlibDeflate, NOTHING, Z_FINISH, controller);
    },
  });
}

/** Compression section 5: what is broken, cut off or followed by more is an error, and so is a dictionary. */
function makeDecompressor(windowBits: number): Transform {
  const stream = new ZStream();
  zlibInflateInit2(stream, windowBits);
  let hasEnded = false;
  return new (streamPart.use().TransformStream)<unknown, Uint8Array>({
    transform: (chunk, controller) => {
      const input = toInput(chunk, 'DecompressionStream');
      if (input.length === 0) return;
      if (hasEnded) throw new TypeError('The compressed data is followed by more.');
      const status = run(stream, zlibInflate, input, Z_NO_FLUSH, controller);
      hasEnded = status === Z_STREAM_END;
      if (!hasEnded && status !== 0 && status !== Z_BUF_ERROR)
        throw new TypeError('The compressed data is broken.');
      if (hasEnded && stream.avail_in > 0) throw new TypeError('The compressed data is followed by more.');
    },
    flush: () => {
      if (!hasEnded) throw new TypeError('The compressed data is cut off.');
    },
  });
}

export class CompressionStream {
  readonly #transform: Transform;

  constructor(format: string) {
    requireArguments(arguments.length, 1, 'CompressionStream');
    this.#transform = makeCompressor(windowBitsOf(format, 'CompressionStream'));
  }

  get readable(): unknown {
    return this.#transform.readable;
  }
  get writable(): unknown {
    return this.#transform.writable;
  }
}

export class DecompressionStream {
  readonly #transform: Transform;

  constructor(format: string) {
    requireArguments(arguments.length, 1, 'DecompressionStream');
    this.#transform = makeDecompressor(windowBitsOf(format, 'DecompressionStream'));
  }

  get readable(): unknown {
    return this.#transform.readable;
  }
  get writable(): unknown {
    return this.#transform.writable;
  }
}

defineInterface(CompressionStream, 'CompressionStream');
defineInterface(DecompressionStream, 'DecompressionStream');

/** Streams (Streams standard), from web-streams-polyfill, and the two encoding streams (Encoding section 7.5). */
import { ReadableStream, TransformStream } from 'web-streams-polyfill';
import { bytesOf, charCodeAt, isBufferSource, stringSlice } from './intrinsics.ts';
import { TextDecoder } from './text-decoder.ts';
import { TextEncoder } from './text-encoding.ts';
import { defineInterface } from './web-idl.ts';

export {
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
  ReadableByteStreamController,
  ReadableStream,
  ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest,
  ReadableStreamDefaultController,
  ReadableStreamDefaultReader,
  TransformStream,
  TransformStreamDefaultController,
  WritableStream,
  WritableStreamDefaultController,
  WritableStreamDefaultWriter,
} from 'web-streams-polyfill';

// Web IDL section 3.7.10: asynchronous iterators stand on the engine's own prototype, and have what it brings.
const prototypeOf = (value: object): object => Object.getPrototypeOf(value) as object;
Object.setPrototypeOf(
  prototypeOf(new ReadableStream().values()),
  prototypeOf(prototypeOf(prototypeOf((async function* () {})()))),
);

export class TextEncoderStream {
  readonly #encoder = new TextEncoder();
  /** A leading surrogate at the end of a chunk waits for its other half. */
  #lead = '';
  readonly #transform = new TransformStream<string, Uint8Array>({
    transform: (chunk, controller) => {
      const text = this.#lead + `${chunk}`;
      const last = charCodeAt(text, text.length - 1);
      const cut = last >= 0xd800 && last <= 0xdbff ? text.length - 1 : text.length;
      this.#lead = stringSlice(text, cut);
      if (cut > 0) controller.enqueue(this.#encoder.encode(stringSlice(text, 0, cut)));
    },
    flush: (controller) => {
      if (this.#lead !== '') controller.enqueue(this.#encoder.encode(this.#lead));
    },
  });

  get encoding(): string {
    void this.#encoder;
    return 'utf-8';
  }
  get readable(): unknown {
    return this.#transform.readable;
  }
  get writable(): unknown {
    return this.#transform.writable;
  }
}

export class TextDecoderStream {
  readonly #decoder: TextDecoder;
  readonly #transform: TransformStream<unknown, string>;

  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }) {
    const decoder = new TextDecoder(label, options);
    this.#decoder = decoder;
    this.#transform = new TransformStream<unknown, string>({
      transform: (chunk, controller) => {
        if (!isBufferSource(chunk))
          throw new TypeError('TextDecoderStream: a chunk must be an ArrayBuffer or a view.');
        const text = decoder.decode(bytesOf(chunk), { stream: true });
        if (text !== '') controller.enqueue(text);
      },
      flush: (controller) => {
        const text = decoder.decode();
        if (text !== '') controller.enqueue(text);
      },
    });
  }

  get encoding(): string {
    return this.#decoder.encoding;
  }
  get fatal(): boolean {
    return this.#decoder.fatal;
  }
  get ignoreBOM(): boolean {
    return this.#decoder.ignoreBOM;
  }
  get readable(): unknown {
    return this.#transform.readable;
  }
  get writable(): unknown {
    return this.#transform.writable;
  }
}

defineInterface(TextEncoderStream, 'TextEncoderStream');
defineInterface(TextDecoderStream, 'TextDecoderStream', { constructor: 0 });

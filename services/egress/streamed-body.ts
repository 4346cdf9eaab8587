/**
 * The body of an answer as it comes: what is small and there at once is taken whole, the rest is pulled piece by piece.
 *
 * No more of it is held than the guest may ask for next, however fast the other side sends: the HTTP client stops
 * reading from its connection. Bytes are counted after decoding: 200 KB of gzip can be 200 MB of zeros.
 */
import type { HostBody } from '../../spec/host/capability.ts';
import { EGRESS_LIMITS, STREAM_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import { toEgressRefusal } from '../../spec/egress/failure.ts';

export type BodyEnd = 'ended' | Refusal;

type Reader = { read(): Promise<{ done: boolean; value?: Uint8Array }>; cancel(): Promise<void> };

export class StreamedBody implements HostBody {
  readonly #reader: Reader;
  readonly #signal: AbortSignal;
  readonly #onEnd: (end: BodyEnd, bytes: number) => void;
  /** Filled one after the other, so that drops of one byte cost no more than their bytes. */
  readonly #blocks: { readonly bytes: Buffer; length: number }[] = [];
  #heldBytes = 0;
  #aheadBytesMax: number = STREAM_LIMITS.pieceBytesMax;
  #totalBytes = 0;
  #end: BodyEnd | undefined;
  #isPumping = false;
  #wake: (() => void) | undefined;

  /**
   * @param signal of the request; it ends the body, and the HTTP client its connection
   * @param onEnd called once: when all has come, when it broke off, or when the signal was aborted
   */
  constructor(
    stream: ReadableStream<Uint8Array>,
    signal: AbortSignal,
    onEnd: (end: BodyEnd, bytes: number) => void,
  ) {
    this.#reader = stream.getReader() as Reader;
    this.#signal = signal;
    this.#onEnd = onEnd;
    const stop = (): void => this.#finish(toEgressRefusal(signal.reason, signal));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    void this.#pump();
  }

  /**
   * Waits for all of it.
   * @param patience how long: as the request has time for what says that it is small, a moment for what does not say
   * @returns undefined where it is too large or too slow for that; then it is to be pulled
   * @throws Refusal when it breaks off before
   */
  async whole(patience: 'asLongAsItTakes' | 'aMoment'): Promise<Buffer | undefined> {
    const wait = { isOver: false };
    const giveUp = (): void => {
      wait.isOver = true;
      this.#wake?.();
    };
    // On a busy server the moment may be over before what has come was looked at.
    const timer =
      patience === 'aMoment' ? setTimeout(() => setImmediate(giveUp), EGRESS_LIMITS.replyWaitMs) : undefined;
    this.#aheadBytesMax = EGRESS_LIMITS.replyBytesMax + 1;
    while (!this.#end && !wait.isOver && this.#heldBytes <= EGRESS_LIMITS.replyBytesMax) await this.#more();
    clearTimeout(timer);
    if (this.#end instanceof Refusal) throw this.#end;
    this.#aheadBytesMax = STREAM_LIMITS.pieceBytesMax;
    if (!this.#end || this.#heldBytes > EGRESS_LIMITS.replyBytesMax) return undefined;
    return Buffer.concat(this.#blocks.map(({ bytes, length }) => bytes.subarray(0, length)));
  }

  async read(): Promise<Uint8Array | BodyEnd> {
    while (this.#blocks.length === 0 && !this.#end) await this.#more();
    if (this.#end instanceof Refusal) return this.#end;
    const block = this.#blocks.shift();
    if (!block) return this.#end as BodyEnd;
    this.#heldBytes -= block.length;
    void this.#pump();
    return block.bytes.subarray(0, block.length);
  }

  /** Resolves when something has come, or nothing will. */
  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      void this.#pump();
    });
  }

  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      while (!this.#end && this.#heldBytes < this.#aheadBytesMax) {
        const { done, value } = await this.#reader.read();
        if (done || !value) this.#finish('ended');
        else this.#take(value);
      }
    } catch (error) {
      this.#finish(toEgressRefusal(error, this.#signal));
    } finally {
      this.#isPumping = false;
    }
  }

  #take(chunk: Uint8Array): void {
    if (this.#end) return;
    this.#totalBytes += chunk.byteLength;
    if (this.#totalBytes > EGRESS_LIMITS.responseBytesMax) return this.#finish(tooLarge());
    for (let at = 0; at < chunk.byteLength;) at += this.#copy(chunk.subarray(at));
    this.#heldBytes += chunk.byteLength;
    this.#wake?.();
  }

  /** @returns how many of the bytes fitted into the last block, or a fresh one */
  #copy(rest: Uint8Array): number {
    let block = this.#blocks.at(-1);
    if (!block || block.length === block.bytes.byteLength) {
      block = { bytes: Buffer.allocUnsafe(STREAM_LIMITS.pieceBytesMax), length: 0 };
      this.#blocks.push(block);
    }
    const part = rest.subarray(0, block.bytes.byteLength - block.length);
    block.bytes.set(part, block.length);
    block.length += part.byteLength;
    return part.byteLength;
  }

  #finish(end: BodyEnd): void {
    if (this.#end) return;
    this.#end = end;
    if (end instanceof Refusal) {
      this.#blocks.length = 0;
      this.#reader.cancel().catch(() => undefined);
    }
    this.#onEnd(end, this.#totalBytes);
    this.#wake?.();
  }
}

function tooLarge(): Refusal {
  return new Refusal('egress_response_too_large', {
    detail: `The body has more than ${EGRESS_LIMITS.responseBytesMax} bytes after decoding.`,
  });
}

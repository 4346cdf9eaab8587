/** Bodies of plugin calls in pieces: read from the caller when the guest asks, written when the caller has room. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestBody } from '../gateway/gateway.ts';
import type { ByteSource } from '../../sandbox/ports.ts';
import { STREAM_LIMITS } from '../../spec/limits.ts';
import type { Refusal } from '../../spec/refusal.ts';
import { bodyIncomplete, bodyTooLarge } from './body.ts';

type Piece = Buffer | 'ended' | 'broken';

/**
 * @param wholeBytesMax a body of at most so many bytes is waited for, and given whole
 * @param bytesMax largest body in bytes
 * @throws Refusal `body_incomplete` when it breaks off before it is known whether it is that large
 */
export async function openBody(
  incoming: IncomingMessage,
  wholeBytesMax: number,
  bytesMax: number,
): Promise<Uint8Array | RequestBody> {
  const body = new IncomingBody(incoming, bytesMax);
  const pieces: Buffer[] = [];
  let length = 0;
  while (length <= wholeBytesMax) {
    const piece = await body.read();
    if (piece === 'ended') return Buffer.concat(pieces, length);
    if (piece === 'broken') throw body.refusal ?? bodyIncomplete(undefined);
    length += piece.byteLength;
    pieces.push(piece);
  }
  body.giveBack(Buffer.concat(pieces, length));
  return body;
}

const EVENTS = ['readable', 'end', 'close', 'error'] as const;

class IncomingBody implements RequestBody {
  refusal: Refusal | undefined;
  readonly #incoming: IncomingMessage;
  readonly #bytesMax: number;
  #held = Buffer.alloc(0);
  #bytes = 0;

  constructor(incoming: IncomingMessage, bytesMax: number) {
    this.#incoming = incoming;
    this.#bytesMax = bytesMax;
  }

  async read(): Promise<Piece> {
    if (this.#held.byteLength > 0) return this.#cut();
    const read = await readSome(this.#incoming);
    if (typeof read === 'string') return read;
    this.#bytes += read.byteLength;
    if (this.#bytes > this.#bytesMax) {
      this.refusal = bodyTooLarge(this.#bytesMax);
      return 'broken';
    }
    this.#held = read;
    return this.#cut();
  }

  giveBack(bytes: Buffer<ArrayBuffer>): void {
    this.#held = this.#held.byteLength === 0 ? bytes : Buffer.concat([bytes, this.#held]);
  }

  #cut(): Buffer {
    const piece = this.#held.subarray(0, STREAM_LIMITS.pieceBytesMax);
    this.#held = this.#held.subarray(piece.byteLength);
    return piece;
  }
}

/** What the connection has brought, or the next that it brings; nothing is read from it in between. */
async function readSome(incoming: IncomingMessage): Promise<Buffer<ArrayBuffer> | 'ended' | 'broken'> {
  for (;;) {
    const read = incoming.read() as Buffer<ArrayBuffer> | null;
    if (read !== null) return read;
    if (incoming.readableEnded) return 'ended';
    if (incoming.destroyed) return 'broken';
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        for (const event of EVENTS) incoming.off(event, wake);
        resolve();
      };
      for (const event of EVENTS) incoming.on(event, wake);
    });
  }
}

/**
 * Writes a body to its end, no faster than the caller reads. A broken one breaks the connection: an orderly end would
 * tell the caller that it has everything (RFC 9112, section 8).
 */
export async function writePieces(outgoing: ServerResponse, source: ByteSource): Promise<void> {
  outgoing.flushHeaders();
  for (;;) {
    const piece = await source.read();
    if (outgoing.destroyed) return;
    if (piece === 'ended') return void outgoing.end();
    if (piece === 'broken') return void outgoing.socket?.resetAndDestroy();
    if (!outgoing.write(piece)) await untilDrained(outgoing);
  }
}

function untilDrained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      outgoing.off('drain', wake).off('close', wake);
      resolve();
    };
    outgoing.on('drain', wake).on('close', wake);
  });
}

/**
 * The frames between supervisor and runner, both ways, little-endian:
 *
 * ```
 * offset  0  u32  bytes that follow this field (20 + head + body)
 *         4  u8   kind, see `TO_RUNNER` and `FROM_RUNNER`
 *         5  u8   code, its meaning depends on the kind
 *         6  u16  zero
 *         8  u32  run       the run that the frame belongs to, 0 for none
 *        12  u32  ref       an isolate or a host call
 *        16  u32  amount    a number in the unit that the kind gives
 *        20  u32  headBytes
 *        24       head: UTF-8 text, then body: bytes up to the end
 * ```
 *
 * Example, a ping with run 0: `14 00 00 00 | 07 | 00 | 00 00 | 00 00 00 00 | 05 00 00 00 | 00 00 00 00 | 00 00 00 00`.
 *
 * Lengths are checked before anything is allocated: a frame that announces more than the reader allows is never
 * collected, so a peer cannot make the reader hold more than one frame's limit.
 */
import { Fault } from '../../spec/refusal.ts';

export const FRAME_HEADER_BYTES = 24;
const LENGTH_BYTES = 4;

export type Frame = {
  readonly kind: number;
  readonly code: number;
  readonly run: number;
  readonly ref: number;
  readonly amount: number;
  readonly head: string;
  readonly body: Buffer;
};

export type FrameParts = Partial<Omit<Frame, 'kind' | 'body'>> & {
  readonly kind: number;
  readonly body?: Uint8Array;
};

const EMPTY = Buffer.alloc(0);

/** Encodes one frame into a buffer of its own. Numbers are taken modulo their field. */
export function encodeFrame(parts: FrameParts): Buffer {
  const head = parts.head ?? '';
  const body = parts.body ?? EMPTY;
  const headBytes = head === '' ? 0 : Buffer.byteLength(head, 'utf8');
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + headBytes + body.byteLength);
  frame.writeUInt32LE(frame.byteLength - LENGTH_BYTES, 0);
  frame[4] = parts.kind;
  frame[5] = parts.code ?? 0;
  frame.writeUInt16LE(0, 6);
  frame.writeUInt32LE((parts.run ?? 0) >>> 0, 8);
  frame.writeUInt32LE((parts.ref ?? 0) >>> 0, 12);
  frame.writeUInt32LE((parts.amount ?? 0) >>> 0, 16);
  frame.writeUInt32LE(headBytes, 20);
  if (headBytes > 0) frame.write(head, FRAME_HEADER_BYTES, headBytes, 'utf8');
  frame.set(body, FRAME_HEADER_BYTES + headBytes);
  return frame;
}

/**
 * Cuts a byte stream into frames.
 *
 * @example const reader = createFrameReader(4 * MIB); for (const frame of reader.push(chunk)) …
 */
export type FrameReader = {
  /**
   * @returns the frames that `chunk` completed; their bodies share no memory with it, and are safe to keep
   * @throws Fault when the stream is malformed, after which it cannot be read on
   */
  push(chunk: Buffer): Frame[];
  /** Bytes of an unfinished frame that the reader holds. */
  readonly pendingBytes: number;
};

/** @param frameBytesMax largest frame, its length field included */
export function createFrameReader(frameBytesMax: number): FrameReader {
  // Invariant: `held` is empty between frames, else it has the size of what it waits for (the length field, or the
  // whole frame) and its first `filledBytes` bytes are there. So drops of one byte cost no more than the frame.
  let held = EMPTY;
  let filledBytes = 0;

  const push = (chunk: Buffer): Frame[] => {
    const frames: Frame[] = [];
    let at = 0;
    while (at < chunk.byteLength) {
      if (held === EMPTY) {
        const restBytes = chunk.byteLength - at;
        const neededBytes = restBytes < LENGTH_BYTES ? LENGTH_BYTES : frameBytes(chunk, at, frameBytesMax);
        if (restBytes >= neededBytes) {
          frames.push(decodeFrame(chunk.subarray(at, at + neededBytes), copyOf));
          at += neededBytes;
          continue;
        }
        held = Buffer.allocUnsafe(neededBytes);
      }
      const copiedBytes = chunk.copy(held, filledBytes, at);
      filledBytes += copiedBytes;
      at += copiedBytes;
      if (filledBytes < held.byteLength) break;
      if (held.byteLength === LENGTH_BYTES) {
        const whole = Buffer.allocUnsafe(frameBytes(held, 0, frameBytesMax));
        held.copy(whole);
        held = whole;
      } else {
        // It was collected in memory of its own: a large body, such as a piece of a stream, is not copied again.
        frames.push(decodeFrame(held, asItIs));
        held = EMPTY;
        filledBytes = 0;
      }
    }
    return frames;
  };
  return {
    push,
    get pendingBytes() {
      return filledBytes;
    },
  };
}

/** @returns how many bytes the frame has whose length field is at `at` */
function frameBytes(bytes: Buffer, at: number, frameBytesMax: number): number {
  const total = bytes.readUInt32LE(at) + LENGTH_BYTES;
  if (total < FRAME_HEADER_BYTES) throw new Fault('a frame is shorter than its header');
  if (total > frameBytesMax) throw new Fault('a frame is longer than the channel allows');
  return total;
}

const copyOf = (bytes: Buffer): Buffer => Buffer.from(bytes);
const asItIs = (bytes: Buffer): Buffer => bytes;

/** @param keep makes of the bytes of a body what may be kept */
function decodeFrame(bytes: Buffer, keep: (body: Buffer) => Buffer): Frame {
  const headEnd = FRAME_HEADER_BYTES + bytes.readUInt32LE(20);
  if (headEnd > bytes.byteLength) throw new Fault('the head of a frame is longer than the frame');
  if (bytes.readUInt16LE(6) !== 0) throw new Fault('the reserved bytes of a frame are not zero');
  return {
    kind: bytes.readUInt8(4),
    code: bytes.readUInt8(5),
    run: bytes.readUInt32LE(8),
    ref: bytes.readUInt32LE(12),
    amount: bytes.readUInt32LE(16),
    head: headEnd === FRAME_HEADER_BYTES ? '' : bytes.toString('utf8', FRAME_HEADER_BYTES, headEnd),
    body: headEnd === bytes.byteLength ? EMPTY : keep(bytes.subarray(headEnd)),
  };
}

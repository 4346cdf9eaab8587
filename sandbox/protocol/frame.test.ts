import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Fault } from '../../spec/refusal.ts';
import { createFrameReader, encodeFrame, FRAME_HEADER_BYTES, type Frame } from './frame.ts';

const BYTES_MAX = 4_096;

const u32 = fc.integer({ min: 0, max: 0xff_ff_ff_ff });
const u8 = fc.integer({ min: 0, max: 255 });
const frames = fc.array(
  fc.record({
    kind: u8,
    code: u8,
    run: u32,
    ref: u32,
    amount: u32,
    head: fc.string({ unit: 'grapheme', maxLength: 50 }),
    body: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  }),
  { maxLength: 8 },
);

/** Pieces of the bytes, cut at any places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.byteLength + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, index) => bytes.subarray(start, at[index] ?? bytes.byteLength));
}

test('the head comment of the format shows a ping as it is', () => {
  const bytes = encodeFrame({ kind: 7, ref: 5 });
  expect(bytes.toString('hex')).toBe(
    ['14000000', '07', '00', '0000', '00000000', '05000000', '00000000', '00000000'].join(''),
  );
});

test('what was encoded is read again, however it is cut', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(), { maxLength: 20 }), (sent, places) => {
      const reader = createFrameReader(BYTES_MAX);
      const stream = Buffer.concat(sent.map(encodeFrame));
      // Who reads the stream may use its memory again for what comes next.
      const read = cut(stream, places).flatMap((piece) => {
        const completed = reader.push(piece);
        piece.fill(0xff);
        return completed;
      });
      expect(read).toEqual(sent);
      expect(reader.pendingBytes).toBe(0);
    }),
  );
});

test('damaged streams give frames or a Fault, and hold no more than one frame', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.tuple(fc.nat(), u8), { minLength: 1, maxLength: 5 }), (sent, damage) => {
      const stream = Buffer.concat(sent.map(encodeFrame));
      for (const [place, value] of damage)
        if (stream.byteLength > 0) stream[place % stream.byteLength] = value;
      const reader = createFrameReader(BYTES_MAX);
      const read: Frame[] = [];
      try {
        for (const piece of cut(stream, [7, 60, 300])) read.push(...reader.push(piece));
      } catch (error) {
        expect(error).toBeInstanceOf(Fault);
      }
      expect(reader.pendingBytes).toBeLessThanOrEqual(BYTES_MAX);
    }),
  );
});

describe('a stream that is refused', () => {
  const header = (edit: (bytes: Buffer) => void): Buffer => {
    const bytes = encodeFrame({ kind: 68, head: 'abc' });
    edit(bytes);
    return bytes;
  };
  test.each([
    ['a frame of one gigabyte', header((bytes) => bytes.writeUInt32LE(2 ** 30, 0))],
    ['a frame of four gigabytes', header((bytes) => bytes.writeUInt32LE(0xff_ff_ff_ff, 0))],
    ['a frame shorter than its header', header((bytes) => bytes.writeUInt32LE(FRAME_HEADER_BYTES - 5, 0))],
    ['an empty frame', Buffer.alloc(4)],
    ['a head that is longer than the frame', header((bytes) => bytes.writeUInt32LE(4, 20))],
    ['a head of four gigabytes', header((bytes) => bytes.writeUInt32LE(0xff_ff_ff_ff, 20))],
    ['reserved bytes that are set', header((bytes) => bytes.writeUInt16LE(1, 6))],
    ['text', Buffer.from('{"cmd":"NODE_HANDLE_ACK"}\n')],
  ])('%s', (_name, bytes) => {
    expect(() => createFrameReader(BYTES_MAX).push(bytes)).toThrow(Fault);
  });
});

test('bytes that drip in one by one cost no more than the frame', () => {
  const reader = createFrameReader(BYTES_MAX);
  const bytes = encodeFrame({ kind: 1, body: Buffer.alloc(2_000) });
  const read = [...bytes].flatMap((byte) => reader.push(Buffer.from([byte])));
  expect(read).toHaveLength(1);
});

import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createFrameReader } from './frame.ts';
import { createFrameWriter } from './frame-writer.ts';

/** A channel that keeps the numbers of the frames of each write. */
function openSink(): { channel: Writable; writes: number[][] } {
  const writes: number[][] = [];
  const reader = createFrameReader(1_024);
  const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
    writes.push(reader.push(chunk).map(({ ref }) => ref));
    done();
  };
  return { channel: new Writable({ write }), writes };
}

function sendAll(count: number): { writes: number[][]; flush: () => void } {
  const { channel, writes } = openSink();
  const { send, flush } = createFrameWriter(channel);
  for (let ref = 1; ref <= count; ref += 1) send({ kind: 1, ref });
  return { writes, flush };
}

describe('a frame writer', () => {
  it('sends the frames of a turn together, at its end', async () => {
    const { writes } = sendAll(3);
    expect(writes).toEqual([]);
    await turn();
    expect(writes).toEqual([[1, 2, 3]]);
  });

  it('lets eight leave at once, and keeps the order', async () => {
    const { writes } = sendAll(18);
    expect(writes).toEqual([
      [1, 2, 3, 4, 5, 6, 7, 8],
      [9, 10, 11, 12, 13, 14, 15, 16],
    ]);
    await turn();
    expect(writes.flat()).toEqual(Array.from({ length: 18 }, (_, index) => index + 1));
  });

  it('sends what is queued when it is told to, once', async () => {
    const { writes, flush } = sendAll(2);
    flush();
    expect(writes).toEqual([[1, 2]]);
    await turn();
    expect(writes).toEqual([[1, 2]]);
  });

  it('writes nothing into a channel that is closed', async () => {
    const { channel, writes } = openSink();
    const { send } = createFrameWriter(channel);
    send({ kind: 1, ref: 1 });
    channel.destroy();
    await turn();
    expect(writes).toEqual([]);
  });
});

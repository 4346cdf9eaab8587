/** The sending end of a channel: what one turn of the event loop has to say leaves in few writes. */
import type { Writable } from 'node:stream';

import { encodeFrame, type FrameParts } from './frame.ts';

/**
 * So many frames leave without waiting for the end of the turn. The peer then works on them while this side goes on
 * with the rest of its turn; were all kept until its end, the two processes and their callers would work by turns.
 */
const FRAMES_AHEAD = 8;

export type FrameWriter = {
  /** Queues one frame; it leaves in its order, at the latest when the turn ends. */
  send(parts: FrameParts): void;
  /** For who knows that nothing more will be sent in this turn. */
  flush(): void;
};

export function createFrameWriter(channel: Writable): FrameWriter {
  let queued: Buffer[] = [];
  let isScheduled = false;
  const flush = (): void => {
    if (queued.length === 0) return;
    const batch = queued;
    queued = [];
    if (channel.writable) channel.write(batch.length === 1 ? (batch[0] as Buffer) : Buffer.concat(batch));
  };
  const endTurn = (): void => {
    isScheduled = false;
    flush();
  };
  return {
    flush,
    send(parts) {
      queued.push(encodeFrame(parts));
      if (queued.length >= FRAMES_AHEAD) return flush();
      if (!isScheduled) setImmediate(endTurn);
      isScheduled = true;
    },
  };
}

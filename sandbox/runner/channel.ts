/** The runner's end of the channel: frames in as they come, frames out once per turn of the event loop. */
import { Socket } from 'node:net';

import { createFrameReader, encodeFrame, type Frame, type FrameParts } from '../protocol/frame.ts';

/** The descriptor that the supervisor opened for the channel. */
const CHANNEL_DESCRIPTOR = 3;
/** The supervisor is trusted; the limit only keeps a torn stream from being read as a length. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024;

export type Channel = {
  /** Queues one frame; everything queued in one turn leaves in one write. */
  send(parts: FrameParts): void;
};

/** @param onFrames called with what one turn brought, in order; the process ends when the supervisor closes the channel */
export function openChannel(onFrames: (frames: readonly Frame[]) => void): Channel {
  const socket = new Socket({ fd: CHANNEL_DESCRIPTOR, readable: true, writable: true });
  const reader = createFrameReader(FRAME_BYTES_MAX);
  let queued: Buffer[] = [];
  const flush = (): void => {
    const batch = queued;
    queued = [];
    socket.write(batch.length === 1 ? (batch[0] as Buffer) : Buffer.concat(batch));
  };
  socket.on('data', (chunk: Buffer) => {
    onFrames(reader.push(chunk));
  });
  const leave = (): void => process.exit(0);
  socket.on('error', leave);
  socket.on('close', leave);
  socket.on('end', leave);
  return {
    send(parts) {
      if (queued.length === 0) setImmediate(flush);
      queued.push(encodeFrame(parts));
    },
  };
}

/** The runner's end of the channel. */
import { Socket } from 'node:net';

import { createFrameReader, type Frame, type FrameParts } from '../protocol/frame.ts';
import { createFrameWriter } from '../protocol/frame-writer.ts';

/** The descriptor that the supervisor opened for the channel. */
const CHANNEL_DESCRIPTOR = 3;
/** The supervisor is trusted; the limit only keeps a torn stream from being read as a length. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024;

export type Channel = {
  /** Queues one frame; what is queued leaves at the latest when the turn of the event loop ends. */
  send(parts: FrameParts): void;
};

/** @param onFrames called with what one turn brought, in order; the process ends when the supervisor closes the channel */
export function openChannel(onFrames: (frames: readonly Frame[]) => void): Channel {
  const socket = new Socket({ fd: CHANNEL_DESCRIPTOR, readable: true, writable: true });
  const reader = createFrameReader(FRAME_BYTES_MAX);
  const { send, flush } = createFrameWriter(socket);
  socket.on('data', (chunk: Buffer) => {
    onFrames(reader.push(chunk));
    flush();
  });
  const leave = (): void => process.exit(0);
  socket.on('error', leave);
  socket.on('close', leave);
  socket.on('end', leave);
  return { send };
}

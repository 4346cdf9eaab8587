/** Whether a runner still answers: pings, numbered, and what came back. */
import { Fault } from '../../spec/refusal.ts';
import type { Frame, FrameParts } from '../protocol/frame.ts';
import { TO_RUNNER } from '../protocol/kinds.ts';

export class Heartbeat {
  /** Heartbeats in a row that found the one before them unanswered; a stall of our own counts as one. */
  misses = 0;
  #lastPing = 0;
  #lastPong = 0;

  /** Counts the one before it where it is still unanswered. @returns the frame to send */
  ping(): FrameParts {
    this.misses = this.#lastPong === this.#lastPing ? 0 : this.misses + 1;
    return { kind: TO_RUNNER.ping, ref: ++this.#lastPing };
  }

  /** @throws Fault when the frame answers what was not sent */
  receivePong(frame: Frame): void {
    if (frame.ref > this.#lastPing) throw new Fault('an answer to a heartbeat that was not sent');
    if (frame.ref <= this.#lastPong) throw new Fault('a second answer to a heartbeat');
    this.#lastPong = frame.ref;
  }
}

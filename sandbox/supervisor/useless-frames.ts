/**
 * Frames of a runner that nobody waits for. Ours sends some: what crosses with the end of an isolate. One that was taken
 * over could keep the server busy with nothing else.
 */
import { RUNNER_LIMITS } from '../../spec/limits.ts';
import { Fault } from '../../spec/refusal.ts';
import type { Frame } from '../protocol/frame.ts';

export class UselessFrames {
  #left: number = RUNNER_LIMITS.uselessAtOnceMax;
  #lookedMs = performance.now();

  /** @throws Fault when it is one of more than our runner would send */
  note({ body, head }: Frame): void {
    const now = performance.now();
    const earned = ((now - this.#lookedMs) * RUNNER_LIMITS.uselessPerSecondMax) / 1_000;
    this.#lookedMs = now;
    this.#left = Math.min(RUNNER_LIMITS.uselessAtOnceMax, this.#left + earned);
    this.#left -= 1 + (body.byteLength + head.length) / 1_024;
    if (this.#left < 0) throw new Fault('more frames than anybody waits for');
  }
}

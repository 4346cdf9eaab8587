/**
 * Frames that may enter a guest wait for the turn of their lane, one for each organization. A frame names an isolate or
 * a run; which lane that is in was said when it came.
 */
import type { Frame } from '../protocol/frame.ts';
import { IdTable } from '../protocol/id-table.ts';
import { TO_RUNNER } from '../protocol/kinds.ts';
import { FairQueue } from './fair-queue.ts';

/** Of frames that name neither. */
const COMMON_LANE = 0;

export class Lanes {
  readonly #obey: (frame: Frame) => void;
  readonly #queue = new FairQueue();
  readonly #ofIsolates = new Map<number, number>();
  readonly #ofRuns = new IdTable<number>();

  constructor(obey: (frame: Frame) => void) {
    this.#obey = obey;
  }

  add(frame: Frame): void {
    if (frame.kind === TO_RUNNER.load) this.#ofIsolates.set(frame.ref, frame.amount);
    const lane = this.#ofRuns.get(frame.run) ?? this.#ofIsolates.get(frame.ref) ?? COMMON_LANE;
    if (frame.kind === TO_RUNNER.run) this.#ofRuns.set(frame.run, lane);
    this.#queue.add(lane, () => this.#obey(frame));
  }

  work(): void {
    this.#queue.work();
  }

  /** Whether the run has come, and not been forgotten since. */
  hasRun(id: number): boolean {
    return this.#ofRuns.has(id);
  }

  forgetRun(id: number): void {
    this.#ofRuns.delete(id);
  }

  forgetIsolate(id: number): void {
    this.#ofIsolates.delete(id);
  }
}

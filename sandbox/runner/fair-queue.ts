/**
 * Work in lanes, one for each organization: each lane gets one task at a time in turn, so that an organization with many
 * calls, or slow ones, delays another by one task and not by its whole queue. Order within a lane is kept.
 */

/** After this long the event loop gets its turn: only then does the runner see what has arrived meanwhile. */
const SLICE_MS = 5;

export class FairQueue {
  /** Lanes that have work, the one whose turn it is first. */
  readonly #lanes = new Map<number, (() => void)[]>();
  #isScheduled = false;

  add(lane: number, task: () => void): void {
    const tasks = this.#lanes.get(lane);
    if (tasks) tasks.push(task);
    else this.#lanes.set(lane, [task]);
  }

  /** Works until nothing is left or the slice is over, and goes on by itself in the next turn of the event loop. */
  work(): void {
    if (this.#isScheduled) return;
    const untilMs = performance.now() + SLICE_MS;
    for (const [lane, tasks] of this.#lanes) {
      // A lane that still has work goes to the end of the map, where this very loop finds it again.
      this.#lanes.delete(lane);
      const task = tasks.shift();
      if (tasks.length > 0) this.#lanes.set(lane, tasks);
      task?.();
      if (performance.now() >= untilMs) break;
    }
    if (this.#lanes.size > 0) this.#goOnLater();
  }

  #goOnLater(): void {
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.work();
    });
  }
}

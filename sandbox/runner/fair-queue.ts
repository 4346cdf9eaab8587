/**
 * Work in lanes, one for each organization: each lane gets one task at a time in turn, so that an organization with many
 * calls, or slow ones, delays another by one task and not by its whole queue. Order within a lane is kept.
 */

/** After this long the event loop gets its turn: only then does the runner see what has arrived meanwhile. */
const SLICE_MS = 5;
/** Lanes that are remembered while they have no work: a Map that shrank and grew with every task would age them all. */
const IDLE_LANES_MAX = 1_000;

type Lane = { readonly tasks: (() => void)[] };

export class FairQueue {
  readonly #lanes = new Map<number, Lane>();
  /** Lanes that have work, the one whose turn it is first. */
  readonly #busy: Lane[] = [];
  #isScheduled = false;

  add(number: number, task: () => void): void {
    const lane = this.#lanes.get(number) ?? this.#open(number);
    lane.tasks.push(task);
    if (lane.tasks.length === 1) this.#busy.push(lane);
  }

  /** Works until nothing is left or the slice is over, and goes on by itself in the next turn of the event loop. */
  work(): void {
    if (this.#isScheduled) return;
    const untilMs = performance.now() + SLICE_MS;
    for (let lane = this.#busy.shift(); lane; lane = this.#busy.shift()) {
      const task = lane.tasks.shift();
      if (lane.tasks.length > 0) this.#busy.push(lane);
      task?.();
      if (performance.now() >= untilMs) break;
    }
    if (this.#busy.length > 0) this.#goOnLater();
  }

  #open(number: number): Lane {
    if (this.#lanes.size >= IDLE_LANES_MAX)
      for (const [known, { tasks }] of this.#lanes) if (tasks.length === 0) this.#lanes.delete(known);
    const lane: Lane = { tasks: [] };
    this.#lanes.set(number, lane);
    return lane;
  }

  #goOnLater(): void {
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.work();
    });
  }
}

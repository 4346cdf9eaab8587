/** The runs that a runner has been given and that have no answer yet. */
import { Fault } from '../../spec/refusal.ts';
import type { Frame } from '../protocol/frame.ts';
import { IdTable } from '../protocol/id-table.ts';
import type { Isolate } from './isolates.ts';
import type { Run } from './run.ts';

export type RunInFlight = {
  readonly run: Run;
  readonly isolate: Isolate;
  /** The runner has sent something of it. */
  hasBegun: boolean;
  /** Frames of it that came after it was answered without the runner. */
  lateFrames: number;
};

/**
 * Of one run, above what crosses with its end: the host calls that it may wait for, their drops and bodies, two pieces of
 * its answer. By their number alone, since callers may go away as fast as they like.
 */
const LATE_FRAMES_MAX = 100;

export class RunsInFlight {
  readonly #entries = new IdTable<RunInFlight>();
  /** Runs that were answered without the runner, which owes each one frame still. */
  readonly #abandoned = new IdTable<RunInFlight>();

  get size(): number {
    return this.#entries.size;
  }

  has(id: number): boolean {
    return this.#entries.has(id);
  }

  get(id: number): RunInFlight | undefined {
    return this.#entries.get(id);
  }

  values(): readonly RunInFlight[] {
    return this.#entries.values();
  }

  add(run: Run, isolate: Isolate): void {
    this.#entries.set(run.id, { run, isolate, hasBegun: false, lateFrames: 0 });
    isolate.runs += 1;
  }

  remove({ run, isolate }: RunInFlight): void {
    this.#entries.delete(run.id);
    isolate.runs -= 1;
  }

  /** Notes that the run is about to be answered without the runner: what it still sends for it is dropped. */
  abandon(entry: RunInFlight): void {
    this.#abandoned.set(entry.run.id, entry);
  }

  /**
   * @returns the run that a frame is about; undefined for one that was answered without the runner
   * @throws Fault when the runner was never given such a run, or sends of one that was answered without end
   */
  find(frame: Frame, what: string): RunInFlight | undefined {
    const entry = this.findOwed(frame, what);
    entry.hasBegun = true;
    if (this.#entries.has(frame.run)) return entry;
    if (++entry.lateFrames > LATE_FRAMES_MAX) throw new Fault('more of a run than anybody waits for');
    return undefined;
  }

  /**
   * As `find`, for what counts also after the run was answered without the runner.
   * @returns also such a run, which `has` knows no more
   */
  findOwed(frame: Frame, what: string): RunInFlight {
    const entry = this.#entries.get(frame.run) ?? this.#abandoned.get(frame.run);
    if (!entry) throw new Fault(`${what} a run that is not in this runner`);
    return entry;
  }

  /** As `findOwed`, for the last frame that a runner sends of a run: nothing is owed after it. */
  findLast(frame: Frame, what: string): RunInFlight {
    const entry = this.findOwed(frame, what);
    this.#abandoned.delete(frame.run);
    return entry;
  }

  clear(): readonly RunInFlight[] {
    const all = this.values();
    this.#entries.clear();
    return all;
  }
}

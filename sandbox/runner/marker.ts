/** Writes the mark that tells the supervisor in which isolate this runner is; see `protocol/mark.ts`. */
import { writeSync } from 'node:fs';

import { encodeMark, MARK_BYTES, monotonicMs } from '../protocol/mark.ts';

/** The descriptor that the supervisor opened for the mark. */
const MARK_DESCRIPTOR = 4;

export type Marker = {
  /** Called before every entry. */
  enter(run: number, isolate: number): void;
};

export function createMarker(): Marker {
  const bytes = Buffer.alloc(MARK_BYTES);
  let clearing = false;
  const write = (run: number, isolate: number): void => {
    encodeMark(bytes, { run, isolate, enteredAtMs: monotonicMs() });
    writeSync(MARK_DESCRIPTOR, bytes, 0, MARK_BYTES, 0);
  };
  const clear = (): void => {
    clearing = false;
    write(0, 0);
  };
  return {
    enter(run, isolate) {
      write(run, isolate);
      // Once per turn is enough: what runs between two entries of one turn is ours and short.
      if (!clearing) setImmediate(clear);
      clearing = true;
    },
  };
}

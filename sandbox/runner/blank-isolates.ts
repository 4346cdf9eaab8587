/**
 * Isolates that belong to nobody yet. One waits, so that a first call does not: making it is two thirds of that call's
 * time.
 */
import { createBlankIsolate, type BlankIsolate, type IsolateParts } from './guest-isolate.ts';

/** While runs are in flight: long enough for most to answer, short enough for the next first call to find one. */
const SPARE_DELAY_MS = 2;

export class BlankIsolates {
  readonly #parts: IsolateParts;
  readonly #isIdle: () => boolean;
  #spare: BlankIsolate | undefined;

  /** @param isIdle whether nobody waits for this runner */
  constructor(parts: IsolateParts, isIdle: () => boolean) {
    this.#parts = parts;
    this.#isIdle = isIdle;
    this.#keepSpare();
  }

  take(): BlankIsolate {
    const blank = this.#spare ?? createBlankIsolate(this.#parts);
    this.#spare = undefined;
    setTimeout(() => this.#keepSpare(), SPARE_DELAY_MS);
    this.#keepSpareAfterAnswers();
    return blank;
  }

  /** What this turn of the event loop sends leaves at its end; the second turn finds it gone. */
  #keepSpareAfterAnswers(): void {
    setImmediate(() =>
      setImmediate(() => {
        if (this.#isIdle()) this.#keepSpare();
      }),
    );
  }

  #keepSpare(): void {
    this.#spare ??= createBlankIsolate(this.#parts);
  }
}

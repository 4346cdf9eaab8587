/**
 * Isolates that belong to nobody yet. One waits, so that a first call does not: making it is two thirds of that call's
 * time.
 */
import { createBlankIsolate, type BlankIsolate, type IsolateParts } from './guest-isolate.ts';

/** Long enough for the call that took the last one to answer, short enough for the next first call to find one. */
const SPARE_DELAY_MS = 2;

export class BlankIsolates {
  readonly #parts: IsolateParts;
  #spare: BlankIsolate | undefined;

  constructor(parts: IsolateParts) {
    this.#parts = parts;
    this.#keepSpare();
  }

  take(): BlankIsolate {
    const blank = this.#spare ?? createBlankIsolate(this.#parts);
    this.#spare = undefined;
    setTimeout(() => this.#keepSpare(), SPARE_DELAY_MS);
    return blank;
  }

  #keepSpare(): void {
    this.#spare ??= createBlankIsolate(this.#parts);
  }
}

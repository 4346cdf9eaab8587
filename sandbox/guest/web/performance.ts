/** performance.now (High Resolution Time), in whole milliseconds: a finer clock would serve timing attacks. */
import { bound } from './bound.ts';
import { defineInterface } from './web-idl.ts';

/**
 * A millisecond before the first reading in this isolate, as the isolate is older than that: `now` is positive, which
 * programs take for granted. A startup snapshot is older than the isolate and must not fix it.
 */
let origin: number | null = null;

function timeOrigin(): number {
  origin ??= bound().now() - 1;
  return origin;
}

/** Milliseconds since the time origin. */
export function now(): number {
  const start = timeOrigin();
  return bound().now() - start;
}

const MAKER = Symbol('maker of performance');

class Performance {
  /** Reading it throws a TypeError where the receiver is no instance (Web IDL section 3.7.7). */
  readonly #here = true;

  constructor(maker?: symbol) {
    if (maker !== MAKER) throw new TypeError('Illegal constructor');
  }

  get timeOrigin(): number {
    void this.#here;
    return timeOrigin();
  }
  now(): number {
    void this.#here;
    return now();
  }
  toJSON(): { timeOrigin: number } {
    void this.#here;
    return { timeOrigin: timeOrigin() };
  }
}

defineInterface(Performance, 'Performance', { constructor: 0 });
export { Performance };
export const performance = new Performance(MAKER);

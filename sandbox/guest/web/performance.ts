/** performance.now (High Resolution Time), in whole milliseconds: a finer clock would serve timing attacks. */
import { bound } from './bound.ts';
import { defineInterface } from './web-idl.ts';

/** The first reading in this isolate; a startup snapshot is older than the isolate and must not fix it. */
let origin: number | null = null;

function timeOrigin(): number {
  origin ??= bound().now();
  return origin;
}

class Performance {
  get timeOrigin(): number {
    return timeOrigin();
  }
  now(): number {
    const start = timeOrigin();
    return bound().now() - start;
  }
  toJSON(): { timeOrigin: number } {
    return { timeOrigin: timeOrigin() };
  }
}

defineInterface(Performance, 'Performance');
export const performance = new Performance();

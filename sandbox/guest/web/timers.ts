/** Timers (HTML section 8.6) and queueMicrotask (8.7). Strings are not compiled. */
import { bound } from './bound.ts';
import {
  apply,
  mapDelete,
  mapGet,
  mapHas,
  mapSet,
  max,
  promiseResolve,
  promiseThen,
  SafeMap,
  trunc,
} from './intrinsics.ts';
import { reportError } from './report-error.ts';
import { requireArguments } from './web-idl.ts';

type Handler = (...args: unknown[]) => unknown;

/** HTML: the delay is a 32-bit signed integer; an interval of 0 would be a loop. */
const DELAY_MS_MAX = 2 ** 31 - 1;
const INTERVAL_MS_MIN = 1;

/** Intervals that go on: their identifier, which is that of their first timer, against the timer that runs next. */
const intervals = new SafeMap<number, number>();

function toDelay(delay: unknown): number {
  const delayMs = trunc(Number(delay ?? 0));
  return delayMs >= 0 && delayMs <= DELAY_MS_MAX ? delayMs : 0;
}

function toHandler(handler: unknown, operation: string): Handler {
  if (typeof handler !== 'function') throw new TypeError(`${operation}: the handler must be a function.`);
  return handler as Handler;
}

/** @returns an identifier for `clearTimeout` */
export function setTimeout(handler: Handler, delay?: number, ...args: unknown[]): number {
  const callback = toHandler(handler, 'setTimeout');
  return bound().setTimer(toDelay(delay), () => run(callback, args));
}

/** @returns an identifier for `clearInterval` */
export function setInterval(handler: Handler, delay?: number, ...args: unknown[]): number {
  const callback = toHandler(handler, 'setInterval');
  const delayMs = max(toDelay(delay), INTERVAL_MS_MIN);
  const tick = (): void => {
    run(callback, args);
    if (mapHas(intervals, id)) mapSet(intervals, id, bound().setTimer(delayMs, tick));
  };
  const id = bound().setTimer(delayMs, tick);
  mapSet(intervals, id, id);
  return id;
}

function run(callback: Handler, args: unknown[]): void {
  try {
    apply(callback, globalThis, args);
  } catch (error) {
    reportError(error);
  }
}

/** Ends a timeout or an interval; what is not a running timer is ignored. */
export function clearTimeout(id?: number): void {
  const timer = Number(id);
  const current = mapGet(intervals, timer);
  mapDelete(intervals, timer);
  bound().clearTimer(current ?? timer);
}

export function clearInterval(id?: number): void {
  clearTimeout(id);
}

export function queueMicrotask(callback: () => void): void {
  requireArguments(arguments.length, 1, 'queueMicrotask');
  const handler = toHandler(callback, 'queueMicrotask');
  void promiseThen(promiseResolve(undefined), () => run(handler, []));
}

/** Timers: the runner keeps the time, the guest keeps the callbacks. */
import { POST } from './bridge.ts';
import { post } from './post.ts';
import { MapConstructor, mapClear, mapDelete, mapGet, mapSet, mapSize } from './primordials.ts';

const callbacks = new MapConstructor<number, () => void>();
let lastTimer = 0;

/** Outside of a run there is nothing that could fire it, so nothing is kept then. */
export function setTimer(delayMs: number, callback: () => void): number {
  const timer = ++lastTimer;
  if (post(POST.setTimer, 0, timer, delayMs) === 1) mapSet(callbacks, timer, callback);
  return timer;
}

export function clearTimer(timer: number): void {
  if (mapDelete(callbacks, timer)) post(POST.clearTimer, 0, timer);
}

export function fireTimer(timer: number): void {
  const callback = mapGet(callbacks, timer);
  mapDelete(callbacks, timer);
  callback?.();
}

/** With its last run the runner drops the timers of an isolate: what they would have called is not kept either. */
export function forgetTimers(): void {
  // Emptying a Map makes a new table for it, and most runs set no timer.
  if (mapSize(callbacks) > 0) mapClear(callbacks);
}

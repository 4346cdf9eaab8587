/**
 * The bindings that the web APIs stand on, set once by `installWebApi`.
 *
 * The object's functions are looked up at each call, so that a startup snapshot can hold the installed APIs before
 * the runner has bound them to a process.
 */
import type { GuestBindings } from '../bindings.ts';
import { DOMException } from './dom-exception.ts';

let current: GuestBindings | null = null;

export function bind(bindings: GuestBindings): void {
  current = bindings;
}

export function bound(): GuestBindings {
  if (current === null) throw new DOMException('The runtime is not ready.', 'InvalidStateError');
  return current;
}

/**
 * Guest code calls the runner from whatever depth it likes, and the runner goes on upon the same stack, whose end is
 * the same for both. With too little of it left the runner would fail at any of its steps: between two that belong
 * together, or while it sends what other guests have answered.
 */
const { apply } = Reflect;
const { isInteger } = Number;

/** 16 KiB, several times what the longest way through the runner takes, from a host call to the write to the channel. */
const ROOM = Array.from({ length: 2_048 }, () => 0);

/**
 * Called before anything else is done for a guest.
 * @throws RangeError where too little of the stack is left: arguments lie on it, and the engine looks for room first
 */
export function requireStackRoom(): void {
  apply(isInteger, undefined, ROOM);
}

/**
 * The registry's time, by which keys are judged: whole seconds, as every signed document and trust file writes it.
 *
 * Within one publisher it never runs back, whatever the clocks of several servers say: what is signed after a key
 * document is never earlier than it, and a key document is always later than what was signed before it. Otherwise a
 * document could, within its second, come to apply to a package that an earlier one had let in.
 */

/** @returns `clock` cut to whole seconds, but not before `floor` */
export function registryTime(clock: Date, floor: Date): Date {
  return new Date(Math.max(Math.floor(clock.getTime() / 1_000) * 1_000, floor.getTime()));
}

/** @returns the first time of the registry after `time` */
export function nextRegistryTime(time: Date): Date {
  return new Date((Math.floor(time.getTime() / 1_000) + 1) * 1_000);
}

/** Before everything: no floor. */
export const TIME_ZERO = new Date(0);

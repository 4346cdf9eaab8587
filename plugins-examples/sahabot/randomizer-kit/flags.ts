/** Flag strings: settings in letters and digits, as players pass them around. Each letter holds six bits. */
import * as z from 'zod/mini';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!-';

export const flagString = (length: number) =>
  z
    .string()
    .check(
      z.length(length, `has to have ${length} characters`),
      z.regex(/^[A-Za-z0-9!-]*$/u, 'is made of letters, digits, ! and -'),
    );

/** @returns whether each named flag is set, in the order of bits */
export function readFlags<Name extends string>(flags: string, names: readonly Name[]): Record<Name, boolean> {
  const bits = [...flags].flatMap((letter) => {
    const value = ALPHABET.indexOf(letter);
    return [32, 16, 8, 4, 2, 1].map((bit) => (value & bit) !== 0);
  });
  return Object.fromEntries(names.map((name, index) => [name, bits[index] ?? false])) as Record<
    Name,
    boolean
  >;
}

/** The other way round: for the presets that a randomizer brings. */
export function writeFlags<Name extends string>(
  set: readonly Name[],
  names: readonly Name[],
  length: number,
): string {
  const bits = Array.from({ length: length * 6 }, (_, index) => set.includes(names[index] as Name));
  return Array.from({ length }, (_, letter) => {
    const value = bits.slice(letter * 6, letter * 6 + 6).reduce((sum, bit) => sum * 2 + (bit ? 1 : 0), 0);
    return ALPHABET[value];
  }).join('');
}

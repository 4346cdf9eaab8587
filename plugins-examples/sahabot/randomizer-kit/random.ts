/**
 * Numbers that follow from what they are made of: xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom
 * number generators", 2021), its state taken from SHA-256. Whoever has the settings and the seed can make the game
 * again; nothing here is secret.
 */

export type Random = {
  /** A whole number from 0 to `bound - 1`, each as likely as the others. */
  below(bound: number): number;
  pick<Item>(items: readonly Item[]): Item;
  /** A copy in another order. */
  shuffle<Item>(items: readonly Item[]): Item[];
};

export async function randomFrom(text: string): Promise<Random> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  const view = new DataView(digest);
  const next = xoshiro([0, 4, 8, 12].map((at) => view.getUint32(at)) as State);
  const below = (bound: number): number => {
    // What lies above the last whole multiple would make small numbers likelier.
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound);
    let value = next();
    while (value >= limit) value = next();
    return value % bound;
  };
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item;
  const shuffle = <Item>(items: readonly Item[]): Item[] => {
    const mixed = [...items];
    for (let last = mixed.length - 1; last > 0; last -= 1) {
      const other = below(last + 1);
      [mixed[last], mixed[other]] = [mixed[other] as Item, mixed[last] as Item];
    }
    return mixed;
  };
  return { below, pick, shuffle };
}

/** The first 16 digits of SHA-256, which name a seed. */
export async function shortHash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest, 0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** JSON with the members of objects in order, so that equal settings are equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

type State = [number, number, number, number];

function xoshiro(state: State): () => number {
  // The state may not be zero as a whole.
  if (state.every((word) => word === 0)) state[0] = 1;
  return () => {
    const result = Math.imul(rotate(Math.imul(state[1], 5), 7), 9) >>> 0;
    const shifted = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 11);
    return result;
  };
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/**
 * A set over the states of one plugin: each of its versions, and "absent".
 *
 * Bit i stands for the i-th version in ascending order, the bit after the last version for "the plugin is not
 * installed". With that bit a requirement ("present and inside the range") and its negation are both plain sets, so
 * that the solver needs no signs: see docs/resolver.md, "Terms". Words hold 30 bits, which keeps them small integers.
 * Sets are never changed after they were made; two sets are only combined when they belong to the same plugin.
 */
export type VersionSet = readonly number[];

const WORD_BITS = 30;
const FULL_WORD = 2 ** WORD_BITS - 1;

/** @returns the set with every bit below `bits`. */
export function fullSet(bits: number): VersionSet {
  const words: number[] = [];
  for (let left = bits; left > 0; left -= WORD_BITS) {
    words.push(left >= WORD_BITS ? FULL_WORD : 2 ** left - 1);
  }
  return words;
}

/** @returns the set of `members` in a universe of `bits`. */
export function setOf(bits: number, members: Iterable<number>): VersionSet {
  const words: number[] = Array.from({ length: Math.ceil(bits / WORD_BITS) }, () => 0);
  for (const member of members) {
    const word = Math.floor(member / WORD_BITS);
    words[word] = (words[word] ?? 0) | (1 << (member % WORD_BITS));
  }
  return words;
}

export function intersect(a: VersionSet, b: VersionSet): VersionSet {
  const words: number[] = [];
  for (let i = 0; i < a.length; i += 1) words.push((a[i] ?? 0) & (b[i] ?? 0));
  return words;
}

export function union(a: VersionSet, b: VersionSet): VersionSet {
  const words: number[] = [];
  for (let i = 0; i < a.length; i += 1) words.push((a[i] ?? 0) | (b[i] ?? 0));
  return words;
}

/** @returns the members of `a` that are not in `b`. */
export function subtract(a: VersionSet, b: VersionSet): VersionSet {
  const words: number[] = [];
  for (let i = 0; i < a.length; i += 1) words.push((a[i] ?? 0) & ~(b[i] ?? 0));
  return words;
}

export function isSubset(a: VersionSet, b: VersionSet): boolean {
  for (let i = 0; i < a.length; i += 1) if (((a[i] ?? 0) & ~(b[i] ?? 0)) !== 0) return false;
  return true;
}

export function isDisjoint(a: VersionSet, b: VersionSet): boolean {
  for (let i = 0; i < a.length; i += 1) if (((a[i] ?? 0) & (b[i] ?? 0)) !== 0) return false;
  return true;
}

export function isEmpty(set: VersionSet): boolean {
  return set.every((word) => word === 0);
}

export function hasMember(set: VersionSet, member: number): boolean {
  return (((set[Math.floor(member / WORD_BITS)] ?? 0) >> (member % WORD_BITS)) & 1) === 1;
}

export function countMembers(set: VersionSet): number {
  let count = 0;
  for (const word of set) {
    for (let rest = word; rest !== 0; rest &= rest - 1) count += 1;
  }
  return count;
}

/** @returns the members in ascending order. */
export function membersOf(set: VersionSet): number[] {
  const members: number[] = [];
  for (const [index, word] of set.entries()) {
    for (let bit = 0; bit < WORD_BITS; bit += 1)
      if (((word >> bit) & 1) === 1) members.push(index * WORD_BITS + bit);
  }
  return members;
}

/** @returns a text that is equal for equal sets of the same plugin. */
export function keyOf(set: VersionSet): string {
  return set.join(',');
}

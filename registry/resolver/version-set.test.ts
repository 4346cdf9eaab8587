import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as sets from './version-set.ts';

const universe = fc.integer({ min: 1, max: 95 });
const pair = universe.chain((bits) => {
  const members = fc.uniqueArray(fc.integer({ min: 0, max: bits - 1 }));
  return fc.tuple(fc.constant(bits), members, members);
});

test('sets of versions behave as sets, over word boundaries too', () => {
  fc.assert(
    fc.property(pair, ([bits, first, second]) => {
      const [a, b] = [sets.setOf(bits, first), sets.setOf(bits, second)];
      const [x, y] = [new Set(first), new Set(second)];
      const sorted = (all: Set<number>) => [...all].sort((left, right) => left - right);
      expect(sets.membersOf(sets.intersect(a, b))).toEqual(sorted(x.intersection(y)));
      expect(sets.membersOf(sets.union(a, b))).toEqual(sorted(x.union(y)));
      expect(sets.membersOf(sets.subtract(sets.fullSet(bits), a))).toHaveLength(bits - x.size);
      expect(sets.isSubset(a, b)).toBe(x.isSubsetOf(y));
      expect(sets.isDisjoint(a, b)).toBe(x.isDisjointFrom(y));
      expect(sets.countMembers(a)).toBe(x.size);
      expect(sets.isEmpty(a)).toBe(x.size === 0);
      expect(sets.keyOf(a) === sets.keyOf(b)).toBe(x.symmetricDifference(y).size === 0);
      for (let member = 0; member < bits; member += 1) expect(sets.hasMember(a, member)).toBe(x.has(member));
    }),
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { IdTable } from './id-table.ts';

/** Few enough to meet again, and to share slots in a table of 64. */
const id = fc.oneof(
  fc.integer({ min: 1, max: 12 }),
  fc.integer({ min: 1, max: 12 }).map((number) => number * 64),
  fc.integer({ min: 2 ** 32 - 6, max: 2 ** 32 - 1 }),
);
const step = fc.record({ kind: fc.constantFrom('set', 'delete', 'get'), id });

test('answers as a Map does, whatever comes and goes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const table = new IdTable<number>();
      const map = new Map<number, number>();
      steps.forEach(({ kind, id: key }, at) => {
        if (kind === 'set') {
          table.set(key, at);
          map.set(key, at);
        }
        if (kind === 'delete') expect(table.delete(key)).toBe(map.delete(key));
        expect(table.get(key)).toBe(map.get(key));
        expect(table.has(key)).toBe(map.has(key));
        expect(table.size).toBe(map.size);
      });
      expect(table.values().sort((left, right) => left - right)).toEqual(
        [...map.values()].sort((left, right) => left - right),
      );
    }),
  );
});

test('grows, and holds runs that outlast a hundred thousand others', () => {
  const table = new IdTable<string>();
  const lasting = [1, 65, 129, 193];
  for (const key of lasting) table.set(key, `lasting ${key}`);
  for (let key = 1_000; key < 101_000; key += 1) {
    table.set(key, 'passing');
    if (key >= 1_032) table.delete(key - 32);
  }
  expect(table.size).toBe(lasting.length + 32);
  for (const key of lasting) expect(table.get(key)).toBe(`lasting ${key}`);
  for (let key = 1; key <= 300; key += 1) table.set(2_000_000 + key, 'many');
  expect(table.size).toBe(lasting.length + 332);
  table.clear();
  expect([table.size, table.values()]).toEqual([0, []]);
});

test('takes what is no identifier for one that is not there', () => {
  const table = new IdTable<string>();
  table.set(5, 'five');
  for (const key of [0, -1, 1.5, Number.NaN, Infinity, 2 ** 32 + 5, 5.5]) {
    expect(table.get(key)).toBeUndefined();
    expect(table.has(key)).toBe(false);
    expect(table.delete(key)).toBe(false);
  }
  expect(table.get(5)).toBe('five');
});

import { expect, test } from 'vitest';
import { createEntryIds } from './entry-id.ts';

test('ids are in the order in which they were made, however many in one millisecond', () => {
  const next = createEntryIds();
  const ids = Array.from({ length: 20_000 }, () => next());
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids)
    expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/u);
});

test('an id after a clock that was set back follows the one before, with a carry where it takes one', () => {
  const made = ['01990000-0001-7abc-8fff-ffffffffffff', '01990000-0000-7fff-bfff-ffffffffffff'];
  const next = createEntryIds(() => made.shift() ?? '01990000-0002-7000-8000-000000000000');
  expect([next(), next(), next()]).toEqual([
    '01990000-0001-7abc-8fff-ffffffffffff',
    '01990000-0001-7abc-9000-000000000000',
    '01990000-0002-7000-8000-000000000000',
  ]);
});

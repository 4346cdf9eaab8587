import { expect, it, test } from 'vitest';
import { codeOf } from '../../tests/support/refusals.ts';
import { pageOf } from './page.ts';

const options = {
  keyOf: (item: string) => item,
  order: 'ascending',
  describe: (name: string) => ({ name }),
} as const;
const names = (page: { items: object[] }) => page.items.map((item) => (item as { name: string }).name);

it('shows every item once, also when some go and others come meanwhile', () => {
  const first = pageOf(['a', 'b', 'c', 'd'], { limit: 2 }, options);
  expect(names(first)).toEqual(['a', 'b']);
  const second = pageOf(['a', 'aa', 'c', 'd'], { limit: 2, cursor: first.nextCursor ?? '' }, options);
  expect(names(second)).toEqual(['c', 'd']);
  expect(second.nextCursor).toBeNull();
});

it('goes down a list that is sorted downwards', () => {
  const down = { ...options, order: 'descending' } as const;
  const first = pageOf(['d', 'c', 'b'], { limit: 1 }, down);
  expect(names(pageOf(['d', 'c', 'b'], { cursor: first.nextCursor ?? '' }, down))).toEqual(['c', 'b']);
});

test.each(['', '=', 'ä', 'YQ==', '!!'])('refuses the cursor %j', async (cursor) => {
  expect(await codeOf(() => pageOf(['a'], { cursor }, options))).toBe('cursor_invalid');
});

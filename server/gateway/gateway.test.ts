import { expect, test } from 'vitest';

import { roleNeeded } from './gateway.ts';

test('a right is held from the role on that it is mapped to, and by owners alone where nobody mapped it', () => {
  const actions = new Map([['imports.run', 'member'] as const]);
  expect(roleNeeded('action:imports.run', actions)).toBe('member');
  expect(roleNeeded('action:imports.undo', actions)).toBe('owner');
});

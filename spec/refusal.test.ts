import { expect, test } from 'vitest';

import { Refusal } from './refusal.ts';

test('a refusal repeats little of what was sent, however long its names are', () => {
  const name = 'long '.repeat(50_000);
  const { message, violations } = new Refusal('request_invalid', {
    detail: `The body at ${name} is not there.`,
    violations: [{ pointer: `/${name}`, message: `${name} is unknown`, hint: 'Leave it out.' }],
  });
  expect(message.length).toBeLessThan(20_000);
  expect(JSON.stringify(violations).length).toBeLessThan(2_000);
  expect(violations[0]?.hint).toBe('Leave it out.');
});

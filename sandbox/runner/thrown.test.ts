import { expect, test } from 'vitest';

import { describeThrown } from './thrown.ts';

test('of a stack with millions of lines, only the first are looked at', () => {
  const stack = '\n'.repeat(2 ** 24);
  const startedMs = performance.now();
  expect(describeThrown({ message: 'x', stack }).message).toBe('x');
  // A list of all lines takes ten times as long, and more memory than a runner may have.
  expect(performance.now() - startedMs).toBeLessThan(50);
});

test('positions in the runner are left out', () => {
  const stack = 'Error: x\n    at plugin:///index.js:1:1\n    at enter (file:///runner.ts:1:1)';
  expect(describeThrown({ name: 'Error', message: 'x', stack }).stack).toBe(
    'Error: x\n    at plugin:///index.js:1:1',
  );
});

import { expect, test } from 'vitest';

import { describeThrown } from './thrown.ts';

test('of a stack with millions of lines, only the first are looked at', () => {
  const frame = '    at enter (file:///runner.ts:1:1)\n';
  const { stack } = describeThrown({
    message: 'x',
    stack: `${frame.repeat(1_000)}    at plugin:///late.js:1:1`,
  });
  expect(stack).not.toContain('late.js');
});

test('positions in the runner are left out', () => {
  const stack = 'Error: x\n    at plugin:///index.js:1:1\n    at enter (file:///runner.ts:1:1)';
  expect(describeThrown({ name: 'Error', message: 'x', stack }).stack).toBe(
    'Error: x\n    at plugin:///index.js:1:1',
  );
});

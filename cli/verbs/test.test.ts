import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EXIT_CODES } from '../exit-code.ts';
import { workshop } from '../testing.fixture.ts';

const TEST = `import { test } from 'node:test'; import assert from 'node:assert';
test('adds', () => assert.equal(1 + 1, SUM));`;

test.each([
  ['passed', TEST.replace('SUM', '2'), EXIT_CODES.ok, { passed: true }],
  ['failed', TEST.replace('SUM', '3'), EXIT_CODES.refused, { passed: false }],
  ['there is no test', null, EXIT_CODES.refused, { passed: false }],
])('the tests of a folder: %s', async (said, content, exitCode, data) => {
  const { folder, souk } = workshop({ PATH: process.env['PATH'] ?? '' });
  mkdirSync(join(folder, 'tried'));
  if (content !== null) writeFileSync(join(folder, 'tried', 'adds.test.mjs'), content);
  const ran = await souk('test', 'tried');
  expect(ran.exitCode, ran.out + ran.error).toBe(exitCode);
  expect(ran.out.trimEnd().split('\n').at(-1)).toContain(said);
  expect(JSON.parse((await souk('test', 'tried', '--json')).out)).toEqual(data);
});

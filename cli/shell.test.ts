/** Command lines that are wrong: said so, and never a fault of ours. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { EXIT_CODES } from './exit-code.ts';
import { workshop } from './testing.fixture.ts';

test.each([
  ['keys', 'register', 'kelompok', '--root', 'me.key', '--days', 'ten'],
  ['keys', 'register', 'kelompok', '--root', 'me.key', '--days', '999999999'],
  ['keys', 'rotate', 'kelompok', '--by', 'me.key', '--days', '-1'],
  ['keys', 'rotate', 'kelompok', '--by', 'me.key', '--root-threshold', 'NaN'],
  ['trust', 'kelompok', 'me.pub', '--threshold', '0x1'],
  ['sweep', '--grace-seconds', '1e3'],
  ['dev', '--port', '65536'],
  ['publish', 'a.zip', '--unsigned', '--envelope', 'a.json'],
  ['org', 'limits', 'acme', '--set', 'runsMax=1', '--reset'],
  ['logs', 'a/b', '-f', '--until', '1h'],
])('%s %s', async (...argv) => {
  const { exitCode, out, error } = await workshop().souk(...argv);
  expect({ exitCode, out }).toEqual({ exitCode: EXIT_CODES.usage, out: '' });
  expect(error).toMatch(/^error: /u);
});

test('the version is that of the package', async () => {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(await workshop().souk('--version')).toMatchObject({ exitCode: EXIT_CODES.ok, out: `${version}\n` });
});

test('a plugin id that is none is refused before a schedule is asked for', async () => {
  const { souk } = workshop();
  const { exitCode, error } = await souk('schedules', 'add', 'n', 'Bad', 'run', '--cron', '* * * * *');
  expect(exitCode).toBe(EXIT_CODES.refused);
  expect(error).toMatch(/^refused: plugin_id_invalid\n/u);
});

/** Kelompok's own lines, as its document writes them but for the organization; and contracts from the command line. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { commandLine } from '../../tests/support/command-line.ts';
import { testSouk } from '../../tests/support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
const CODE = `const read = async (args, host) => {
  let rows = 0;
  for (const { id, name } of await host.files.list())
    for await (const chunk of host.files.stream(id)) for (const byte of chunk) if (byte === 10) rows += 1;
  return { rows, ...args };
};
export default {
  commands: { 'import-organizations': read, 'import-members': read, fail: () => { throw new Error('no') }, wait: () => new Promise(() => {}) },
  contracts: { 'source-normalizer@1': { normalize: ({ type, data }) => ({ type, data: { ...data, seen: true } }) } },
};`;
await kelompok.ship({
  id: 'kelompok/csv-import',
  code: CODE,
  endpoints: [],
  contributes: {
    contracts: ['source-normalizer@1'],
    commands: [
      { name: 'import-organizations', title: 'Import organizations', run: 'job' },
      {
        name: 'import-members',
        arguments: {
          type: 'object',
          properties: { organization: { type: 'string' }, limit: { type: 'integer' } },
        },
      },
      { name: 'fail', run: 'job' },
      { name: 'wait', run: 'job' },
    ],
  },
});
await acme.install('kelompok/csv-import');
const line = commandLine(souk.process.url, acme.owner.token);
for (const name of ['organizations.csv', 'members.csv'])
  writeFileSync(join(line.folder, name), 'name\nAda\nGrace\n');
const ORG = ['--org', 'acme'];

test('commands are listed', async () => {
  const { out } = await line.souk('plugin', 'commands', ...ORG);
  expect(out).toContain('kelompok/csv-import import-organizations (member) Import organizations');
});

test('one that takes long is waited for, and answers its result', async () => {
  const words = 'plugin run csv-import --job import-organizations --file organizations.csv'.split(' ');
  const { exitCode, out, error } = await line.souk(...words, ...ORG);
  expect(exitCode, error).toBe(0);
  expect(out).toContain('succeeded');
  expect(out).toContain('"rows": 3');
  const job = await line.ok(...words, '--background', ...ORG);
  expect(job.kind).toBe('command');
});

test('one that takes longer than it is waited for goes on', async () => {
  const words = ['csv-import', '--job', 'wait'];
  expect(await line.refused('plugin', 'run', ...words, '--timeout', '1', ...ORG)).toBe('job_not_ended');
  // A busy machine may not have begun it within the second.
  const job = await vi.waitFor(async () => {
    const { items } = (await line.ok('jobs', 'list', ...ORG)) as { items: { id: string; state: string }[] };
    expect(items[0]?.state).toBe('running');
    return items[0];
  }, 60_000);
  await line.ok('jobs', 'cancel', String(job?.id), ...ORG);
  for (const timeout of ['0', '-1', '1.5', 'x', '1e9'])
    expect(await line.refused('plugin', 'run', ...words, '--timeout', timeout, ...ORG)).toBe(
      'timeout_invalid',
    );
});

test('further options are its arguments, typed as its schema says', async () => {
  const words =
    'plugin run csv-import --job import-members --organization green-foundation --file members.csv';
  const answer = await line.ok(...words.split(' '), '--limit', '5', ...ORG);
  expect(answer.result).toEqual({ rows: 3, organization: 'green-foundation', limit: 5 });
});

test.each([
  ['a job that fails', ['csv-import', '--job', 'fail'], 'command_failed'],
  ['a command that is not there', ['csv-import', '--job', 'none'], 'command_unknown'],
  ['a plugin that is not there', ['none', '--job', 'import-members'], 'command_unknown'],
  [
    'a file that is not there',
    ['csv-import', '--job', 'import-members', '--file', 'none.csv'],
    'file_unreadable',
  ],
  [
    'a word that is no pair',
    ['csv-import', '--job', 'import-members', '--limit'],
    'command_arguments_invalid',
  ],
  [
    'an argument that does not fit',
    ['csv-import', '--job', 'import-members', '--limit', 'x'],
    'command_arguments_invalid',
  ],
])('%s is refused', async (_what, words, code) => {
  expect(await line.refused('plugin', 'run', ...words, ...ORG)).toBe(code);
});

test('contracts are listed, bound and called', async () => {
  const { out } = await line.souk('contract', 'list', ...ORG);
  expect(out).toBe('source-normalizer@1: kelompok/csv-import answers (first)\n');
  const bound = await line.ok('contract', 'bind', 'source-normalizer@1', 'kelompok/csv-import', ...ORG);
  expect(bound.origin).toBe('bound');
  const input = '{"type":"member","data":{}}';
  const called = await line.ok('contract', 'call', 'source-normalizer@1', 'normalize', input, ...ORG);
  expect(called.output).toEqual({ type: 'member', data: { seen: true } });
  expect(await line.refused('contract', 'call', 'source-normalizer@1', 'normalize', '{', ...ORG)).toBe(
    'body_not_json',
  );
});

/** Imports, reviews and records with the command, against a real server. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { commandLine } from '../../tests/support/command-line.ts';
import { testSouk } from '../../tests/support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const house = await souk.publisher('house', acme);
await house.ship({
  id: 'house/lines',
  permissions: [{ name: 'records.propose', scope: ['organization'] }],
  contributes: { contracts: ['organization-importer@1'] },
  code: `export default { contracts: { 'organization-importer@1': { async import(input, host) {
    const lines = (await new Response(host.files.stream(input.file.id)).text()).split(input.options.between ?? '\\n');
    const rows = lines.map((line, at) => ({ row: at + 1, original: line, data: { name: line.split(',')[0], city: line.split(',')[1] } }));
    await host.records.propose({ type: 'organization', import: input.import.id, rows });
    return { rows: rows.length };
  } } } };`,
});
await acme.install('house/lines');
const owner = commandLine(souk.process.url, acme.owner.token);
const json = (...words: string[]) => owner.ok(...words, '--org', 'acme');

async function importFile(text: string, ...words: string[]) {
  const path = join(owner.folder, 'some.txt');
  writeFileSync(path, text);
  const { id } = await json(
    'imports',
    'start',
    'organizations',
    '--plugin',
    'house/lines',
    '--file',
    path,
    ...words,
  );
  return vi.waitUntil(async () => {
    const found = await json('imports', 'show', id);
    return found['state'] === 'completed' ? found : undefined;
  }, 30_000);
}

test('a file becomes records, and a person decides what Souk could not', async () => {
  const tried = await importFile('Green,Bonn;Green,Ulm', '--dry-run', '--options', '{"between":";"}');
  expect(tried).toMatchObject({ mode: 'dryRun', counts: { accepted: 1, held: 1 } });
  const done = await importFile('Green,Bonn\nGreen,Ulm\n,Hof');
  expect((await json('imports', 'list'))['items']).toMatchObject([{ id: done['id'] }, { id: tried['id'] }]);
  expect((await json('imports', 'rows', done['id'], '--outcome', 'rejected'))['items']).toMatchObject([
    { row: 3 },
  ]);
  const [waiting] = (await json('reviews', 'list'))['items'];
  expect(waiting).toMatchObject({ row: 2, import: done['id'] });
  const [record] = waiting.candidates;
  const decide = ['reviews', 'decide', done['id'], '2', 'merge'];
  expect(await json(...decide, '--record', record)).toMatchObject({ outcome: 'merged', record });
  expect((await json('records', 'list', 'organization', '--filter', 'city:Ulm'))['items']).toMatchObject([
    { id: record },
  ]);
  expect(await json('records', 'show', 'organization', record)).toMatchObject({
    data: { city: 'Ulm' },
    evidence: [{ row: 2 }, { row: 1 }],
  });
  expect(await owner.refused('records', 'show', 'organization', 'x', '--org', 'acme')).toBe(
    'record_not_found',
  );
});

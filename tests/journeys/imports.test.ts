/** Files become records through a plugin: over HTTP, with a real runner, in the background. */
import { describe, expect, it, vi } from 'vitest';
import type { HttpClient } from '../support/http-client.ts';
import type { TestOrg } from '../support/test-org.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const club = await souk.org('club');
const rival = await souk.org('rival');
const kelompok = await souk.publisher('kelompok', rival);

/** Lines of JSON: the smallest format that has rows, some of which are none. */
const READER = `async function importLines(input, host) {
  const text = await new Response(host.files.stream(input.file.id)).text();
  const lines = text.split('\\n').filter((line) => line !== '');
  if (input.options.spin) for (;;);
  const rows = lines.map((line, index) => {
    try { return { row: index + 1, original: line, data: JSON.parse(line) }; }
    catch { return { row: index + 1, original: line, data: {}, problems: ['is not JSON'] }; }
  });
  for (let from = 0; from < rows.length; from += 500)
    await host.records.propose({ type: input.import.type, import: input.import.id, rows: rows.slice(from, from + 500) });
  if (input.options.steal)
    await host.records.propose({ type: input.import.type, import: input.options.steal, rows: [] });
  return { rows: rows.length, problems: input.options.problems ?? [] };
}`;

const contracts = ['organization-importer@1', 'member-importer@1'] as const;
await kelompok.ship(
  {
    id: 'kelompok/lines',
    permissions: [{ name: 'records.propose', scope: ['organization', 'member'] }],
    contributes: { contracts: [...contracts] },
    code: `${READER}
      export default { contracts: {
        'organization-importer@1': { import: importLines }, 'member-importer@1': { import: importLines } } };`,
  },
  {
    id: 'kelompok/own',
    permissions: [{ name: 'records.propose', scope: ['organization'] }],
    contributes: { commands: [{ name: 'load' }] },
    code: `export default { commands: { async load(args, host) {
      const wish = { type: 'organization', file: args.file, dryRun: args.dryRun === 'true' };
      const { import: id } = await host.records.begin(wish);
      for (const row of [1, 2])
        await host.records.propose({ type: 'organization', import: id, rows: [{ row, original: row, data: { name: 'Own ' + row } }] });
      const end = await host.records.end({ import: id, problem: 'is short' });
      try { await host.records.end({ import: id }); } catch (error) { return { ...end, again: error.code }; }
    } } };`,
  },
);
for (const org of [club, rival]) await org.install('kelompok/lines');

type Wish = {
  org?: TestOrg;
  kind?: string;
  plugin?: string;
  dryRun?: string;
  options?: object;
  client?: HttpClient;
};

function formOf(
  lines: readonly (object | string)[],
  { plugin = 'kelompok/lines', dryRun, options }: Wish,
): FormData {
  const form = new FormData();
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  form.set('plugin', plugin);
  if (dryRun !== undefined) form.set('dryRun', dryRun);
  if (options) form.set('options', JSON.stringify(options));
  form.set('file', new Blob([text]), 'some.jsonl');
  return form;
}

function begin(lines: readonly (object | string)[], wish: Wish = {}) {
  const { org = club, kind = 'organizations' } = wish;
  return org.owner.send('POST', org.path(`/imports/${kind}`), { body: formOf(lines, wish) });
}

async function ended(org: TestOrg, id: string) {
  return vi.waitUntil(
    async () => {
      const { json } = await org.owner.get(org.path(`/imports/${id}`));
      return ['completed', 'failed'].includes(json.state) ? json : undefined;
    },
    { timeout: 30_000, interval: 50 },
  );
}

async function importAll(lines: readonly (object | string)[], wish: Wish = {}) {
  const answer = await begin(lines, wish);
  expect(answer.status, answer.text).toBe(202);
  return ended(wish.org ?? club, answer.json.id);
}

const records = async (type: string, org = club) =>
  (await org.owner.get(org.path(`/records/${type}?limit=200`))).json.items;
const get = async (path: string, org = club) => (await org.owner.get(org.path(path))).json;

describe('a file', () => {
  const lines = [
    { name: 'Green Foundation', city: 'Bonn' },
    '{ broken',
    { city: 'Bonn' },
    { name: 'Blue Foundation' },
  ];

  it('changes nothing in a dry run, which says what would happen', async () => {
    const tried = await importAll(
      [...lines, { name: 'Green Foundation' }, { name: 'Green Foundation', city: 'Ulm' }],
      { dryRun: 'true' },
    );
    expect(tried).toMatchObject({
      state: 'completed',
      mode: 'dryRun',
      counts: { accepted: 2, rejected: 2, unchanged: 1, held: 1, merged: 0 },
    });
    expect(await records('organization')).toEqual([]);
    expect((await get('/reviews')).items).toEqual([]);
    const { rows } = await souk.superuser.query(
      'select (select count(*) from record_draft)::int + (select count(*) from record_draft_key)::int as left_over',
    );
    expect(rows).toEqual([{ left_over: 0 }]);
  });

  it('becomes records, row by row, with evidence and one root in the audit', async () => {
    const done = await importAll(lines);
    expect(done).toMatchObject({
      state: 'completed',
      mode: 'apply',
      problem: null,
      counts: { accepted: 2, rejected: 2 },
    });
    const { items: rejected } = await get(`/imports/${done.id}/rows?outcome=rejected`);
    expect(rejected).toMatchObject([
      { row: 2, original: '{ broken', reasons: [{ message: 'is not JSON' }] },
      { row: 3, reasons: [{ message: "must have required property 'name'" }] },
    ]);
    const [green] = await records('organization');
    const { evidence } = await get(`/records/organization/${green.id}`);
    expect(evidence).toMatchObject([
      {
        import: done.id,
        plugin: 'kelompok/lines',
        file: { name: 'some.jsonl', sha256: expect.any(String) },
        audit: done.audit,
      },
    ]);
    const { items: audit } = await get('/audit?limit=200');
    const own = audit.filter(({ subject }: { subject: string }) => subject === `import:${done.id}`);
    expect(own.map(({ action }: { action: string }) => action)).toEqual([
      'import.completed',
      'import.created',
    ]);
    expect(own[1].id).toBe(done.audit);
    expect(own[0].detail.rowsSha256).toMatch(/^[0-9a-f]{64}$/u);
    // The job says that it is over after its import does.
    await expect.poll(async () => (await get(`/jobs/${done.job}`)).state).toBe('succeeded');
  });

  it('changes nothing the second time', async () => {
    const before = await records('organization');
    expect((await importAll(lines)).counts).toEqual({
      accepted: 0,
      merged: 0,
      unchanged: 2,
      rejected: 2,
      held: 0,
    });
    expect(await records('organization')).toEqual(before);
  });

  it('of members names organizations that are there', async () => {
    const done = await importAll(
      [
        { name: 'Ada', email: 'a@x.example', organization: 'green-foundation' },
        { name: 'Bo', organization: 'red' },
      ],
      { kind: 'members' },
    );
    expect(done.counts).toMatchObject({ accepted: 1, rejected: 1 });
  });

  it('is one organization’s', async () => {
    const { items } = await get('/imports');
    for (const path of [`/imports/${items[0].id}`, `/imports/${items[0].id}/rows`])
      expect((await rival.owner.get(rival.path(path))).json.code).toBe('import_not_found');
    expect((await get('/imports', rival)).items).toEqual([]);
    expect(await records('organization', rival)).toEqual([]);
    const stolen = await importAll([{ name: 'Mine' }], { org: rival, options: { steal: items[0].id } });
    expect(stolen).toMatchObject({ state: 'failed', counts: { accepted: 1 } });
  });
});

describe('a row that nobody can decide', () => {
  const [green, ulm] = [
    { name: 'Yellow', city: 'Bonn' },
    { name: 'Yellow', city: 'Ulm' },
  ];
  const decide = (row: { import: string; row: number }, body: object, org = club) =>
    org.owner.post(org.path(`/imports/${row.import}/rows/${row.row}/decision`), body);

  it('waits, and becomes what a person says', async () => {
    await importAll([green, ulm, { name: 'Yellow', city: 'Hof' }, { name: 'Yellow', city: 'Kiel' }]);
    const { items } = await get('/reviews');
    expect(items.map(({ row, data }: { row: number; data: { city: string } }) => [row, data.city])).toEqual([
      [2, 'Ulm'],
      [3, 'Hof'],
      [4, 'Kiel'],
    ]);
    const [merge, accept, reject] = items;
    expect((await decide(merge, { verdict: 'merge', record: crypto.randomUUID() })).json.code).toBe(
      'import_decision_invalid',
    );
    expect((await decide(merge, { verdict: 'merge' })).status).toBe(400);
    expect((await decide(merge, { verdict: 'reject' }, rival)).json.code).toBe('import_not_found');
    expect((await decide(merge, { verdict: 'merge', record: merge.candidates[0] })).json).toMatchObject({
      outcome: 'merged',
      decision: { verdict: 'merge' },
    });
    expect((await decide(accept, { verdict: 'accept' })).json.outcome).toBe('accepted');
    expect((await decide(reject, { verdict: 'reject' })).json).toMatchObject({
      outcome: 'rejected',
      record: null,
    });
    expect((await decide(reject, { verdict: 'accept' })).json.code).toBe('import_row_not_held');
    expect((await get('/reviews')).items).toEqual([]);
    const cities = (await records('organization'))
      .filter(({ data }: { data: { name: string } }) => data.name === 'Yellow')
      .map(({ data }: { data: { city: string } }) => data.city);
    expect(cities.sort()).toEqual(['Hof', 'Ulm']);
    expect((await get(`/imports/${merge.import}`)).counts).toEqual({
      accepted: 2,
      merged: 1,
      unchanged: 0,
      rejected: 1,
      held: 0,
    });
    const { items: audit } = await get('/audit?action=import.row-decided');
    expect(audit).toHaveLength(3);
  });

  it('is not asked about again', async () => {
    const done = await importAll([
      { name: 'Yellow', city: 'Hof' },
      { name: 'Yellow', city: 'Kiel' },
    ]);
    expect(done.counts).toMatchObject({ unchanged: 1, rejected: 1, held: 0 });
  });
});

describe('what cannot be imported', () => {
  it.each<[string, Wish, number, string]>([
    ['by a plugin that is not there', { plugin: 'kelompok/none' }, 404, 'plugin_not_installed'],
    ['by what is no plugin', { plugin: '../x' }, 404, 'not_found'],
    ['of a kind that the plugin does not read', { kind: 'posts' }, 422, 'contract_not_implemented'],
    ['of a kind that there is not', { kind: 'constructor' }, 400, 'request_invalid'],
    ['with half a wish', { dryRun: 'maybe' }, 400, 'request_invalid'],
  ])('%s', async (_what, wish, status, code) => {
    const answer = await begin([{ name: 'a' }], wish);
    expect([answer.status, answer.json.code], answer.text).toEqual([status, code]);
  });

  it('without a file, or with two', async () => {
    const form = formOf([], {});
    form.append('file', new Blob(['x']), 'second.jsonl');
    const answer = await club.owner.send('POST', club.path('/imports/organizations'), { body: form });
    expect(answer.json.code).toBe('request_invalid');
    expect((await club.owner.post(club.path('/imports/organizations'), {})).json.code).toBe(
      'media_type_unsupported',
    );
  });

  it('fails with the reason, and says what is wrong with the file as a whole', async () => {
    const spun = await importAll([{ name: 'Spun' }], { options: { spin: true } });
    expect(spun).toMatchObject({
      state: 'failed',
      problem: expect.stringContaining('organization-importer@1'),
    });
    const problems = [
      { message: 'has two columns name' },
      { row: 9, column: 'city', message: 'was cut off' },
    ];
    const odd = await importAll([{ name: 'Odd' }], { options: { problems } });
    expect(odd).toMatchObject({
      state: 'completed',
      problem: 'has two columns name',
      counts: { accepted: 1, rejected: 1 },
    });
    expect((await get(`/imports/${odd.id}/rows?outcome=rejected`)).items).toMatchObject([
      { row: 9, reasons: [{ message: 'city: was cut off' }] },
    ]);
  });

  it('that lost who worked on it fails, and leaves an entry in the audit', async () => {
    const { id } = await importAll([{ name: 'Found' }]);
    const lost = '0196a000-0000-7000-8000-000000000001';
    // What a run that is gone leaves behind.
    await souk.superuser.query(
      `insert into record_import select (jsonb_populate_record(one, jsonb_build_object('id', $2::text, 'state', 'running',
         'job_id', null, 'ended_at', null, 'started_at', now() - interval '1 day'))).* from record_import one where id = $1`,
      [id, lost],
    );
    expect(await ended(club, lost)).toMatchObject({
      state: 'failed',
      problem: 'The run that began it is gone.',
    });
    const { items } = await get('/audit?limit=100');
    const entry = items.find(({ subject }: { subject: string }) => subject === `import:${lost}`);
    expect(entry).toMatchObject({
      action: 'import.failed',
      detail: { problem: 'The run that began it is gone.', accepted: 1, plugin: 'kelompok/lines' },
    });
  });

  it('begun twice with one key is begun once', async () => {
    const send = () =>
      club.owner.send('POST', club.path('/imports/organizations'), {
        body: formOf([{ name: 'Once' }], {}),
        headers: { 'idempotency-key': 'once' },
      });
    const [first, second] = [await send(), await send()];
    expect([first.status, second.json.id]).toEqual([202, first.json.id]);
    await ended(club, first.json.id);
  });
});

describe('a command that imports by itself', () => {
  const run = async (fields: Record<string, string>) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    form.set('upload', new Blob(['x']), 'own.txt');
    return club.owner.send('POST', club.path('/plugins/kelompok/own/commands/load'), { body: form });
  };

  it('makes one batch of its proposals, with the file that it was handed', async () => {
    await club.install('kelompok/own');
    const { json: tried } = await run({ file: 'own.txt', dryRun: 'true' });
    expect(tried.result).toMatchObject({ accepted: 2, again: 'import_not_running' });
    const { json: done } = await run({ file: 'own.txt' });
    expect(done.result).toMatchObject({ accepted: 2, unchanged: 0 });
    expect(await get(`/imports/${done.result.import}`)).toMatchObject({
      state: 'completed',
      problem: 'is short',
      file: { name: 'own.txt', bytes: 1 },
      counts: { accepted: 2 },
    });
    expect((await run({ file: 'other.txt' })).status).toBeGreaterThanOrEqual(400);
  });
});

/**
 * Kelompok's plugins, told with its own lines and addresses (docs/admins/equivalents.md): importers that are off until
 * somebody turns them on, files by command line and API, dry runs, evidence, audit, manual review.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { commandLine } from '../support/command-line.ts';
import { consentTo, type TestOrg } from '../support/test-org.ts';
import { testSouk } from '../support/test-souk.ts';

const CSV = 'kelompok/csv-import';
const JSON_IMPORT = 'kelompok/json-import';
const SDGS = 'kelompok/sdgs-keyword';

const FILES = {
  'organizations.csv':
    'Name;Slug;City;Website\nGreen Foundation;green-foundation;Bandung;https://green.example\nBlue School;;Jakarta;\n;nameless;Bogor;\n',
  'members.csv':
    'name,email,role\nAda Lovelace,Ada@green.example,chair\nBudi,budi@green.example,member\nNobody,no address,member\n',
  'posts.csv':
    'title,slug,body,published\n"Trees, again",trees,"We planted\ntrees.",2026-03-01T08:00:00+07:00\n',
  'events.csv': 'title,start,location\nClean-up,2026-05-01T08:00:00+07:00,=Citarum!A1\n',
};

const souk = await testSouk();
const crm = await souk.org('crm');
const other = await souk.org('other');
const kelompok = await souk.publisher('kelompok', other);
await kelompok.shipExamples(CSV, JSON_IMPORT, SDGS);
const line = commandLine(souk.process.url, crm.owner.token);
for (const [name, text] of Object.entries(FILES)) writeFileSync(join(line.folder, name), text);

/** A line of Kelompok's document, with the tenant. @returns what the command answered */
async function kelompokRuns(words: string) {
  const [, ...argv] = words.split(' ');
  return line.ok(...argv, '--org', 'crm');
}

const get = async (path: string, org = crm) => (await org.owner.get(org.path(path))).json;

/** In the order of their names. */
async function all(type: string): Promise<{ name?: string }[]> {
  const { items } = await get(`/records/${type}`);
  const datas = items.map(({ data }: { data: { name?: string } }) => data);
  return datas.toSorted((left: { name?: string }, right: { name?: string }) =>
    String(left.name).localeCompare(String(right.name)),
  );
}

async function importFile(kind: string, text: string, more: Record<string, string> = {}, org: TestOrg = crm) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ plugin: CSV, ...more })) form.set(name, value);
  form.set('file', new Blob([text]), `${kind}.csv`);
  const begun = await org.owner.send('POST', org.path(`/imports/${kind}`), { body: form });
  expect(begun.status, begun.text).toBe(202);
  return vi.waitUntil(
    async () => {
      const json = await get(`/imports/${begun.json.id}`, org);
      return ['completed', 'failed'].includes(json.state) ? json : undefined;
    },
    { timeout: 30_000, interval: 50 },
  );
}

describe('a new organization', () => {
  it('has none of the importers until somebody installs them', async () => {
    expect(await kelompokRuns('kelompok plugin list')).toMatchObject({ items: [] });
    const form = new FormData();
    form.set('plugin', CSV);
    form.set('file', new Blob(['name\nA']), 'a.csv');
    const early = await crm.owner.send('POST', crm.path('/imports/organizations'), { body: form });
    expect(early.json.code).toBe('plugin_not_installed');
    await crm.install(CSV);
    const { items } = await kelompokRuns('kelompok plugin list');
    expect(items.map(({ plugin, state }: { plugin: string; state: string }) => [plugin, state])).toEqual([
      [CSV, 'active'],
    ]);
    expect(JSON.stringify(await kelompokRuns('kelompok plugin info csv-import'))).toContain(
      'records.propose',
    );
  });
});

describe('on the command line', () => {
  it('shows what an import would do, and changes nothing', async () => {
    const { result } = await kelompokRuns(
      'kelompok plugin run csv-import --job import-organizations --file organizations.csv --dryRun true',
    );
    expect(result).toMatchObject({ accepted: 2, rejected: 1, dryRun: true });
    expect((await get('/records/organization')).items).toEqual([]);
  });

  it('imports organizations, and says which rows were rejected and why', async () => {
    const { result } = await kelompokRuns(
      'kelompok plugin run csv-import --job import-organizations --file organizations.csv',
    );
    expect(result).toMatchObject({
      rows: 3,
      accepted: 2,
      rejected: 1,
      problem: null,
      complaints: [{ row: 4, outcome: 'rejected', reasons: [expect.stringContaining("'name'")] }],
    });
    expect(await all('organization')).toMatchObject([
      { slug: 'blue-school', name: 'Blue School' },
      { slug: 'green-foundation', city: 'Bandung', website: 'https://green.example' },
    ]);
  });

  it('imports members, posts and events of an organization', async () => {
    const of = (kind: string) =>
      `kelompok plugin run csv-import --job import-${kind} --organization green-foundation --file ${kind}.csv`;
    expect((await kelompokRuns(of('members'))).result).toMatchObject({ accepted: 2, rejected: 1 });
    expect((await kelompokRuns(of('posts'))).result).toMatchObject({ accepted: 1, rejected: 0 });
    expect((await kelompokRuns(of('events'))).result).toMatchObject({ accepted: 1, rejected: 0 });
    expect(await all('member')).toMatchObject([
      { organization: 'green-foundation', name: 'Ada Lovelace', email: 'ada@green.example' },
      { name: 'Budi' },
    ]);
    expect(await all('post')).toMatchObject([
      { title: 'Trees, again', body: 'We planted\ntrees.', publishedAt: '2026-03-01T01:00:00.000Z' },
    ]);
    expect(await all('event')).toMatchObject([
      { location: '=Citarum!A1', startsAt: '2026-05-01T01:00:00.000Z' },
    ]);
  });

  it('changes nothing with the same file again', async () => {
    const before = await get('/records/member');
    const { result } = await kelompokRuns(
      'kelompok plugin run csv-import --job import-members --organization green-foundation --file members.csv',
    );
    expect(result).toMatchObject({ accepted: 0, merged: 0, unchanged: 2, rejected: 1 });
    expect(await get('/records/member')).toEqual(before);
  });
});

describe('POST /api/v1/imports/members', () => {
  const options = JSON.stringify({ organization: 'green-foundation', columns: { Nama: 'name' } });

  it('answers with status, validation errors and audit references', async () => {
    const done = await importFile('members', 'Nama,email\nCitra,citra@green.example\nDewi,@\n', { options });
    expect(done).toMatchObject({
      state: 'completed',
      plugin: CSV,
      counts: { accepted: 1, rejected: 1 },
      audit: expect.any(String),
    });
    const { items } = await get(`/imports/${done.id}/rows?outcome=rejected`);
    expect(items).toMatchObject([
      { row: 3, original: { Nama: 'Dewi', email: '@' }, reasons: [{ pointer: '/email' }] },
    ]);
    const { items: audit } = await get('/audit?limit=200');
    const own = audit.filter(({ subject }: { subject: string }) => subject === `import:${done.id}`);
    expect(own.map(({ action }: { action: string }) => action)).toEqual([
      'import.completed',
      'import.created',
    ]);
    expect(own[1].id).toBe(done.audit);
  });

  it('keeps with each record where it comes from', async () => {
    const { items } = await get('/records/member?filter=email:citra@green.example');
    const { evidence } = await get(`/records/member/${items[0].id}`);
    expect(evidence).toMatchObject([
      {
        row: 2,
        original: { Nama: 'Citra', email: 'citra@green.example' },
        plugin: CSV,
        file: { name: 'members.csv', sha256: expect.stringMatching(/^[0-9a-f]{64}$/u) },
      },
    ]);
  });

  it('holds what it cannot know for manual review, and does what is decided', async () => {
    await importFile('members', 'name,role\nEka,member\n', { options });
    const held = await importFile('members', 'name,role\nEka,chair\n', { options });
    expect(held.counts).toMatchObject({ held: 1 });
    const { items } = await get('/reviews');
    expect(items).toMatchObject([{ import: held.id, row: 2, original: { name: 'Eka', role: 'chair' } }]);
    const [{ candidates }] = items;
    const decided = await crm.owner.post(crm.path(`/imports/${held.id}/rows/2/decision`), {
      verdict: 'merge',
      record: candidates[0],
    });
    expect(decided.json, decided.text).toMatchObject({ outcome: 'merged', record: candidates[0] });
    expect((await get(`/records/member/${candidates[0]}`)).data).toMatchObject({ role: 'chair' });
    expect((await get('/reviews')).items).toEqual([]);
  });
});

describe('a file that is not as it should be', () => {
  type Row = { row: number; outcome: string; reasons: { message: string }[] };

  it('has each of its rows answered', async () => {
    const rows = [
      'name,description,city,city',
      '"=HYPERLINK(""http://x"")",@SUM(A1),Bonn,',
      `Long,${'x'.repeat(1 << 18)},Ulm,Ulm`,
      'Nul\0,,,',
      'Two,,Bonn,Ulm',
      'Short,',
      '"""Quoted""","two',
      'lines",Hof,',
      'Open,"never closed',
    ];
    const done = await importFile('organizations', `\uFEFF${rows.join('\r\n')}`);
    expect(done).toMatchObject({
      state: 'completed',
      problem: 'Several columns are city: "city", "city (2)".',
      counts: { accepted: 2, rejected: 5 },
    });
    const { items } = await get(`/imports/${done.id}/rows`);
    const told = items.map(({ row, outcome, reasons }: Row) => [
      row,
      outcome,
      ...reasons.map(({ message }) => message),
    ]);
    expect(told).toEqual([
      [2, 'accepted'],
      [3, 'rejected', expect.stringMatching(/characters/u)],
      [4, 'rejected', 'holds the character U+0000'],
      [5, 'rejected', 'two columns are city and say different things: "Bonn", "Ulm"'],
      [6, 'rejected', 'has 2 cells, and the header has 4'],
      [7, 'accepted'],
      [8, 'rejected', expect.stringContaining('never closed')],
    ]);
    expect(items[1].original.description).toEqual({ chars: 1 << 18, start: 'x'.repeat(1_000) });
    expect((await get(`/records/organization/${items[0].record}`)).data).toMatchObject({
      name: '=HYPERLINK("http://x")',
      description: '@SUM(A1)',
    });
  });
});

describe('SDGS', () => {
  const run = (words = '') =>
    kelompokRuns(`kelompok plugin run sdgs-keyword --job tag-records --type post${words}`);

  it('are found in public text, and kept beside what the authors wrote', async () => {
    await crm.install(SDGS);
    const options = JSON.stringify({ organization: 'green-foundation' });
    await importFile('posts', 'title,body\nAir bersih,Clean water and sanitasi for Citarum\nParty,\n', {
      options,
    });
    expect((await run(' --dryRun true')).result).toMatchObject({ looked: 3, tagged: 1, changed: 0 });
    expect((await run()).result).toMatchObject({
      looked: 3,
      changed: 1,
      rejected: 0,
      problem: null,
      examples: [{ words: ['clean water', 'air bersih', 'sanitasi'] }],
    });
    const found = (await get('/records/post')).items.find(
      ({ data }: { data: { title: string } }) => data.title === 'Air bersih',
    );
    expect(found.data[SDGS]).toEqual({ goals: [6], tags: ['SDG 6: Clean water and sanitation'] });
    expect((await get(`/records/post/${found.id}`)).evidence).toHaveLength(2);
    expect((await run()).result).toMatchObject({ changed: 0, tagged: 1 });
  });

  it('are proposed to whoever asks the contract', async () => {
    const input = { record: { type: 'organization', data: { description: 'Reforestation' } } };
    const path = crm.path('/contracts/profile-enricher@1/enrich');
    expect((await crm.owner.post(path, { input })).json).toMatchObject({
      output: { proposals: [{ field: 'tags', value: 'SDG 15: Life on land', evidence: 'reforestation' }] },
    });
    const ofMember = { record: { type: 'member', data: {} } };
    expect((await crm.owner.post(path, { input: ofMember })).json.contractError).toBe('record_type_unknown');
  });

  it('are told, and not kept, where that is not granted', async () => {
    const limit = {
      grants: [
        { name: 'records.read', scope: ['post'] },
        { name: 'modules.extend', scope: ['organizations', 'posts', 'events'] },
      ],
    };
    const limited = await crm.owner.put(crm.path(`/plugins/${SDGS}/grants`), limit);
    expect(limited.status, limited.text).toBe(200);
    await importFile('posts', 'title,url\nHutan kota,https://green.example/hutan\n');
    expect((await run()).result).toMatchObject({
      tagged: 2,
      changed: 0,
      problem: expect.stringContaining('records.propose'),
    });
  });
});

describe('another tenant', () => {
  it('sees none of it, and has the same names for its own', async () => {
    for (const type of ['organization', 'member', 'post', 'event'])
      expect((await get(`/records/${type}`, other)).items).toEqual([]);
    expect((await get('/imports', other)).items).toEqual([]);
    const { items } = await get('/imports');
    expect((await get(`/imports/${items[0].id}`, other)).code).toBe('import_not_found');
    const stranger = commandLine(souk.process.url, other.owner.token);
    expect(await stranger.refused('plugin', 'info', CSV, '--org', 'crm')).toBe('not_found');
    await other.install(JSON_IMPORT);
    const text = '{"name":"Green Foundation"}\n{"name":\n{"name":"Red"}\n';
    const done = await importFile('organizations', text, { plugin: JSON_IMPORT }, other);
    expect(done.counts).toMatchObject({ accepted: 2, rejected: 1 });
    expect((await all('organization')).map(({ name }) => name)).not.toContain('Red');
  });
});

describe('without its permission for members', () => {
  it('says so, and imports organizations all the same', async () => {
    const plan = await other.plan({ kind: 'install', plugin: CSV });
    const grants = consentTo(plan.json).map(({ plugin, permission }) => ({
      plugin,
      permission: { ...permission, scope: ['organization'] },
    }));
    expect((await other.apply(plan.json.id, grants)).status).toBe(201);
    expect((await other.step(CSV, 'activate', {})).status).toBe(200);
    const members = await importFile('members', 'name\nAda\n', {}, other);
    expect(members).toMatchObject({ state: 'failed', problem: expect.stringContaining('records.propose') });
    const organizations = await importFile('organizations', 'name\nViolet\n', {}, other);
    expect(organizations).toMatchObject({ state: 'completed', counts: { accepted: 1 } });
    const { json } = await other.owner.post(other.path(`/plugins/${CSV}/test`));
    expect(json.status).toBe('READY');
  });
});

/** A plugin proposes records and reads them, as far as it was granted; people see them with their evidence. */
import { expect, it } from 'vitest';
import { consentTo } from '../support/test-org.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const club = await souk.org('club');
const rival = await souk.org('rival');
const kelompok = await souk.publisher('kelompok', rival);

await kelompok.ship({
  id: 'kelompok/registry',
  permissions: [
    { name: 'records.propose', scope: ['organization'] },
    { name: 'records.read', scope: ['organization'] },
  ],
  endpoints: [{ method: 'POST', path: '/*', access: 'public' }],
  code: `export default {
    async fetch(request, host) {
      const [method, ...args] = await request.json();
      try { return Response.json({ answer: await host.records[method](...args) }); }
      catch (error) { return Response.json({ name: error.name, code: error.code, message: error.message }); }
    },
  };`,
});
for (const org of [club, rival]) await org.install('kelompok/registry');

async function ask(org: typeof club, method: string, ...args: unknown[]) {
  const body = JSON.stringify([method, ...args]);
  return (await org.call('kelompok/registry', '/', { method: 'POST', body })).json;
}

const rows = [
  { row: 1, original: ['Green Foundation', 'Bonn'], data: { name: 'Green Foundation', city: 'Bonn' } },
  { row: 2, original: ['', 'Bonn'], data: { city: 'Bonn' } },
];

it('a plugin proposes, and Souk decides row by row', async () => {
  const { answer } = await ask(club, 'propose', { type: 'organization', rows });
  expect(answer).toMatchObject({ accepted: 1, rejected: 1, merged: 0, held: 0, unchanged: 0 });
  const id = answer.rows[0].record;
  const { answer: listed } = await ask(club, 'list', { type: 'organization', filter: { city: 'Bonn' } });
  expect(listed).toMatchObject({
    items: [{ id, type: 'organization', data: { slug: 'green-foundation' } }],
    next: null,
  });
  expect((await ask(club, 'get', 'organization', id)).answer).toMatchObject({ id, revision: 1 });

  const { json: page } = await club.owner.get(
    club.path('/records/organization?filter=city:Bonn&filter=name:Green%20Foundation'),
  );
  expect(page.items).toMatchObject([{ id }]);
  const { json: record } = await club.owner.get(club.path(`/records/organization/${id}`));
  expect(record).toMatchObject({
    sources: { '*': 'kelompok/registry' },
    evidence: [{ row: 1, original: rows[0]?.original, import: answer.import }],
  });
  const { json: audit } = await club.owner.get(club.path('/audit?action=records.proposed'));
  expect(audit.items[0].id).toBe(record.evidence[0].audit);
});

it('another organization sees none of it, and another plugin’s reach is denied', async () => {
  const { json: page } = await club.owner.get(club.path('/records/organization'));
  const [{ id }] = page.items;
  expect((await ask(rival, 'list', { type: 'organization' })).answer.items).toEqual([]);
  expect((await ask(rival, 'get', 'organization', id)).answer).toBeNull();
  expect((await rival.owner.get(rival.path(`/records/organization/${id}`))).json.code).toBe(
    'record_not_found',
  );
  expect(await ask(club, 'list', { type: 'member' })).toMatchObject({
    name: 'PermissionDenied',
    code: 'permission_denied',
  });
  expect(await ask(club, 'propose', { type: 'member', rows: [] })).toMatchObject({
    name: 'PermissionDenied',
  });
  expect(
    await ask(club, 'propose', { type: 'organization', rows: [{ row: 0, original: 1, data: {} }] }),
  ).toMatchObject({ code: 'arguments_invalid' });
});

it('a grant that was narrowed denies at once', async () => {
  const { json: plan } = await club.plan({ kind: 'upgradeAll' });
  expect(consentTo(plan)).toEqual([]);
  await club.owner.put(club.path('/plugins/kelompok/registry/grants'), {
    grants: [{ name: 'records.read', scope: ['organization'] }],
  });
  expect(await ask(club, 'propose', { type: 'organization', rows })).toMatchObject({
    name: 'PermissionDenied',
  });
});

it.each(['filter=nothing', 'filter=a:b&filter=a:b&filter=a:b&filter=a:b&filter=a:b&filter=a:b', 'cursor=x'])(
  'a list with %s is refused',
  async (query) => {
    const { status } = await club.owner.get(club.path(`/records/organization?${query}`));
    expect(status).toBe(400);
  },
);

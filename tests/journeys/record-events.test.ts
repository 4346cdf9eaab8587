/** What became of records and imports, as plugins hear it: if and only if it came to be, in order, and small. */
import { describe, expect, it, vi } from 'vitest';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const club = await souk.org('club');
const rival = await souk.org('rival');
const kelompok = await souk.publisher('kelompok', rival);

await kelompok.ship(
  {
    id: 'kelompok/rooms',
    permissions: [
      { name: 'records.propose', scope: ['member', 'organization', 'room'] },
      { name: 'modules.extend', scope: ['rooms'] },
    ],
    contributes: {
      modules: [
        {
          name: 'rooms',
          recordTypes: [
            {
              name: 'room',
              schema: {
                type: 'object',
                properties: { code: { type: 'string' }, seats: { type: 'integer' } },
              },
              keys: [['code']],
            },
          ],
        },
      ],
      commands: [{ name: 'load' }],
    },
    endpoints: [{ method: 'POST', path: '/*', access: 'public' }],
    code: `export default {
      async fetch(request, host) {
        const { type, rows } = await request.json();
        try {
          return Response.json(await host.records.propose(
            { type, rows: rows.map((data, index) => ({ row: index + 1, original: null, data })) }));
        } catch (error) { return Response.json({ code: error.code, message: error.message }); }
      },
      commands: { async load({ dryRun }, host) {
        const { import: id } = await host.records.begin({ type: 'member', dryRun: dryRun === 'true' });
        await host.records.propose({ type: 'member', import: id, rows: [{ row: 1, original: 1, data: { name: 'Own', email: 'own@x.example' } }] });
        if (dryRun === 'lost') return { import: id };
        return host.records.end({ import: id });
      } },
    };`,
  },
  {
    id: 'kelompok/listener',
    permissions: [
      { name: 'kv', reason: 'Remembers.' },
      {
        name: 'events.subscribe',
        scope: ['member.*', 'organization.*', 'import.*', 'kelompok.rooms.*'],
        reason: 'Hears.',
      },
    ],
    contributes: {
      events: { subscribes: ['member.*', 'organization.updated', 'import.*', 'kelompok.rooms.room.created'] },
    },
    endpoints: [{ method: 'GET', path: '/*', access: 'public' }],
    code: `
      const heard = (event, host) => host.kv.set('heard:' + event.id, [event.name, event.key, event.data, event.emitter]);
      export default {
        async fetch(request, host) {
          const { keys } = await host.kv.list({ prefix: 'heard:', limit: 1000 });
          const all = [];
          for (const key of keys) all.push(await host.kv.get(key));
          return Response.json(all);
        },
        events: { 'member.*': heard, 'organization.updated': heard, 'import.*': heard, 'kelompok.rooms.room.created': heard },
      };`,
  },
);
for (const org of [club, rival]) await org.install('kelompok/rooms');

type Heard = [name: string, key: string, data: Record<string, unknown>, emitter: string];

async function propose(type: string, rows: readonly object[], org = club) {
  const body = JSON.stringify({ type, rows });
  const { json } = await org.call('kelompok/rooms', '/', { method: 'POST', body });
  expect(json.rows, JSON.stringify(json)).toBeDefined();
  return json;
}

/** Everything that was told has been delivered. */
async function heard(): Promise<Heard[]> {
  await vi.waitUntil(
    async () => {
      const { rows } = await souk.superuser.query('select count(*)::int as waiting from event_delivery');
      return rows[0].waiting === 0;
    },
    { timeout: 30_000, interval: 50 },
  );
  return (await club.call('kelompok/listener', '/')).json;
}

const events = async () =>
  (await souk.superuser.query('select count(*)::int as told from event')).rows[0].told;

describe('what became of records', () => {
  it('is written down for nobody', async () => {
    await propose('member', [{ name: 'Nobody', email: 'nobody@x.example' }]);
    await propose('member', [{ name: 'Nobody', email: 'nobody@x.example' }], rival);
    expect(await events()).toBe(0);
    await club.install('kelompok/listener');
  });

  it('reaches who subscribed, with the fields and not with their values', async () => {
    const { import: first, rows } = await propose('member', [
      { name: 'Ada', email: 'ada@x.example' },
      { name: '', email: 'broken' },
    ]);
    const id = rows[0].record;
    const { import: second } = await propose('member', [
      { name: 'Ada L.', email: 'ada@x.example', phone: '1' },
    ]);
    await propose('member', [{ name: 'Ada L.', email: 'ada@x.example' }]);
    await propose('member', [{ name: 'Elsewhere', email: 'ada@x.example' }], rival);
    await propose('organization', [{ name: 'Nobody hears that it is new' }]);
    const about = (await heard()).filter(([, key]) => key === id);
    expect(about.map(([name]) => name).sort()).toEqual(['member.created', 'member.updated']);
    const told = new Map(about.map(([name, , data, emitter]) => [name, [data, emitter]]));
    expect(told.get('member.created')).toEqual([
      { type: 'member', id, import: first, fields: ['name', 'email'] },
      'core',
    ]);
    expect(told.get('member.updated')).toEqual([
      { type: 'member', id, import: second, fields: ['name', 'phone'] },
      'core',
    ]);
    expect((await heard()).filter(([name]) => name.startsWith('organization'))).toEqual([]);
  });

  it('tells one event of a record that several rows of a batch are about', async () => {
    const { rows } = await propose('room', [{ code: 'a' }, { code: 'a', seats: 3 }, { code: 'b' }]);
    const about = (await heard()).filter(([name]) => name === 'kelompok.rooms.room.created');
    expect(about.map(([, key, { fields }]) => [key, fields])).toEqual(
      expect.arrayContaining([
        [rows[0].record, ['code', 'seats']],
        [rows[2].record, ['code']],
      ]),
    );
    expect(about).toHaveLength(2);
  });

  it('is what a person decided, too', async () => {
    const [one, two] = [
      { name: 'Held', city: 'Bonn' },
      { name: 'Held', city: 'Ulm' },
    ];
    const { import: id, rows } = await propose('organization', [one, two]);
    expect(rows[1].outcome).toBe('held');
    const body = { verdict: 'merge', record: rows[0].record };
    const decided = await club.owner.post(club.path(`/imports/${id}/rows/2/decision`), body);
    expect(decided.status, decided.text).toBe(200);
    const about = (await heard()).filter(([name]) => name === 'organization.updated');
    expect(about).toMatchObject([['organization.updated', rows[0].record, { fields: ['city'] }, 'core']]);
  });
});

describe('the end of an import', () => {
  const load = (dryRun: string) => {
    const form = new FormData();
    form.set('dryRun', dryRun);
    return club.owner.send('POST', club.path('/plugins/kelompok/rooms/commands/load'), { body: form });
  };

  it('is told with its counts, and a dry run tells nothing of records', async () => {
    const tried = (await load('true')).json.result;
    const done = (await load('false')).json.result;
    const ends = (await heard()).filter(([name]) => name.startsWith('import.'));
    expect(ends).toHaveLength(2);
    for (const [result, mode] of [
      [tried, 'dryRun'],
      [done, 'apply'],
    ])
      expect(ends).toContainEqual([
        'import.completed',
        result.import,
        { ...result, mode, type: 'member', plugin: 'kelompok/rooms' },
        'core',
      ]);
    const own = (await heard()).filter(([, , data]) => data['import'] === tried.import);
    expect(own.map(([name]) => name)).toEqual(['import.completed']);
  });

  it('is told of one whose run is gone', async () => {
    const { import: id } = (await load('lost')).json.result;
    await souk.superuser.query(
      `update record_import set started_at = now() - interval '1 hour' where id = $1`,
      [id],
    );
    expect((await club.owner.get(club.path(`/imports/${id}`))).json.state).toBe('failed');
    const ends = (await heard()).filter(([name]) => name === 'import.failed');
    expect(ends).toMatchObject([['import.failed', id, { plugin: 'kelompok/rooms', unchanged: 1 }, 'core']]);
  });
});

it('nobody else tells what only Souk knows', async () => {
  for (const name of ['member.created', 'import.completed']) {
    const { json } = await club.owner.post(club.path('/events'), { name, data: {} });
    expect(json.code).toBe('event_reserved');
  }
});

describe('a record that is erased', () => {
  const path = (type: string, id: string, org = club) => org.path(`/records/${type}/${id}`);

  it('is gone with the values that its evidence kept, and plugins hear it', async () => {
    const { import: id, rows } = await propose('member', [{ name: 'Zoe', email: 'zoe@x.example' }]);
    const record = rows[0].record;
    expect((await rival.owner.delete(path('member', record, rival))).json.code).toBe('record_not_found');
    expect((await club.owner.delete(path('organization', record))).json.code).toBe('record_not_found');
    const erased = await club.owner.delete(path('member', record));
    expect(erased.status, erased.text).toBe(204);
    expect((await club.owner.get(path('member', record))).json.code).toBe('record_not_found');
    const { items } = (await club.owner.get(club.path(`/imports/${id}/rows`))).json;
    expect(items).toMatchObject([{ row: 1, outcome: 'accepted', record, original: { omitted: 'erased' } }]);
    const { json: audit } = await club.owner.get(club.path('/audit?action=record.erased'));
    expect(audit.items).toMatchObject([
      { subject: `record:${record}`, detail: { recordType: 'member', evidenceRows: 1 } },
    ]);
    expect(await heard()).toContainEqual([
      'member.deleted',
      record,
      { type: 'member', id: record, import: null, fields: ['name', 'email'] },
      'core',
    ]);
    const again = await propose('member', [{ name: 'Zoe', email: 'zoe@x.example' }]);
    expect(again).toMatchObject({ accepted: 1 });
    expect(again.rows[0].record).not.toBe(record);
  });

  it('stays while something refers to it, or may be about it', async () => {
    const { rows } = await propose('organization', [{ name: 'Home', slug: 'home' }]);
    const home = rows[0].record;
    const { rows: members } = await propose('member', [
      { name: 'Al', email: 'al@x.example', organization: 'home' },
    ]);
    const refused = await club.owner.delete(path('organization', home));
    expect([refused.status, refused.json.code]).toEqual([409, 'record_referenced']);
    expect(refused.json.detail).toContain(members[0].record);
    await club.owner.delete(path('member', members[0].record));
    const { import: id } = await propose('organization', [
      { name: 'Homely', slug: 'home' },
      { name: 'X', slug: 'home' },
    ]);
    const waiting = await club.owner.get(club.path(`/imports/${id}/rows?outcome=held`));
    expect(waiting.json.items).toHaveLength(1);
    expect((await club.owner.delete(path('organization', home))).json.detail).toContain('waits for review');
    await club.owner.post(club.path(`/imports/${id}/rows/2/decision`), { verdict: 'reject' });
    expect((await club.owner.delete(path('organization', home))).status).toBe(204);
  });
});

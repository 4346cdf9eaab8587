import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { carryOutRequest, startFixture, type Fixture, type Org } from '../../tests/support/installations.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { RECORD_ENTITIES } from './entities.ts';
import { openRecords, type Records } from './index.ts';
import type { ProposalAnswer } from '../../spec/host/records.ts';

let fixture: Fixture;
let records: Records;
let club: Org;
let rival: Org;

const CSV = 'kelompok/csv-import';
const SDGS = 'kelompok/sdgs-keyword';

beforeAll(async () => {
  fixture = await startFixture(RECORD_ENTITIES);
  records = openRecords(fixture.database, () => Promise.resolve());
  [club, rival] = [await fixture.org('club'), await fixture.org('rival')];
  await fixture.publish({
    id: SDGS,
    version: '1.0.0',
    permissions: [{ name: 'modules.extend', scope: ['organizations', 'ideas'] }],
    contributes: {
      modules: [
        {
          extends: 'organizations',
          extensions: [
            {
              recordType: 'organization',
              fields: {
                type: 'object',
                properties: { goals: { type: 'array', items: { type: 'integer' } }, by: { type: 'string' } },
              },
              validators: [
                { schema: { not: { properties: { name: { const: 'Spam' } } } }, message: 'is spam' },
              ],
            },
          ],
        },
        {
          name: 'ideas',
          recordTypes: [
            {
              name: 'idea',
              schema: { type: 'object', properties: { code: { type: 'string' } } },
              keys: [['code']],
            },
          ],
        },
      ],
    },
  });
  await carryOutRequest(fixture, club, { kind: 'install', plugin: SDGS });
  await fixture.installations.activate(club.acting, SDGS, 'refuse');
});

beforeEach(() => fixture.test.superuser.query('truncate record_import, org_record, record_usage cascade'));

afterAll(() => fixture.close());

type Wish = { org?: Org; plugin?: PluginId; type?: string; importId?: string };
type Row = JsonObject | { data: JsonObject; id?: string; problems?: string[]; original?: unknown };

function propose(
  rows: readonly Row[],
  { org = club, plugin = CSV, type = 'organization', importId }: Wish = {},
): Promise<ProposalAnswer> {
  return records.propose({
    orgId: org.id,
    proposer: { installationId: INSTALLATION, plugin: { id: plugin, version: '1.0.0' }, digest: 'd' },
    type,
    ...(importId === undefined ? {} : { importId }),
    rows: rows.map((row, index) => {
      const whole = 'data' in row ? (row as { data: JsonObject }) : { data: row as JsonObject };
      return { row: index + 1, original: whole.data, ...whole } as Parameters<
        Records['propose']
      >[0]['rows'][number];
    }),
  });
}

const INSTALLATION = randomUUIDv7();
const outcomes = ({ rows }: ProposalAnswer): string[] => rows.map(({ outcome }) => outcome);
const reasons = ({ rows }: ProposalAnswer): string[][] =>
  rows.map(({ reasons: each }) => each.map(({ pointer, message }) => `${pointer} ${message}`.trim()));

async function all(type = 'organization', org = club): Promise<JsonObject[]> {
  return (await records.list(org.id, type, {})).items.map(({ data }) => data);
}

/** Everything that is kept, but for the batches themselves. */
async function snapshot(): Promise<unknown> {
  const { rows } = await fixture.test.superuser.query(
    `select (select json_agg(r order by id) from org_record r) as records, (select json_agg(k order by key) from record_key k) as keys`,
  );
  return rows;
}

describe('one row', () => {
  it('is accepted once, merged where it knows more, and changes nothing where it does not', async () => {
    expect(
      outcomes(await propose([{ name: ' Green  Foundation ', email: 'INFO@Green.Example', city: '' }])),
    ).toEqual(['accepted']);
    expect(await all()).toEqual([
      { name: 'Green  Foundation', email: 'info@green.example', slug: 'green-foundation' },
    ]);
    expect(outcomes(await propose([{ name: 'Green  Foundation', phone: '1' }]))).toEqual(['merged']);
    const before = await snapshot();
    const again = await propose([{ name: 'Green  Foundation', phone: '1' }]);
    expect([outcomes(again), again.import]).toEqual([['unchanged'], null]);
    expect(await snapshot()).toEqual(before);
  });

  it.each<[string, Row, string]>([
    ['no name', { city: 'Bonn' }, "must have required property 'name'"],
    ['an unknown field', { name: 'a', colour: 'red' }, 'must NOT have additional properties ("colour")'],
    [
      'a field of the prototype',
      JSON.parse('{"name":"a","__proto__":{"x":1}}') as JsonObject,
      'must NOT have additional properties ("__proto__")',
    ],
    ['no address', { name: 'a', email: 'no address' }, '/email must match format "email"'],
    ['U+0000', { name: 'a\0b' }, '/name holds the character U+0000'],
    ['half a surrogate pair', { name: 'a\ud800' }, '/name holds half a surrogate pair'],
    ['too much', { name: 'a', description: 'x'.repeat(97 * 1024) }, 'characters; at most 98304 are taken'],
    ['a number for a name', { name: 7 }, '/name must be string'],
    [
      'another plugin’s fields',
      { name: 'a', 'other/plugin': { x: 1 } },
      '/other~1plugin belongs to another plugin',
    ],
    [
      'what the plugin could not read',
      { data: {}, problems: ['has 3 columns instead of 5\0'] },
      'has 3 columns instead of 5\uFFFD',
    ],
    [
      'an id that is none',
      { data: { name: 'a' }, id: randomUUIDv7() },
      '/id no record of this type has this id',
    ],
    ['a rule of an extension', { name: 'Spam' }, 'is spam (a rule of kelompok/sdgs-keyword)'],
  ])('is rejected with %s, and the rest goes on', async (_what, row, reason) => {
    const answer = await propose([row, { name: 'Good' }]);
    expect(outcomes(answer)).toEqual(['rejected', 'accepted']);
    expect(reasons(answer)[0]?.join('\n')).toContain(reason);
  });

  it('names another record by its slug', async () => {
    await propose([{ name: 'Green Foundation' }]);
    const answer = await propose(
      [
        { name: 'Ada', organization: 'green-foundation', email: 'a@x.example' },
        { name: 'Bo', organization: 'red-foundation' },
      ],
      { type: 'member' },
    );
    expect(outcomes(answer)).toEqual(['accepted', 'rejected']);
    expect(reasons(answer)[1]).toEqual(['/organization names no organization that is there']);
  });
});

describe('which record a row is', () => {
  it('is told by the strongest key, and a weaker one may change', async () => {
    await propose([{ name: 'Old', externalId: '7', slug: 'old' }]);
    expect(outcomes(await propose([{ name: 'New', externalId: '7', slug: 'new' }]))).toEqual(['merged']);
    expect(await all()).toMatchObject([{ name: 'New', slug: 'new' }]);
    expect(
      outcomes(await propose([{ name: 'Other', externalId: '7', externalSource: 'crm', slug: 'other' }])),
    ).toEqual(['accepted']);
    expect(outcomes(await propose([{ name: 'x', slug: 'old' }]))).toEqual(['accepted']);
  });

  it('is a person’s to say where keys disagree', async () => {
    await propose([
      { name: 'A', externalId: '1', slug: 'a' },
      { name: 'B', externalId: '2', slug: 'b' },
    ]);
    const answer = await propose([
      { name: 'A', externalId: '1', slug: 'b' },
      { name: 'C', externalId: '3', slug: 'a' },
    ]);
    expect(outcomes(answer)).toEqual(['held', 'held']);
    expect(reasons(answer)).toEqual([
      ['its keys belong to 2 records'],
      ['a record agrees in one key and contradicts a stronger one'],
    ]);
    expect(await all()).toHaveLength(2);
  });

  it('keeps apart what has the same name and other numbers', async () => {
    const answer = await propose([
      { name: 'Rotary Club', externalId: '1' },
      { name: 'Rotary Club', externalId: '2' },
    ]);
    expect(outcomes(answer)).toEqual(['accepted', 'accepted']);
    expect((await all()).map(({ slug }) => slug).sort()).toEqual([
      'rotary-club',
      expect.stringMatching(/^rotary-club-[0-9a-f]{8}$/u),
    ]);
    expect(
      outcomes(
        await propose([
          { name: 'Rotary Club', externalId: '1' },
          { name: 'Rotary Club', externalId: '2' },
        ]),
      ),
    ).toEqual(['unchanged', 'unchanged']);
  });

  it('is asked where a row without a key is like a record', async () => {
    expect(
      outcomes(
        await propose([{ name: 'Ada' }, { name: 'ADA ', phone: '1' }, { name: 'Ada' }], { type: 'member' }),
      ),
    ).toEqual(['accepted', 'held', 'unchanged']);
    // Equal rows do not fill the queue a second time.
    const again = await propose([{ name: 'Ada' }, { name: 'ADA ', phone: '1' }], { type: 'member' });
    expect(outcomes(again)).toEqual(['unchanged', 'unchanged']);
    expect(reasons(again)[1]?.[0]).toContain('an equal row waits for review: row 2');
  });
});

describe('what somebody else said', () => {
  it('is not written over, and what a row does not have stays', async () => {
    await propose([{ name: 'Green', city: 'Bonn' }]);
    const answer = await propose([{ name: 'Green', city: 'Berlin' }], { plugin: 'kelompok/json-import' });
    expect([outcomes(answer), reasons(answer)]).toEqual([
      ['held'],
      [['/city differs from what kelompok/csv-import has said']],
    ]);
    expect(
      outcomes(await propose([{ name: 'Green', phone: '2' }], { plugin: 'kelompok/json-import' })),
    ).toEqual(['merged']);
    expect(await all()).toEqual([{ name: 'Green', slug: 'green', city: 'Bonn', phone: '2' }]);
    expect(outcomes(await propose([{ name: 'Green', phone: '3' }]))).toEqual(['held']);
    expect(outcomes(await propose([{ name: 'Green', city: 'Köln' }]))).toEqual(['merged']);
  });

  it('is not written over by another row of the same batch', async () => {
    const answer = await propose([
      { name: 'Green', city: 'Bonn' },
      { name: 'Green', phone: '1' },
      { name: 'Green', city: 'Berlin' },
    ]);
    expect(outcomes(answer)).toEqual(['accepted', 'merged', 'held']);
    expect(await all()).toEqual([{ name: 'Green', slug: 'green', city: 'Bonn', phone: '1' }]);
  });
});

describe('modules of plugins', () => {
  it('add fields in a namespace of their own, which their plugin alone writes', async () => {
    const { rows } = await propose([{ name: 'Green' }]);
    const id = rows[0]?.record ?? '';
    const enrich = (fields: JsonObject): Promise<ProposalAnswer> =>
      propose([{ data: { [SDGS]: fields }, id }], { plugin: SDGS });
    expect(outcomes(await enrich({ goals: [13], by: 'text' }))).toEqual(['merged']);
    expect(outcomes(await enrich({ goals: [13, 14] }))).toEqual(['merged']);
    expect(reasons(await enrich({ goals: 'all' }))).toEqual([
      ['/kelompok~1sdgs-keyword/goals must be array'],
    ]);
    expect(await all()).toEqual([{ name: 'Green', slug: 'green', [SDGS]: { goals: [13, 14], by: 'text' } }]);
    // The core goes on importing what it has imported before.
    expect(outcomes(await propose([{ name: 'Green' }]))).toEqual(['unchanged']);
  });

  it('bring record types, which take nothing while the plugin is not active, and keep what they have', async () => {
    expect(
      outcomes(await propose([{ code: 'a' }, { code: 'a' }], { type: 'kelompok.sdgs-keyword.idea' })),
    ).toEqual(['accepted', 'unchanged']);
    expect(outcomes(await propose([{ code: 'a', more: 1 }], { type: 'idea' }))).toEqual(['rejected']);
    await fixture.installations.deactivate(club.acting, SDGS, 'refuse');
    try {
      await expect(propose([{ code: 'b' }], { type: 'idea' })).rejects.toMatchObject({
        code: 'record_type_not_in_force',
      });
      expect(await all('idea')).toEqual([{ code: 'a' }]);
      expect(outcomes(await propose([{ name: 'Spam' }]))).toEqual(['accepted']);
    } finally {
      await fixture.installations.activate(club.acting, SDGS, 'refuse');
    }
    await expect(propose([{ code: 'a' }], { type: 'idea', org: rival })).rejects.toMatchObject({
      code: 'record_type_unknown',
    });
  });
});

describe('a batch', () => {
  it('is one organization’s', async () => {
    await propose([{ name: 'Green', externalId: '1' }]);
    expect(outcomes(await propose([{ name: 'Green', externalId: '1' }], { org: rival }))).toEqual([
      'accepted',
    ]);
    const [mine] = (await records.list(club.id, 'organization', {})).items;
    expect(await records.find(rival.id, 'organization', mine?.id ?? '')).toBeUndefined();
    const stolen = await propose([{ data: { name: 'Mine' }, id: mine?.id ?? '' }], { org: rival });
    expect(outcomes(stolen)).toEqual(['rejected']);
  });

  it('of two at once ends as one after the other', async () => {
    const rows = Array.from({ length: 50 }, (_, n) => ({ name: `Org ${n}`, externalId: String(n) }));
    const answers = await Promise.all([propose(rows), propose([...rows].reverse()), propose(rows)]);
    const sum = (key: 'accepted' | 'unchanged'): number =>
      answers.reduce((total, answer) => total + answer[key], 0);
    expect([sum('accepted'), sum('unchanged')]).toEqual([50, 100]);
  });

  it('takes no row twice, and no import that is not its own', async () => {
    const twice = { row: 1, original: 1, data: { name: 'a' } };
    const batch = {
      orgId: club.id,
      proposer: { installationId: INSTALLATION, plugin: { id: CSV, version: '1.0.0' }, digest: 'd' },
      type: 'organization',
    } as const;
    expect(() => records.propose({ ...batch, rows: [twice, twice] })).toThrow(
      expect.objectContaining({ code: 'record_request_invalid' }),
    );
    for (const importId of [randomUUIDv7(), 'none', "'"])
      await expect(records.propose({ ...batch, importId, rows: [] })).rejects.toMatchObject({
        code: 'import_not_running',
      });
  });

  it('leaves evidence with each record, below one audit entry', async () => {
    const { rows, import: batch } = await propose([
      { data: { name: 'Green' }, original: { Name: 'Green\0', n: '\ud800' } },
    ]);
    const record = await records.read(club.id, 'organization', rows[0]?.record ?? '');
    expect(record.sources).toEqual({ '*': CSV });
    expect(record.evidence).toEqual([
      expect.objectContaining({
        import: batch,
        row: 1,
        outcome: 'accepted',
        original: { Name: 'Green\0', n: '\ud800' },
        plugin: CSV,
        pluginVersion: '1.0.0',
        pluginDigest: 'd',
        file: null,
      }),
    ]);
    const { rows: audit } = await fixture.test.superuser.query(
      'select action, subject, id from audit_entry where id = $1',
      [record.evidence[0]?.audit],
    );
    expect(audit).toMatchObject([{ action: 'records.proposed', subject: `import:${batch}` }]);
  });

  it('beyond the quota is not taken at all', async () => {
    await propose([{ name: 'One' }]);
    await fixture.test.superuser.query('update record_usage set records = 2000000');
    await expect(propose([{ name: 'Two' }])).rejects.toMatchObject({ code: 'record_quota_exceeded' });
    expect(await all()).toHaveLength(1);
  });
});

describe('a list', () => {
  it('is paged and filtered', async () => {
    await propose(Array.from({ length: 7 }, (_, n) => ({ name: `Org ${n}`, city: n % 2 ? 'Bonn' : 'Köln' })));
    const first = await records.list(club.id, 'organization', { limit: 3, filter: [['city', 'Köln']] });
    const second = await records.list(club.id, 'organization', {
      limit: 3,
      filter: [['city', 'Köln']],
      cursor: first.nextCursor ?? '',
    });
    expect([...first.items, ...second.items].map(({ data }) => data['name']).sort()).toEqual([
      'Org 0',
      'Org 2',
      'Org 4',
      'Org 6',
    ]);
    expect(second.nextCursor).toBeNull();
    expect(() => records.list(club.id, 'organization', { cursor: 'x' })).toThrow(
      expect.objectContaining({ code: 'cursor_invalid' }),
    );
    expect(() => records.list(club.id, 'organization', { filter: [['a\0', 'b']] })).toThrow(
      expect.objectContaining({ code: 'record_request_invalid' }),
    );
    await expect(records.list(club.id, 'constructor', {})).rejects.toMatchObject({
      code: 'record_type_unknown',
    });
  });
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JsonValue } from '../../spec/json.ts';
import { KV_LIMITS } from '../../spec/limits.ts';
import { carryOutRequest, startFixture, type Fixture, type Org } from '../../tests/support/installations.ts';
import { createKeyValueStore, KV_ENTITIES, openDataExport, type KvNamespace } from './index.ts';

const PLUGIN = 'house/counter';
let fixture: Fixture;
let org: Org;
let mine: KvNamespace;
let theirs: KvNamespace;
let store: ReturnType<typeof createKeyValueStore>;

beforeAll(async () => {
  fixture = await startFixture(KV_ENTITIES);
  store = createKeyValueStore(fixture.database);
  await fixture.publish({ id: PLUGIN, version: '1.0.0' });
  org = await fixture.org('club');
  mine = await install(org);
  theirs = await install(await fixture.org('rival'));
});
afterAll(() => fixture.close());

async function install(into: Org): Promise<KvNamespace> {
  await carryOutRequest(fixture, into, { kind: 'install', plugin: PLUGIN });
  const { id } = await fixture.installations.read(into.id, PLUGIN);
  return { orgId: into.id, installationId: id };
}

function open(of: KvNamespace = mine): Promise<ReadableStream<Uint8Array>> {
  return openDataExport(fixture.database).open(org.acting.actor, { ...of, plugin: PLUGIN });
}

async function linesOf(of: KvNamespace): Promise<string[]> {
  const text = Buffer.concat(await Array.fromAsync(await open(of))).toString();
  const lines = text.split('\n');
  expect(lines.pop()).toBe('');
  return lines;
}

it('has every key that has not expired, of this installation alone, in the order of its bytes', async () => {
  const values: [string, JsonValue][] = [
    ['__proto__', { constructor: null }],
    ['quote " and \\ and \n', 'a line\nanother\u0000'],
    ['ärger', [1, 2.5, 1e-7]],
    ['Z', ''],
  ];
  for (const [key, value] of values) await store.set(mine, key, value);
  await store.set(theirs, 'secret of the rival', 1);
  await store.set(mine, 'later', 1, { ttlMs: 60_000 });
  await store.set(mine, 'gone', 1);
  const expire = (moment: string, key: string): Promise<unknown> =>
    fixture.test.superuser.query('update kv_entry set expires_at = $1 where key = $2', [moment, key]);
  await expire('2999-01-02T03:04:05.678Z', 'later');
  await expire('2020-01-01T00:00:00Z', 'gone');
  expect(await linesOf(mine)).toEqual([
    '{"key":"Z","value":""}',
    '{"key":"__proto__","value":{"constructor":null}}',
    '{"key":"later","value":1,"expiresAt":"2999-01-02T03:04:05.678Z"}',
    String.raw`{"key":"quote \" and \\ and \n","value":"a line\nanother\u0000"}`,
    '{"key":"ärger","value":[1,2.5,1e-7]}',
  ]);
  const stranger = { orgId: theirs.orgId, installationId: mine.installationId };
  await expect(linesOf(stranger)).rejects.toMatchObject({ code: 'plugin_not_installed' });
});

it('is written down, with who asked', async () => {
  await open();
  const { rows } = await fixture.test.superuser.query(
    'select org_id, action, subject, actor from audit_entry order by id desc limit 1',
  );
  expect(rows).toMatchObject([
    { org_id: org.id, action: 'installation.data-exported', subject: `plugin:${PLUGIN}` },
  ]);
  expect(JSON.stringify(rows)).toContain((org.acting.actor as { userId: string }).userId);
});

/** Puts keys behind the back of the quota: only their number and size matter here. */
async function fill(prefix: string, count: number, valueChars: number): Promise<void> {
  await fixture.test.superuser.query(
    `insert into kv_entry (org_id, installation_id, key, value, version)
       select $1, $2, $3 || lpad(each::text, 6, '0'), to_json(repeat('x', $5))::text, each from generate_series(1, $4) each`,
    [mine.orgId, mine.installationId, prefix, count, valueChars],
  );
}

it.each([
  ['more keys than one page has', 2 * KV_LIMITS.listMax + 1, 1],
  ['more bytes than one page has', 40, 60_000],
  ['values of which one fills a page', 3, KV_LIMITS.exportPageBytesMax + 1],
])('is whole with %s, and a page is bounded', async (_what, count, valueChars) => {
  await fixture.test.superuser.query('truncate kv_entry, kv_usage');
  await fill('k', count, valueChars);
  const pages = await Array.fromAsync(await open());
  expect(pages.length).toBeGreaterThan(1);
  const pageBytesMax = KV_LIMITS.exportPageBytesMax + valueChars + 100 * KV_LIMITS.listMax;
  expect(Math.max(...pages.map(({ length }) => length))).toBeLessThan(pageBytesMax);
  const keys = (await linesOf(mine)).map((line) => JSON.parse(line).key);
  expect(keys).toEqual(Array.from({ length: count }, (_, index) => `k${String(index + 1).padStart(6, '0')}`));
});

it('breaks off where the plugin is uninstalled meanwhile, so that nobody takes a part for the whole', async () => {
  const leaving = await fixture.org('leaving');
  mine = await install(leaving);
  await fill('k', KV_LIMITS.listMax + 1, 1);
  const reader = (await open()).getReader();
  expect((await reader.read()).done).toBe(false);
  await fixture.installations.uninstall(leaving.acting, PLUGIN, 'refuse');
  await expect(reader.read()).rejects.toMatchObject({ code: 'plugin_not_installed' });
});

/** What plugins log and how they run, as their administrators see it: from any server, kept, and bounded. */
import { expect, it, vi } from 'vitest';
import { followEvents } from '../support/event-stream.ts';
import { startSoukOn, testSouk } from '../support/test-souk.ts';
import { TELEMETRY_LIMITS } from '../../spec/limits.ts';

const souk = await testSouk();
const second = await startSoukOn(souk.databaseUrl, { dataDir: souk.process.dataDir });
const acme = await souk.org('acme');
const globex = await souk.org('globex');
const kelompok = await souk.publisher('kelompok', acme);
const PLUGIN = 'kelompok/talker';
await kelompok.ship({
  id: PLUGIN,
  permissions: [{ name: 'kv', reason: 'Remembers.' }],
  code: `export default { async fetch(request, host) {
    const url = new URL(request.url);
    const level = url.searchParams.get('level') ?? 'info';
    const times = Number(url.searchParams.get('times') ?? 1);
    for (let time = 1; time <= times; time++) host.log[level](url.searchParams.get('say') + ' ' + time);
    if (url.pathname.endsWith('/kv')) await host.kv.get('x').catch(() => undefined);
    if (url.pathname.endsWith('/throw')) throw new Error('Oh no');
    return new Response('said');
  } }`,
});
for (const org of [acme, globex]) await org.install(PLUGIN);

type Line = { id: string; at: string; level: string; text: string; requestId: string };
const path = (rest: string, org = acme): string => org.path(`/plugins/${PLUGIN}${rest}`);
const say = async (words: string, rest = '', times = 1): Promise<string> => {
  const query = `?say=${encodeURIComponent(words)}&times=${times}${rest}`;
  const answer = await acme.call(PLUGIN, `/${query}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.headers.get('x-request-id') ?? '';
};
const texts = (items: readonly Line[]): string[] => items.map(({ text }) => text);
const read = async (query: string, server: Pick<typeof second, 'as'> = souk): Promise<Line[]> => {
  const answer = await server.as(acme.owner).get(path(`/logs${query}`));
  expect(answer.status, answer.text).toBe(200);
  return answer.json.items;
};

it('a line is read at once on the server that ran the plugin, and soon on another', async () => {
  const requestId = await say('first');
  const [line] = await read(`?requestId=${requestId}`);
  expect(line).toMatchObject({ level: 'info', text: 'first 1', requestId });
  expect(Math.abs(Date.now() - Date.parse(line?.at ?? ''))).toBeLessThan(60_000);
  await vi.waitFor(async () => expect(await read(`?requestId=${requestId}`, second)).toEqual([line]), {
    timeout: 20_000,
  });
});

it.each(['2025-12-31T23:59:60Z', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59'])(
  'a time that no clock shows is refused: %s',
  async (time) => {
    const answer = await acme.owner.get(path(`/logs?since=${encodeURIComponent(time)}`));
    expect([answer.status, answer.json.code]).toEqual([400, 'request_invalid']);
  },
);

it('is filtered by level, text, time and request', async () => {
  const warned = await say('50% LOUD_er', '&level=warn');
  await say('quiet', '&level=debug');
  expect(texts(await read('?level=warn&text=loud_'))).toEqual(['50% LOUD_er 1']);
  expect(texts(await read('?text=loudxer'))).toEqual([]);
  expect(texts(await read('?level=debug&text=QUIET'))).toEqual(['quiet 1']);
  expect(texts(await read('?level=info&text=quiet'))).toEqual([]);
  const [line] = await read(`?requestId=${warned}`);
  const at = encodeURIComponent(line?.at ?? '');
  expect(texts(await read(`?text=loud&since=${at}`))).toHaveLength(1);
  expect(texts(await read(`?text=loud&until=${at}`))).toHaveLength(0);
  const moved = encodeURIComponent('2001-01-01T00:00:00+07:00');
  expect(texts(await read(`?text=loud&since=${moved}`))).toHaveLength(1);
});

it('goes back page by page, each oldest first', async () => {
  const requestId = await say('page', '', 7);
  const seen: string[][] = [];
  let cursor = '';
  do {
    const answer = await acme.owner.get(path(`/logs?requestId=${requestId}&limit=3${cursor}`));
    seen.push(texts(answer.json.items));
    cursor = answer.json.nextCursor === null ? '' : `&cursor=${answer.json.nextCursor}`;
  } while (cursor !== '');
  expect(seen).toEqual([['page 5', 'page 6', 'page 7'], ['page 2', 'page 3', 'page 4'], ['page 1']]);
});

it.each([
  ['a cursor that is none', "?cursor=1'or'1", 'cursor_invalid'],
  ['a cursor beyond bigint', `?cursor=${'9'.repeat(19)}`, 'cursor_invalid'],
  ['a time that is none', '?since=yesterday', 'request_invalid'],
  ['a level that is none', '?level=__proto__', 'request_invalid'],
  ['a NUL', '?text=%00', 'request_invalid'],
  ['no limit', '?limit=0', 'request_invalid'],
])('refuses %s', async (_what, query, code) => {
  expect((await acme.owner.get(path(`/logs${query}`))).json.code).toBe(code);
});

it('is followed on another server, from where one was before', async () => {
  const requestId = await say('before the stream');
  const [line] = await read(`?requestId=${requestId}`);
  const url = `${second.process.url}${path('/logs/stream?level=info')}`;
  const heard = followEvents(url, acme.owner.token, 3, line?.id);
  await say('heard', '', 2);
  await say('not heard', '&level=debug');
  await say('heard last');
  const events = await heard;
  expect(events.map(({ event }) => event)).toEqual(['log', 'log', 'log']);
  expect(events.map(({ data }) => data['text'])).toEqual(['heard 1', 'heard 2', 'heard last 1']);
  expect(events[0]).toMatchObject({ id: events[0]?.data['id'], data: { level: 'info' } });
});

it('a flood is cut, says how many lines it lost, and leaves the newest', async () => {
  const calls = 12;
  await Promise.all(Array.from({ length: calls }, () => say('flood', '', 90)));
  await read('');
  await say('after the flood');
  const kept = await read('?text=flood&limit=200');
  expect(texts(kept).at(-1)).toBe('after the flood 1');
  const { rows } = await souk.superuser.query<{ flood: string; dropped: string }>(
    `select count(*) filter (where text like 'flood%') as flood,
        sum(substring(text from '^[0-9]+')::int) filter (where text like '%lines were dropped%') as dropped
      from plugin_log_line`,
  );
  expect(Number(rows[0]?.flood) + Number(rows[0]?.dropped)).toBe(calls * 90);
});

it('what is kept of one plugin is bounded, and another one loses nothing by it', async () => {
  const { json: mine } = await acme.owner.get(path(''));
  const { json: theirs } = await globex.owner.get(path('', globex));
  const fill = `insert into plugin_log_line (org_id, installation_id, at, level, text)
    select $1, $2, now(), 'info', 'filling ' || n from generate_series(1, $3) as n`;
  await souk.superuser.query(fill, [acme.id, mine.id, TELEMETRY_LIMITS.linesMax + 2_000]);
  await souk.superuser.query(fill, [globex.id, theirs.id, 3]);
  for (let call = 0; call < 7; call++) {
    await say('trim', '', 90);
    await read('');
  }
  const { rows } = await souk.superuser.query<{ installation_id: string; count: string }>(
    `select installation_id, count(*) from plugin_log_line group by installation_id`,
  );
  const countOf = (id: string): number => Number(rows.find((row) => row.installation_id === id)?.count);
  expect(countOf(mine.id)).toBeLessThanOrEqual(TELEMETRY_LIMITS.linesMax + TELEMETRY_LIMITS.trimLines);
  expect(countOf(mine.id)).toBeGreaterThan(TELEMETRY_LIMITS.linesMax / 2);
  expect(countOf(theirs.id)).toBe(3);
  expect(texts(await read('?text=trim&limit=1'))).toEqual(['trim 90']);
});

it('denied permissions, outcomes, time and latency are counted, on every server', async () => {
  expect((await acme.owner.put(path('/grants'), { grants: [] })).status).toBe(200);
  const before = (await acme.owner.get(path('/metrics'))).json;
  for (let call = 0; call < 3; call++) expect((await acme.call(PLUGIN, '/kv?say=x')).status).toBe(200);
  await vi.waitFor(async () => {
    const answer = await second.anyone.get(acme.endpoint(PLUGIN, '/kv?say=x'));
    expect(answer.status).toBe(200);
    const { json } = await second.as(acme.owner).get(path('/metrics'));
    expect(json.denied[0]?.count).toBeGreaterThanOrEqual(4);
  }, 30_000);
  expect((await acme.call(PLUGIN, '/throw?say=x')).status).toBe(502);
  const { json } = await acme.owner.get(path('/metrics?days=2'));
  expect(json.denied).toEqual([
    { capability: 'kv.get', permission: 'kv', count: expect.any(Number), lastAt: expect.any(String) },
  ]);
  expect(json.outcomes.exception).toBe(1);
  expect(json.outcomes.ok).toBeGreaterThanOrEqual(before.outcomes.ok + 4);
  expect(json.calls).toBe(Object.values<number>(json.outcomes).reduce((all, count) => all + count, 0));
  expect(json.triggers.endpoint).toBeGreaterThan(0);
  expect(json.latency.buckets.reduce((all: number, { count }: { count: number }) => all + count, 0)).toBe(
    json.calls,
  );
  expect(json.latency.p50Ms).toBeLessThanOrEqual(json.latency.p99Ms);
  expect(json.memory.runnerPeakBytes).toBeGreaterThan(1_000_000);
  const { json: theirs } = await globex.owner.get(path('/metrics', globex));
  expect(theirs).toMatchObject({ denied: [], calls: theirs.triggers.lifecycle });
});

it.each(['/logs', '/logs/stream', '/metrics'])(
  '%s is for administrators of the organization',
  async (rest) => {
    const member = await souk.user(`member of ${rest}`);
    await acme.owner.put(acme.path(`/members/${member.id}`), { role: 'member' });
    expect((await member.client.get(path(rest))).json.code).toBe('role_missing');
    expect((await globex.owner.get(path(rest))).json.code).toBe('not_found');
    expect((await souk.anyone.get(path(rest))).json.code).toBe('authentication_required');
  },
);

it('goes with the installation', async () => {
  const { json } = await globex.owner.get(path('', globex));
  await globex.step(PLUGIN, 'deactivate', {});
  expect((await globex.owner.delete(path('', globex))).status).toBe(204);
  const { rows } = await souk.superuser.query(
    `select 1 from plugin_log_line where installation_id = $1 union all
     select 1 from plugin_count where installation_id = $1`,
    [json.id],
  );
  expect(rows).toEqual([]);
  expect((await globex.owner.get(path('/logs', globex))).json.code).toBe('plugin_not_installed');
});

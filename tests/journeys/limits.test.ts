/** What an administrator of the instance decides about how much one organization may use, on every server. */
import { expect, it, vi } from 'vitest';
import { startSoukOn, testSouk } from '../support/test-souk.ts';
import { KV_LIMITS, ORGANIZATION_LIMITS, RUNNER_LIMITS } from '../../spec/limits.ts';

const souk = await testSouk();
const second = await startSoukOn(souk.databaseUrl, { dataDir: souk.process.dataDir });
const acme = await souk.org('acme');
const globex = await souk.org('globex');
const kelompok = await souk.publisher('kelompok', acme);
const STORE = 'kelompok/store';
await kelompok.ship({
  id: STORE,
  permissions: [{ name: 'kv', reason: 'Stores.' }],
  code: `export default { async fetch(request, host) {
    try {
      await host.kv.set(new URL(request.url).searchParams.get('key'), 'x');
      return new Response('stored');
    } catch (error) {
      return new Response(error.code);
    }
  } }`,
});
for (const org of [acme, globex]) await org.install(STORE);

const LIMITS = '/api/v1/orgs/acme/limits';
const put = async (body: object) => {
  const answer = await souk.admin.put(LIMITS, body);
  expect(answer.status, answer.text).toBe(200);
  return answer.json;
};
const store = async (key: string, org = acme): Promise<string> =>
  (await org.call(STORE, `/?key=${key}`)).text;
const there = async (key: string): Promise<string> =>
  (await second.anyone.get(acme.endpoint(STORE, `/?key=${key}`))).text;
let tries = 0;
const DEFAULTS = {
  kvKeysMax: KV_LIMITS.keysMax,
  kvBytesMax: KV_LIMITS.totalBytesMax,
  runsMax: RUNNER_LIMITS.runsPerOrganizationMax,
  // As the settings of a test server have them: without a bound.
  readsPerMinuteMax: 0,
  writesPerMinuteMax: 0,
};

it('nothing is decided at first', async () => {
  expect((await acme.owner.get(LIMITS)).json).toEqual({
    overrides: {
      kvKeysMax: null,
      kvBytesMax: null,
      runsMax: null,
      readsPerMinuteMax: null,
      writesPerMinuteMax: null,
    },
    inForce: DEFAULTS,
  });
});

it('fewer keys count at once here, soon on the other server, and for this organization alone', async () => {
  expect(await store('one')).toBe('stored');
  const set = await put({ kvKeysMax: 2 });
  expect(set.inForce).toEqual({ ...DEFAULTS, kvKeysMax: 2 });
  expect((await acme.owner.get(LIMITS)).json).toEqual(set);
  expect([await store('two'), await store('three')]).toEqual(['stored', 'kv_quota_exceeded']);
  // Each time another key: one that was stored before the server heard of the limit is no new one.
  await vi.waitFor(async () => expect(await there(`four-${(tries += 1)}`)).toBe('kv_quota_exceeded'), 30_000);
  for (const key of ['a', 'b', 'c']) expect(await store(key, globex)).toBe('stored');
  await put({ kvKeysMax: 2, kvBytesMax: 1 });
  expect(await store('longer-key')).toBe('kv_quota_exceeded');
  await put({});
  expect(await store('three')).toBe('stored');
  await vi.waitFor(async () => expect(await there('four')).toBe('stored'), { timeout: 20_000 });
});

it('no runs at all are shed, with a time to come back', async () => {
  await put({ runsMax: 0 });
  const shed = await acme.call(STORE, '/?key=x');
  expect([shed.status, shed.json.outcome]).toEqual([503, 'loadShed']);
  expect(await store('x', globex)).toBe('stored');
  await put({ runsMax: null });
  expect(await store('x')).toBe('stored');
});

it('fewer requests of one client count at the routes of this organization alone, each kind by itself', async () => {
  await put({ readsPerMinuteMax: 2 });
  const read = async (org = acme): Promise<number> => (await org.owner.get(org.path('/members'))).status;
  expect([await read(), await read(), await read()]).toEqual([200, 200, 429]);
  expect(await read(globex)).toBe(200);
  // Who is somebody else, what is a write, and who decides about it are not counted with those.
  expect((await souk.admin.get(acme.path('/members'))).status).not.toBe(429);
  await put({ writesPerMinuteMax: 1 });
  const write = async (): Promise<string> =>
    (await acme.owner.put(acme.path('/members/none'), { role: 'member' })).json.code;
  expect(await write()).not.toBe('rate_limited');
  expect([await read(), await write()]).toEqual([200, 'rate_limited']);
  await put({});
  expect(await write()).not.toBe('rate_limited');
});

it.each([
  [{ runsMax: -1 }, 'limits_invalid'],
  [{ runsMax: ORGANIZATION_LIMITS.runsMax.max + 1 }, 'limits_invalid'],
  [{ readsPerMinuteMax: 0 }, 'limits_invalid'],
  [{ writesPerMinuteMax: ORGANIZATION_LIMITS.writesPerMinuteMax.max + 1 }, 'limits_invalid'],
  [{ kvBytesMax: 1e300 }, 'limits_invalid'],
  [{ kvKeysMax: 1.5 }, 'request_invalid'],
  [{ kvKeysMax: '5' }, 'request_invalid'],
  [{ unknown: 5 }, 'request_invalid'],
])('%j is refused', async (body, code) => {
  expect((await souk.admin.put(LIMITS, body)).json.code).toBe(code);
  expect((await acme.owner.get(LIMITS)).json.inForce).toEqual(DEFAULTS);
});

it('is decided by the instance, read by administrators, and audited', async () => {
  expect((await acme.owner.put(LIMITS, { runsMax: 5 })).json.code).toBe('scope_missing');
  expect((await globex.owner.get(LIMITS)).json.code).toBe('not_found');
  expect((await souk.admin.put('/api/v1/orgs/none/limits', {})).json.code).toBe('not_found');
  const { json } = await acme.owner.get(acme.path('/audit?action=org.limits-set'));
  expect(json.items.at(-1)).toMatchObject({ detail: { kvKeysMax: 2, kvBytesMax: null, runsMax: null } });
});

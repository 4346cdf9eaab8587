/** An upgrade over HTTP: at once where nothing new is asked for, else after consent, and until then the old one answers. */
import { expect, it } from 'vitest';
import { consentTo } from '../support/test-org.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
const PLUGIN = 'kelompok/counter';
const saying = (text: string): string => `export default { fetch: () => new Response('${text}') }`;
const upgrade = () => acme.owner.post(acme.path(`/plugins/${PLUGIN}/upgrade`), {});
const accept = (grants: unknown) =>
  acme.owner.post(acme.path(`/plugins/${PLUGIN}/pending-upgrade`), { consent: { grants } });
const answer = async (): Promise<string> => (await acme.call(PLUGIN, '/')).text;

await kelompok.ship({ id: PLUGIN, code: saying('one') });
await acme.install(PLUGIN);

it('asks nobody when it asks for nothing', async () => {
  expect((await upgrade()).json).toEqual({ kind: 'current' });
  const bare = await acme.owner.send('POST', acme.path(`/plugins/${PLUGIN}/upgrade`));
  expect([bare.status, bare.json]).toEqual([200, { kind: 'current' }]);
  await kelompok.ship({ id: PLUGIN, version: '1.1.0', code: saying('two') });
  const { status, json } = await upgrade();
  expect([status, json]).toEqual([200, { kind: 'upgraded', version: '1.1.0' }]);
  expect(await answer()).toBe('two');
});

it('waits when it asks for more, while the version before it answers', async () => {
  await kelompok.ship({
    id: PLUGIN,
    version: '1.2.0',
    permissions: [{ name: 'kv', reason: 'Counts.' }],
    code: saying('three'),
  });
  expect((await upgrade()).status).toBe(202);
  expect(await answer()).toBe('two');
  const [{ pendingUpgrade }] = (await acme.owner.get(acme.path('/installations'))).json.items;
  expect(pendingUpgrade).toMatchObject({ version: '1.2.0', permissions: [{ permission: { name: 'kv' } }] });
  expect((await accept([])).json.code).toBe('consent_missing');
  expect(await answer()).toBe('two');
  const accepted = await accept(consentTo(pendingUpgrade));
  expect(accepted.status, accepted.text).toBe(200);
  expect(accepted.json).toMatchObject({ version: '1.2.0', state: 'active', pendingUpgrade: null });
  expect(await answer()).toBe('three');
  expect((await accept([])).json.code).toBe('upgrade_not_pending');
});

it('is declined for good', async () => {
  await kelompok.ship({
    id: PLUGIN,
    version: '1.3.0',
    permissions: [{ name: 'kv' }, { name: 'plugins.call', scope: ['kelompok/other'] }],
    code: saying('four'),
  });
  expect((await upgrade()).status).toBe(202);
  const path = acme.path(`/plugins/${PLUGIN}/pending-upgrade`);
  expect((await acme.owner.delete(path)).status).toBe(204);
  expect((await acme.owner.delete(path)).json.code).toBe('upgrade_not_pending');
  expect(await answer()).toBe('three');
});

it('holds a permission once that is granted anew with more', async () => {
  const fetcher = 'kelompok/fetcher';
  const scope = ['https://a.example/*'];
  const ask = (...methods: ('GET' | 'POST')[]) =>
    ({ name: 'http.fetch', scope, methods, reason: 'Reads news.' }) as const;
  const code = saying('news');
  await kelompok.ship({ id: fetcher, permissions: [ask('GET')], code });
  await acme.install(fetcher);
  await kelompok.ship({ id: fetcher, version: '1.1.0', permissions: [ask('GET', 'POST')], code });
  const path = acme.path(`/plugins/${fetcher}`);
  expect((await acme.owner.post(`${path}/upgrade`, {})).status).toBe(202);
  const { pendingUpgrade } = (await acme.owner.get(path)).json;
  const consent = { grants: consentTo(pendingUpgrade) };
  expect((await acme.owner.post(`${path}/pending-upgrade`, { consent })).status).toBe(200);
  const { grants } = (await acme.owner.get(path)).json;
  expect(grants).toEqual([{ name: 'http.fetch', scope, methods: ['GET', 'POST'] }]);
});

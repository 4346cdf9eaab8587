/** Two servers on one data folder: what one does, the other soon knows. */
import { expect, it, vi } from 'vitest';
import type { TestOrg } from './support/test-org.ts';
import { startSoukOn } from './support/test-souk.ts';

const first = await startSoukOn(null);
const second = await startSoukOn(null, { dataDir: first.process.dataDir });
const acme = await first.org('acme');
const kelompok = await first.publisher('kelompok', acme);
const COUNTER = 'kelompok/counter';
const sent = await kelompok.publish({
  id: COUNTER,
  permissions: [{ name: 'kv', reason: 'Counts.' }],
  code: `export default { async fetch(request, host) {
    try {
      const count = ((await host.kv.get('count')) ?? 0) + 1;
      await host.kv.set('count', count);
      return Response.json(count);
    } catch (error) {
      return Response.json(error.name);
    }
  } }`,
});

type Answered = Awaited<ReturnType<TestOrg['call']>>;

/** What the second server answers a stranger's call with. */
const callSecond = (): Promise<Answered> => second.anyone.get(acme.endpoint(COUNTER, '/'));

/**
 * Asks again until the answer is the expected one. Far longer than the second of the design, for a busy machine, and
 * far shorter than what a server keeps that no notification reached.
 */
async function soon(ask: () => Promise<unknown>, expected: unknown): Promise<void> {
  await vi.waitFor(async () => expect(await ask()).toEqual(expected), { timeout: 20_000, interval: 20 });
}

it('serve the same catalogue and the same bytes', async () => {
  expect(sent.answer.status, sent.answer.text).toBe(201);
  const path = '/api/v1/packages/kelompok/counter';
  expect((await second.anyone.get(path)).json).toEqual((await first.anyone.get(path)).json);
  const archive = await second.anyone.get(`${path}/versions/1.0.0/archive`);
  expect(archive.bytes.equals(sent.archive)).toBe(true);
});

it('answer the same upload as one that is published already', async () => {
  const again = await kelompok.upload(sent.archive, sent.envelope);
  expect([again.status, again.json.outcome]).toEqual([200, 'already_published']);
});

it('call what the other has activated, on the same data', async () => {
  expect((await callSecond()).status).toBe(404);
  await acme.install(COUNTER);
  await soon(async () => (await callSecond()).status, 200);
  const before = (await callSecond()).json;
  expect((await acme.call(COUNTER, '/')).json).toBe(before + 1);
  expect((await callSecond()).json).toBe(before + 2);
});

it('obey a grant that was narrowed on the other', async () => {
  const grants = acme.path(`/plugins/${COUNTER}/grants`);
  expect((await acme.owner.put(grants, { grants: [] })).status).toBe(200);
  expect((await acme.call(COUNTER, '/')).json).toBe('PermissionDenied');
  await soon(async () => (await callSecond()).json, 'PermissionDenied');
});

it('refuse a token that was revoked on the other', async () => {
  const { json } = await acme.owner.post('/api/v1/tokens', { name: 'short', scopes: ['orgs:read'] });
  const header = { authorization: `Bearer ${json.secret}` };
  expect((await second.anyone.get('/api/v1/me', header)).status).toBe(200);
  expect((await acme.owner.delete(`/api/v1/tokens/${json.token.id}`)).status).toBe(204);
  await soon(async () => (await second.anyone.get('/api/v1/me', header)).json.code, 'token_revoked');
});

it('stop calling what the other has deactivated', async () => {
  expect((await acme.step(COUNTER, 'deactivate', {})).status).toBe(200);
  await soon(async () => (await callSecond()).json.code, 'plugin_not_active');
});

it('one goes on when the other is killed', async () => {
  expect((await acme.step(COUNTER, 'activate', {})).status).toBe(200);
  await soon(async () => (await callSecond()).status, 200);
  await first.process.stop('SIGKILL');
  expect((await callSecond()).status).toBe(200);
  expect((await second.anyone.get('/api/v1/packages/kelompok/counter')).status).toBe(200);
  expect((await second.anyone.get('/readyz')).status).toBe(200);
});

/** One version, and more than one who wants to be it. */
import { expect, it } from 'vitest';
import { registryState } from '../support/registry-state.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
const other = { code: `export default { fetch: () => new Response('other bytes') }` };

it('other bytes under a version that exists are refused, for ever', async () => {
  const first = await kelompok.publish({ id: 'kelompok/hello' });
  const before = await registryState(souk);
  const { answer } = await kelompok.publish({ id: 'kelompok/hello', ...other });
  expect([answer.status, answer.json.code]).toEqual([409, 'version_exists']);
  expect(await registryState(souk)).toEqual({ ...before, refusals: [...before.refusals, 'version_exists'] });
  const archive = await souk.anyone.get('/api/v1/packages/kelompok/hello/versions/1.0.0/archive');
  expect(archive.bytes.equals(first.archive)).toBe(true);
});

it('other bytes are refused after a yank as well', async () => {
  await kelompok.client.put('/api/v1/packages/kelompok/hello/versions/1.0.0/yank', { reason: 'broken' });
  const { answer } = await kelompok.publish({ id: 'kelompok/hello', ...other });
  expect([answer.status, answer.json.code]).toEqual([409, 'version_exists']);
});

it('of two uploads of one version at the same moment one wins, and the other learns why it did not', async () => {
  const sent = await Promise.all([
    kelompok.publish({ id: 'kelompok/raced' }),
    kelompok.publish({ id: 'kelompok/raced', ...other }),
  ]);
  expect(sent.map(({ answer }) => answer.status).sort()).toEqual([201, 409]);
  const winner = sent.find(({ answer }) => answer.status === 201);
  const loser = sent.find(({ answer }) => answer.status === 409);
  expect(loser?.answer.json.code).toBe('version_exists');
  const stored = await souk.anyone.get('/api/v1/packages/kelompok/raced/versions/1.0.0/archive');
  expect(stored.bytes.equals(winner?.archive ?? new Uint8Array())).toBe(true);
});

it('of the same bytes eight times at once one is published, and the others are the same', async () => {
  const sent = await Promise.all(Array.from({ length: 8 }, () => kelompok.publish({ id: 'kelompok/eager' })));
  const outcomes = sent.map(({ answer }) => `${answer.status} ${answer.json.outcome}`).sort();
  expect(outcomes).toEqual([...Array<string>(7).fill('200 already_published'), '201 published']);
});

it('a public plugin does not get a private version', async () => {
  const { answer } = await kelompok.publish(
    { id: 'kelompok/hello', version: '1.0.1' },
    acme.path('/packages'),
  );
  expect([answer.status, answer.json.code]).toEqual([409, 'visibility_differs']);
});

/** The brake of the whole instance: nothing runs while it is on, nothing has changed when it ends. */
import { expect, it } from 'vitest';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
const PLUGIN = 'kelompok/tool';
const OTHER = 'kelompok/other';
const MODE = '/api/v1/safe-mode';
await kelompok.ship(
  {
    id: PLUGIN,
    code: `export default { fetch: () => new Response('one'), deactivate() { throw new Error('ran') } }`,
  },
  { id: OTHER },
);
for (const plugin of [PLUGIN, OTHER] as const) await acme.install(plugin);
const code = async (attempt: Promise<{ json: { code?: string } }>): Promise<unknown> =>
  (await attempt).json?.code;

it('is the instance’s alone, and needs a reason', async () => {
  expect((await souk.admin.get(MODE)).json).toEqual({ kind: 'off' });
  expect(await code(acme.owner.put(MODE, { reason: 'x' }))).toBe('scope_missing');
  expect(await code(souk.anyone.delete(MODE))).toBe('authentication_required');
  expect(await code(souk.admin.put(MODE, { reason: '  ' }))).toBe('safe_mode_reason_invalid');
  expect(await code(souk.admin.put(MODE, { reason: 'x'.repeat(501) }))).toBe('safe_mode_reason_invalid');
  expect((await acme.call(PLUGIN, '/')).text).toBe('one');
});

it('lets nothing run, and says why', async () => {
  const begun = await souk.admin.put(MODE, { reason: 'A package was tampered with.' });
  expect(begun.json).toMatchObject({ kind: 'on', reason: 'A package was tampered with.' });
  const called = await acme.call(PLUGIN, '/');
  expect([called.status, called.json.code]).toEqual([503, 'plugin_not_active']);
  expect(called.json.detail).toContain('A package was tampered with.');
  expect(called.json.hint).toContain('administrator of the instance');
  expect((await acme.step(PLUGIN, 'test')).json).toMatchObject({ kind: 'failed' });
  // Its deactivate hook would fail; it is not run.
  expect((await acme.step(PLUGIN, 'deactivate', {})).json).toMatchObject({ state: 'inactive', reason: null });
  expect(await code(acme.step(PLUGIN, 'activate', {}))).toBe('safe_mode_on');
  await kelompok.ship({ id: OTHER, version: '1.1.0' });
  expect(await code(acme.owner.post(acme.path(`/plugins/${OTHER}/upgrade`), {}))).toBe('safe_mode_on');
  const { json } = await acme.owner.get(acme.path(`/plugins/${OTHER}`));
  expect(json).toMatchObject({ version: '1.0.0', state: 'active' });
});

it('ends, and everything goes on as before', async () => {
  expect((await souk.admin.delete(MODE)).status).toBe(204);
  expect((await souk.admin.delete(MODE)).status).toBe(204);
  expect((await acme.call(OTHER, '/')).status).toBe(200);
  expect((await acme.step(PLUGIN, 'activate', {})).status).toBe(200);
  expect((await acme.call(PLUGIN, '/')).text).toBe('one');
});

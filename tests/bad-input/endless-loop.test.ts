/** `while (true)` in every place where code of a plugin runs. */
import { describe, expect, it } from 'vitest';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
const LOOPS = {
  '/in-fetch': 'while (true);',
  '/in-a-continuation': 'await host.kv.get("a"); while (true);',
  '/in-a-timer': 'await new Promise(() => setTimeout(() => { while (true); }, 1));',
  '/in-microtasks': 'await (async function turn() { await null; return turn(); })();',
  '/in-a-regular-expression': 'return new Response(String(/^(a+)+\\1$/.test("a".repeat(40) + "b")));',
};
const cases = Object.entries(LOOPS).map(([path, code]) => `case '${path}': ${code} break;`);
const CODE = `export default { async fetch(request, host) {
  switch (new URL(request.url).pathname) { ${cases.join('\n')} }
  return new Response('fine');
} }`;

/** Kills of one installation in a row take it out of service, so that each loop has a plugin of its own. */
const plugins = Object.keys(LOOPS).map((path) => ({
  path,
  id: `kelompok/loop${path.replace('/', '-')}` as const,
}));
const kv = { permissions: [{ name: 'kv', reason: 'Reads.' }] } as const;
await kelompok.ship(...plugins.map(({ id }) => ({ id, code: CODE, ...kv })), { id: 'kelompok/neighbour' });
for (const { id } of plugins) await acme.install(id);
await acme.install('kelompok/neighbour');

describe('an endless loop', () => {
  it.each(plugins)('$path', async ({ id, path }) => {
    const answer = await acme.call(id, path);
    expect([answer.status, answer.json]).toEqual([
      503,
      expect.objectContaining({ code: 'plugin_run_failed', outcome: 'exceededCpu' }),
    ]);
    expect((await acme.call(id, '/')).text).toBe('fine');
    expect((await acme.call('kelompok/neighbour', '/')).text).toBe('hello');
    expect(await acme.log(id)).toContain('exceededCpu');
    expect(await souk.metric(`souk_plugin_runs_total{plugin="${id}",outcome="exceededCpu"}`)).toBe(1);
  });

  it('while the module is loaded keeps the plugin from becoming active, and nothing else', async () => {
    await kelompok.ship({ id: 'kelompok/stuck', code: 'while (true);\nexport default { fetch() {} };' });
    await expect(acme.install('kelompok/stuck')).rejects.toThrow(/activation_failed.*exceededCpu/u);
    const { json } = await acme.owner.get(acme.path('/plugins/kelompok/stuck'));
    expect(json).toMatchObject({
      state: 'failed',
      status: 'ERROR',
      reason: expect.stringContaining('exceededCpu'),
    });
    expect((await acme.call('kelompok/neighbour', '/')).text).toBe('hello');
  });
});

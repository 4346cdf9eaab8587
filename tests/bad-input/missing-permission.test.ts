/** What was not granted: no consent, a narrowed grant, a permission that was never declared. */
import { describe, expect, it } from 'vitest';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
const TARGET = 'kelompok/target';
const CURIOUS = 'kelompok/curious';
const SNEAKY = 'kelompok/sneaky';
const ATTEMPT = `async function attempt(act) {
  try { return { value: await act() } } catch ({ name, code, permission }) { return { name, code, permission } }
}`;
await kelompok.ship(
  { id: TARGET },
  {
    id: CURIOUS,
    dependencies: { [TARGET]: '^1.0.0' },
    permissions: [
      { name: 'kv', reason: 'Writes.' },
      { name: 'plugins.call', scope: [TARGET], reason: 'Asks.' },
    ],
    code: `${ATTEMPT}
      export default { async fetch(request, host) {
        if (new URL(request.url).pathname === '/unguarded') await host.kv.set('a', 1);
        return Response.json({
          kv: await attempt(() => host.kv.set('a', 1)),
          call: await attempt(async () => (await host.plugins.call('${TARGET}', '/')).status),
        });
      } }`,
  },
  {
    id: SNEAKY,
    code: `${ATTEMPT}
      export default { async fetch(request, host) {
        const name = ['k', 'v'].join('');
        return Response.json(await attempt(() => host[name].get('a')));
      } }`,
  },
);
await acme.install(CURIOUS);
await acme.install(SNEAKY);
const grants = acme.path(`/plugins/${CURIOUS}/grants`);
const deniedOf = (permission: string) => ({
  name: 'PermissionDenied',
  code: 'permission_denied',
  permission,
});
const deniedCalls = (plugin: string, capability: string): Promise<number> =>
  souk.metric(`souk_plugin_denied_calls_total{plugin="${plugin}",capability="${capability}"}`);

describe('a permission that is missing', () => {
  it('in the consent keeps the plan from being applied', async () => {
    const other = await souk.org('other');
    const { json: plan } = await other.plan({ kind: 'install', plugin: CURIOUS });
    const refused = await other.apply(plan.id, []);
    expect([refused.status, refused.json.code]).toEqual([422, 'consent_missing']);
    expect(refused.json.violations).toHaveLength(2);
    expect((await other.owner.get(other.path('/installations'))).json.items).toEqual([]);
  });

  it('in the manifest is reported to the author where the code shows it', async () => {
    const { answer } = await kelompok.publish({
      id: 'kelompok/plain',
      code: `export default { fetch: async (request, host) => Response.json(await host.kv.get('a')) }`,
    });
    expect(answer.json.findings).toEqual([
      expect.objectContaining({ rule: 'permission_undeclared', severity: 'warning' }),
    ]);
  });

  it('in the manifest is denied where the code hides it, visible to guest, metrics and administrators', async () => {
    expect((await acme.call(SNEAKY, '/')).json).toEqual(deniedOf('kv'));
    expect(await deniedCalls(SNEAKY, 'kv.get')).toBe(1);
    expect(await acme.log(SNEAKY)).toContain(
      'denied: kv.get needs the permission kv, which has not been granted',
    );
    // The log comes another way than the answers.
    await expect
      .poll(() => souk.process.log)
      .toContainEqual(
        expect.objectContaining({ msg: 'host call denied', plugin: SNEAKY, capability: 'kv.get' }),
      );
  });

  it('because it was narrowed counts from the next call on', async () => {
    expect((await acme.call(CURIOUS, '/')).json).toMatchObject({ call: { value: 200 } });
    expect((await acme.owner.put(grants, { grants: [{ name: 'kv' }] })).status).toBe(200);
    expect((await acme.call(CURIOUS, '/')).json).toMatchObject({ kv: {}, call: deniedOf('plugins.call') });
    expect((await acme.owner.put(grants, { grants: [] })).status).toBe(200);
    expect((await acme.call(CURIOUS, '/')).json).toMatchObject({
      kv: deniedOf('kv'),
      call: deniedOf('plugins.call'),
    });
    expect(await deniedCalls(CURIOUS, 'kv.set')).toBe(1);
    expect(await deniedCalls(CURIOUS, 'plugins.call')).toBe(2);
  });

  it('that nobody catches is an exception of the plugin', async () => {
    const answer = await acme.call(CURIOUS, '/unguarded');
    expect([answer.status, answer.json.outcome]).toEqual([502, 'exception']);
    expect(await acme.log(CURIOUS)).toContain('PermissionDenied');
  });

  it('cannot be taken back by narrowing to more', async () => {
    const widened = await acme.owner.put(grants, { grants: [{ name: 'kv' }] });
    expect([widened.status, widened.json.code]).toEqual([409, 'grant_not_held']);
    expect(widened.json.detail).toContain('was not granted');
  });
});

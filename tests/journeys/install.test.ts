/** An administrator sees the whole plan, consents, installs, activates in order, and can always go back. */
import { describe, expect, it } from 'vitest';
import { consentTo } from '../support/test-org.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
const PRESETS = 'kelompok/presets';
const IMPORTER = 'kelompok/importer';
await kelompok.ship(
  {
    id: PRESETS,
    code: `export default { fetch: (request) => new Response('preset ' + new URL(request.url).pathname) }`,
  },
  {
    id: IMPORTER,
    dependencies: { [PRESETS]: '^1.0.0' },
    permissions: [
      { name: 'kv', reason: 'Remembers the last row.' },
      { name: 'plugins.call', scope: [PRESETS], reason: 'Asks for the preset.' },
    ],
    code: `export default { async fetch(request, host) {
      const answer = await host.plugins.call('${PRESETS}', '/csv');
      const runs = ((await host.kv.get('runs')) ?? 0) + 1;
      await host.kv.set('runs', runs);
      return Response.json({ runs, preset: await answer.text() });
    } }`,
  },
);
const installed = async (): Promise<unknown> =>
  (await acme.owner.get(acme.path('/installations'))).json.items.map(
    ({ plugin, state }: { plugin: string; state: string }) => `${plugin} ${state}`,
  );
const codeOf = ({ status, json }: { status: number; json: { code?: string } }): unknown => [
  status,
  json.code,
];

describe('the plan', async () => {
  const { json: plan, status } = await acme.plan({ kind: 'install', plugin: IMPORTER });

  it('shows what comes along, and why', () => {
    expect(status).toBe(201);
    expect(plan.changes).toEqual([
      expect.objectContaining({ kind: 'add', plugin: IMPORTER, toVersion: '1.0.0' }),
      expect.objectContaining({
        kind: 'add',
        plugin: PRESETS,
        toVersion: '1.0.0',
        why: [expect.stringContaining(IMPORTER)],
      }),
    ]);
    expect(plan.activationOrder).toEqual([PRESETS, IMPORTER]);
  });

  it('shows each permission with its risk and a sentence', () => {
    expect(plan.permissions).toEqual([
      expect.objectContaining({
        plugin: IMPORTER,
        risk: 'low',
        permission: expect.objectContaining({ name: 'kv' }),
      }),
      expect.objectContaining({
        plugin: IMPORTER,
        permission: expect.objectContaining({ name: 'plugins.call', scope: [PRESETS] }),
        description: expect.stringContaining(PRESETS),
      }),
    ]);
  });

  it('is refused without the whole consent, or with more than it asks for, and then nothing is installed', async () => {
    const asked = consentTo(plan);
    expect(codeOf(await acme.apply(plan.id, []))).toEqual([422, 'consent_missing']);
    const partly = await acme.apply(plan.id, asked.slice(0, 1));
    expect(codeOf(partly)).toEqual([422, 'consent_missing']);
    expect(partly.json.violations).toEqual([
      { pointer: '/grants', message: expect.stringContaining('plugins.call') },
    ]);
    const wider = {
      plugin: IMPORTER,
      permission: { name: 'plugins.call', scope: ['kelompok/other'] },
    } as const;
    expect(codeOf(await acme.apply(plan.id, [...asked, wider]))).toEqual([422, 'consent_excessive']);
    expect(await installed()).toEqual([]);
  });

  it('is no member’s to make or apply', async () => {
    const member = await souk.user('member');
    await acme.owner.put(acme.path(`/members/${member.id}`), { role: 'member' });
    const refused = await member.client.post(acme.path('/plans'), { kind: 'install', plugin: IMPORTER });
    expect(codeOf(refused)).toEqual([403, 'role_missing']);
    expect((await member.client.get(acme.path('/installations'))).status).toBe(200);
  });

  it('is applied once, exactly as it was shown', async () => {
    const applied = await acme.apply(plan.id, consentTo(plan));
    expect(applied.status, applied.text).toBe(201);
    expect(await installed()).toEqual([`${IMPORTER} installed`, `${PRESETS} installed`]);
    const again = await acme.apply(plan.id, consentTo(plan));
    expect(codeOf(again)).toEqual([409, 'plan_outdated']);
    const { json: lock } = await acme.owner.get(acme.path('/lock'));
    expect(lock.plugins).toEqual([
      expect.objectContaining({
        plugin: IMPORTER,
        version: '1.0.0',
        digest: expect.stringMatching(/^[0-9a-f]{64}$/u),
      }),
      expect.objectContaining({ plugin: PRESETS, version: '1.0.0', range: null }),
    ]);
  });

  it('leaves a receipt of who granted what for which package', async () => {
    const { json } = await acme.owner.get(acme.path(`/plugins/${IMPORTER}/receipts`));
    expect(json.items).toEqual([
      expect.objectContaining({
        plugin: IMPORTER,
        version: '1.0.0',
        granted: [expect.objectContaining({ name: 'kv' }), expect.objectContaining({ name: 'plugins.call' })],
        grantedBy: expect.stringMatching(/\w/u),
      }),
    ]);
  });
});

describe('the life of what was installed', () => {
  it('answers nobody before it is active', async () => {
    expect(codeOf(await acme.call(IMPORTER, '/'))).toEqual([503, 'plugin_not_active']);
  });

  it('activates its dependencies first, when told to', async () => {
    const alone = await acme.step(IMPORTER, 'activate', {});
    expect(codeOf(alone)).toEqual([409, 'dependency_not_active']);
    expect(alone.json.dependencies).toEqual([PRESETS]);
    expect((await acme.step(IMPORTER, 'activate', { others: 'cascade' })).status).toBe(200);
    expect(await installed()).toEqual([`${IMPORTER} active`, `${PRESETS} active`]);
  });

  it('answers calls, through the plugin that it needs and the key-value store', async () => {
    expect((await acme.call(IMPORTER, '/')).json).toEqual({ runs: 1, preset: 'preset /csv' });
    expect((await acme.call(IMPORTER, '/')).json).toEqual({ runs: 2, preset: 'preset /csv' });
    expect((await acme.step(IMPORTER, 'test')).json).toMatchObject({ kind: 'done', status: 'READY' });
  });

  it('does not lose what it stands on', async () => {
    const stopped = await acme.step(PRESETS, 'deactivate', {});
    expect(codeOf(stopped)).toEqual([409, 'installation_needed']);
    expect(stopped.json.dependants).toEqual([IMPORTER]);
    const removed = await acme.owner.delete(acme.path(`/plugins/${PRESETS}`));
    expect(codeOf(removed)).toEqual([409, 'installation_needed']);
    expect((await acme.call(IMPORTER, '/')).json.runs).toBe(3);
  });

  it('keeps its data while it is inactive', async () => {
    // A step without a body is the careful one; what would replace something is never guessed.
    expect((await acme.step(IMPORTER, 'deactivate')).status).toBe(200);
    expect((await acme.owner.put(acme.path(`/plugins/${IMPORTER}/config`))).status).toBe(415);
    expect(codeOf(await acme.call(IMPORTER, '/'))).toEqual([503, 'plugin_not_active']);
    expect((await acme.step(IMPORTER, 'activate', {})).status).toBe(200);
    expect((await acme.call(IMPORTER, '/')).json.runs).toBe(4);
  });

  it('is upgraded without a question when it asks for nothing new, and rolled back', async () => {
    await kelompok.ship({
      id: PRESETS,
      version: '1.1.0',
      code: `export default { fetch: () => new Response('newer') }`,
    });
    const { json: plan } = await acme.plan({ kind: 'upgrade', plugin: PRESETS });
    expect(plan.permissions).toEqual([]);
    const upgraded = await acme.apply(plan.id, []);
    expect(upgraded.status, upgraded.text).toBe(201);
    expect((await acme.call(IMPORTER, '/')).json.preset).toBe('newer');
    const back = await acme.plan({ kind: 'rollback', plugin: PRESETS });
    expect(back.status, back.text).toBe(201);
    expect((await acme.apply(back.json.id, [])).status).toBe(201);
    expect((await acme.call(IMPORTER, '/')).json.preset).toBe('preset /csv');
  });

  it('goes with what needs it, and then there is nothing', async () => {
    const removed = await acme.owner.delete(acme.path(`/plugins/${PRESETS}?others=cascade`));
    expect(removed.status, removed.text).toBe(204);
    expect(await installed()).toEqual([]);
    expect(codeOf(await acme.call(IMPORTER, '/'))).toEqual([404, 'not_found']);
  });
});

describe('two administrators with different plans', () => {
  it('one wins, the other is told to plan again', async () => {
    const [first, second] = await Promise.all([
      acme.plan({ kind: 'install', plugin: PRESETS }),
      acme.plan({ kind: 'install', plugin: IMPORTER }),
    ]);
    const answers = await Promise.all([
      acme.apply(first.json.id, consentTo(first.json)),
      acme.apply(second.json.id, consentTo(second.json)),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(answers.find(({ status }) => status === 409)?.json.code).toBe('plan_outdated');
  });
});

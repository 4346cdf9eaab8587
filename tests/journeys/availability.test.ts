/** SahaBot2's visibility matrix, line by line, for two organizations; and what an author only proposes. */
import { describe, expect, it } from 'vitest';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { TestOrg } from '../support/test-org.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const house = await souk.org('house');
const acme = await souk.org('acme');
const sahabot = await souk.publisher('sahabot', house);
const OPEN = 'sahabot/tournament';
const CLOSED = 'sahabot/racetime';
const CORE = 'sahabot/presets';
const BASE = 'sahabot/base';
await sahabot.ship(
  { id: OPEN },
  { id: BASE, permissions: [{ name: 'kv' }] },
  {
    id: CORE,
    dependencies: { [BASE]: '^1.0.0' },
    availability: { visibility: 'private', enabledByDefault: true },
  },
);
const closed = await sahabot.publish({ id: CLOSED }, house.path('/packages'));
expect(closed.answer.status, closed.answer.text).toBe(201);

const availability = (plugin: PluginId): string => `/api/v1/packages/${plugin}/availability`;
const sees = async (org: TestOrg, plugin: PluginId): Promise<boolean> =>
  (await org.owner.get(`/api/v1/packages/${plugin}?org=${org.slug}`)).status === 200;
const installs = async (org: TestOrg, plugin: PluginId): Promise<unknown> => {
  const plan = await org.plan({ kind: 'install', plugin });
  return plan.status === 201 ? 'yes' : plan.json.code;
};
const states = async (org: TestOrg): Promise<unknown> =>
  (await org.owner.get(org.path('/installations'))).json.items.map(
    ({ plugin, state }: { plugin: string; state: string }) => `${plugin} ${state}`,
  );
const change = (plugin: PluginId, body: object) => souk.admin.sendJson('PATCH', availability(plugin), body);

describe('who sees and who installs', () => {
  it('public: everybody', async () => {
    for (const org of [acme, house]) {
      expect(await sees(org, OPEN)).toBe(true);
      expect(await installs(org, OPEN)).toBe('yes');
    }
  });

  it('private: its owner, and whom an administrator of the instance granted it', async () => {
    expect([await sees(house, CLOSED), await installs(house, CLOSED)]).toEqual([true, 'yes']);
    expect([await sees(acme, CLOSED), await installs(acme, CLOSED)]).toEqual([
      false,
      'resolution_impossible',
    ]);
    const grant = `/api/v1/packages/${CLOSED}/grants/acme`;
    expect((await acme.owner.send('PUT', grant)).json.code).toBe('scope_missing');
    expect((await souk.admin.send('PUT', grant)).status).toBe(204);
    expect([await sees(acme, CLOSED), await installs(acme, CLOSED)]).toEqual([true, 'yes']);
    expect((await souk.admin.delete(grant)).status).toBe(204);
    expect([await sees(acme, CLOSED), await installs(acme, CLOSED)]).toEqual([
      false,
      'resolution_impossible',
    ]);
  });

  it('what was private becomes public, and back', async () => {
    expect((await change(CLOSED, { visibility: 'public' })).json).toMatchObject({ visibility: 'public' });
    expect(await sees(acme, CLOSED)).toBe(true);
    expect((await change(CLOSED, { visibility: 'private' })).status).toBe(200);
    expect(await sees(acme, CLOSED)).toBe(false);
  });

  it('an unsigned version is offered to nobody else', async () => {
    await house.owner.sendJson('PATCH', house.path(''), { unsignedPackages: 'allow' });
    const { archive } = await sahabot.publish({ id: 'sahabot/draft' }, house.path('/nowhere'));
    const taken = await sahabot.upload(archive, null, house.path('/packages'));
    expect(taken.status, taken.text).toBe(201);
    expect((await change('sahabot/draft', { visibility: 'public' })).json.code).toBe('availability_refused');
    expect(await sees(acme, 'sahabot/draft')).toBe(false);
  });
});

describe('what an author proposes', () => {
  it('is shown to the administrators of the instance, and changes nothing', async () => {
    const { json } = await souk.admin.get(availability(CORE));
    expect(json).toEqual({
      visibility: 'public',
      enabledByDefault: false,
      builtIn: false,
      scope: 'organization',
      proposed: { visibility: 'private', enabledByDefault: true },
    });
    expect(await states(await souk.org('before'))).toEqual([]);
  });

  it.each([
    [
      'the owner of the plugin',
      () => house.owner.sendJson('PATCH', availability(OPEN), { builtIn: true }),
      'scope_missing',
    ],
    ['somebody else', () => acme.owner.get(availability(OPEN)), 'scope_missing'],
    ['nobody', () => souk.anyone.get(availability(OPEN)), 'authentication_required'],
  ])('is not made so by %s', async (_who, attempt, code) => {
    expect((await attempt()).json.code).toBe(code);
  });

  it.each([
    ['no change', {}, 'request_invalid'],
    ['an unknown member', { scope: 'galaxy' }, 'request_invalid'],
    ['a word for a boolean', { builtIn: 'yes' }, 'request_invalid'],
  ])('a decision is refused: %s', async (_trick, body, code) => {
    expect((await change(OPEN, body)).json.code).toBe(code);
  });
});

describe('what new organizations begin with', () => {
  it('enabled by default: installed and active, with what it needs, and a receipt that names who consented', async () => {
    expect((await change(CORE, { enabledByDefault: true })).status).toBe(200);
    const fresh = await souk.org('fresh');
    expect(await states(fresh)).toEqual([`${BASE} active`, `${CORE} active`]);
    const { json } = await fresh.owner.get(fresh.path(`/plugins/${BASE}/receipts`));
    const admin = (await souk.admin.get('/api/v1/me')).json.user.id;
    expect(json.items).toMatchObject([{ grantedBy: `user:${admin}`, granted: [{ name: 'kv' }] }]);
    expect(await states(acme)).toEqual([]);
  });

  it('built in: installed, visible, not active; cannot be uninstalled, can be deactivated', async () => {
    expect((await change(OPEN, { builtIn: true })).status).toBe(200);
    const org = await souk.org('with-core');
    expect(await states(org)).toContain(`${OPEN} installed`);
    const remove = () => org.owner.delete(org.path(`/plugins/${OPEN}`));
    expect((await remove()).json).toMatchObject({ code: 'built_in_not_removable', plugins: [OPEN] });
    expect((await org.step(OPEN, 'activate', {})).status).toBe(200);
    expect((await remove()).json.code).toBe('built_in_not_removable');
    expect(await states(org)).toContain(`${OPEN} active`);
    expect((await org.step(OPEN, 'deactivate', {})).status).toBe(200);
    const empty = await org.plan({ kind: 'import', lock: { lockVersion: 1, plugins: [] } });
    expect(empty.json.code).toBe('built_in_not_removable');
    expect((await change(OPEN, { builtIn: false })).status).toBe(200);
    expect((await remove()).status).toBe(204);
  });

  it('a private default goes to those who were granted it, also later', async () => {
    expect((await change(CLOSED, { enabledByDefault: true })).status).toBe(200);
    const org = await souk.org('later');
    expect(await states(org)).toEqual([`${BASE} active`, `${CORE} active`]);
    await souk.admin.send('PUT', `/api/v1/packages/${CLOSED}/grants/later`);
    const applied = await souk.admin.post('/api/v1/orgs/later/defaults');
    expect(applied.json.items).toEqual([{ plugin: CLOSED, outcome: 'active', reason: null }]);
    expect((await souk.admin.post('/api/v1/orgs/later/defaults')).json.items).toEqual([]);
    expect((await org.owner.post('/api/v1/orgs/later/defaults')).json.code).toBe('scope_missing');
  });

  it('one that cannot be activated holds up no other, and says why', async () => {
    const broken = 'sahabot/broken';
    await sahabot.ship({
      id: broken,
      code: `export default { activate() { throw new Error('no bot token') } }`,
    });
    await change(broken, { enabledByDefault: true });
    const owner = await souk.user('somebody');
    const made = await souk.admin.post('/api/v1/orgs', { slug: 'unlucky', name: 'U', ownerId: owner.id });
    expect(made.status, made.text).toBe(201);
    expect(made.json.defaults).toEqual([
      { plugin: broken, outcome: 'installed', reason: expect.stringContaining('no bot token') },
      { plugin: CORE, outcome: 'active', reason: null },
    ]);
  });
});

/** An upgrade that asks for more waits while the version before it serves. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { codeOf } from '../../tests/support/refusals.ts';
import { carryOutRequest, startFixture, type Fixture, type Org } from '../../tests/support/installations.ts';
import type { Permission } from '../../spec/permission.ts';

const PLUGIN = 'acme/tool';
const KV: Permission = { name: 'kv' };
let fixture: Fixture;
let count = 0;

beforeAll(async () => {
  fixture = await startFixture();
  await fixture.publish({ id: PLUGIN, version: '1.0.0' });
});
afterAll(() => fixture.close());

/** An organization with 1.0.0 active. */
async function orgWithTool(): Promise<Org> {
  const org = await fixture.org(`org-${(count += 1)}`);
  await carryOutRequest(fixture, org, { kind: 'install', plugin: PLUGIN, range: '^1.0.0' });
  await fixture.installations.activate(org.acting, PLUGIN, 'refuse');
  return org;
}

it('there is nothing to do where nothing newer fits, and nothing waits', async () => {
  const { acting } = await orgWithTool();
  expect(await fixture.installations.requestUpgrade(acting, PLUGIN)).toEqual({ kind: 'current' });
  const accept = () => fixture.installations.acceptUpgrade(acting, PLUGIN, { grants: [] });
  expect(await codeOf(accept)).toBe('upgrade_not_pending');
  expect(await codeOf(() => fixture.installations.declineUpgrade(acting, PLUGIN))).toBe(
    'upgrade_not_pending',
  );
});

it('a version that asks for nothing new needs no consent', async () => {
  const { acting } = await orgWithTool();
  await fixture.publish({ id: PLUGIN, version: '1.1.0' });
  const outcome = await fixture.installations.requestUpgrade(acting, PLUGIN);
  expect(outcome).toEqual({ kind: 'upgraded', version: '1.1.0' });
  expect(await fixture.installations.read(acting.orgId, PLUGIN)).toMatchObject({
    version: '1.1.0',
    state: 'active',
    pendingUpgrade: null,
  });
});

it('a version that asks for more waits, the one before it serves, and consent applies it', async () => {
  const org = await orgWithTool();
  const other = await orgWithTool();
  await fixture.publish({ id: PLUGIN, version: '1.2.0', permissions: [KV] });
  const { installations } = fixture;
  const outcome = await installations.requestUpgrade(org.acting, PLUGIN);
  expect(outcome).toMatchObject({ kind: 'pending', pending: { version: '1.2.0' } });
  const [listed] = await installations.list(org.id);
  expect(listed).toMatchObject({ version: '1.1.0', state: 'active' });
  expect(listed?.pendingUpgrade?.permissions).toMatchObject([{ plugin: PLUGIN, permission: KV }]);
  expect((await installations.list(other.id))[0]?.pendingUpgrade).toBeNull();
  expect((await installations.describeGuest(org.slug, PLUGIN))?.guest.plugin.version).toBe('1.1.0');

  const consent = (grants: { plugin: typeof PLUGIN; permission: Permission }[]) => () =>
    installations.acceptUpgrade(org.acting, PLUGIN, { grants });
  expect(await codeOf(consent([]))).toBe('consent_missing');
  const view = await consent([{ plugin: PLUGIN, permission: KV }])();
  expect(view).toMatchObject({ version: '1.2.0', state: 'active', grants: [KV], pendingUpgrade: null });
  expect((await installations.receipts(org.id, PLUGIN))[0]).toMatchObject({
    version: '1.2.0',
    granted: [KV],
  });
});

it('consent to what was shown is no consent to what came meanwhile', async () => {
  const { acting } = await orgWithTool();
  await fixture.publish({ id: PLUGIN, version: '1.3.0', permissions: [KV, { name: 'secrets' }] });
  const { installations } = fixture;
  await installations.requestUpgrade(acting, PLUGIN);
  const grants = [{ plugin: PLUGIN, permission: { name: 'secrets' } }] as const;
  await fixture.publish({ id: PLUGIN, version: '1.4.0', permissions: [KV, { name: 'secrets' }] });
  expect(await codeOf(() => installations.acceptUpgrade(acting, PLUGIN, { grants }))).toBe('plan_outdated');
  const waiting = await installations.read(acting.orgId, PLUGIN);
  expect([waiting.version, waiting.pendingUpgrade?.version]).toEqual(['1.2.0', '1.4.0']);
  expect((await installations.acceptUpgrade(acting, PLUGIN, { grants })).version).toBe('1.4.0');
});

it('declined, uninstalled or overtaken by a plan, it waits no longer', async () => {
  const { acting } = await orgWithTool();
  await fixture.publish({ id: PLUGIN, version: '1.5.0', permissions: [KV, { name: 'jobs' }] });
  const { installations } = fixture;
  await installations.requestUpgrade(acting, PLUGIN);
  await installations.declineUpgrade(acting, PLUGIN);
  expect((await installations.read(acting.orgId, PLUGIN)).pendingUpgrade).toBeNull();
  await installations.requestUpgrade(acting, PLUGIN);
  await installations.uninstall(acting, PLUGIN, 'refuse');
  expect(await codeOf(() => installations.acceptUpgrade(acting, PLUGIN, { grants: [] }))).toBe(
    'upgrade_not_pending',
  );
});

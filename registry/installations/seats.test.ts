/** Seats of global plugins, where the order of things matters. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditActor } from '../../database/index.ts';
import { createUser } from '../../identity/index.ts';
import { createInstanceOrganization } from '../../identity/organizations.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import {
  carryOutRequest,
  consentTo,
  startFixture,
  type Fixture,
  type Org,
} from '../../tests/support/installations.ts';
import { PluginEntity } from '../entities/index.ts';

const BOT: PluginId = 'house/bot';
const BASE: PluginId = 'house/base';
const USER: PluginId = 'house/user';
const LISTENER: PluginId = 'house/listener';

let fixture: Fixture;
let instance: Org;
let acme: Org;

beforeAll(async () => {
  fixture = await startFixture();
  const actor: AuditActor = { kind: 'system', name: 'test' };
  instance = await fixture.database.transaction({ kind: 'instance' }, async (tx) => {
    const admin = await createUser(tx, actor, { name: 'Admin', instanceRole: 'admin' });
    const { id, slug } = await createInstanceOrganization(tx, actor, admin.id);
    return { id, slug, acting: { orgId: id, actor } };
  });
  acme = await fixture.org('acme');
  await fixture.publish({ id: BASE, version: '1.0.0' });
  await fixture.publish({ id: BASE, version: '2.0.0' });
  for (const [version, base] of [
    ['1.0.0', '^1.0.0'],
    ['2.0.0', '^2.0.0'],
  ] as const) {
    await fixture.publish({ id: BOT, version, dependencies: { [BASE]: base } });
  }
  await fixture.publish({ id: USER, version: '1.0.0', dependencies: { [BOT]: '^1.0.0' } });
  await fixture.publish({ id: LISTENER, version: '1.0.0', optionalDependencies: { [BOT]: '<2.0.0' } });
  await fixture.database.transaction({ kind: 'instance' }, async ({ em }) => {
    await em.nativeUpdate(PluginEntity, { name: { $in: ['bot', 'base'] } }, { isGlobal: true });
  });
  await carryOutRequest(fixture, instance, { kind: 'install', plugin: BOT, range: '^1.0.0 || ^2.0.0' });
});
afterAll(() => fixture.close());

const versions = async (org: Org): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await fixture.installations.list(org.id)).map(({ plugin, version, state }) => [
      plugin,
      `${version} ${state}`,
    ]),
  );

it('come with what the plugin needs, at once, when the last of them is active', async () => {
  const { installations } = fixture;
  expect(await versions(instance)).toEqual({ [BASE]: '2.0.0 installed', [BOT]: '2.0.0 installed' });
  await carryOutRequest(fixture, instance, { kind: 'pin', plugin: BOT, version: '1.0.0' });
  await carryOutRequest(fixture, instance, { kind: 'unpin', plugin: BOT });
  expect(await versions(acme)).toEqual({});
  await installations.activate(instance.acting, BOT, 'cascade');
  expect(await versions(acme)).toEqual({ [BASE]: '1.0.0 active', [BOT]: '1.0.0 active' });
});

it('stay, and the upgrade fails, where an organization begins to need the version before during the hooks', async () => {
  const { installations, runtime } = fixture;
  const { activate } = runtime;
  const plan = await installations.createPlan(instance.acting, { kind: 'upgradeAll' });
  // The registrar of the fixture is the other one.
  expect(plan.reach).toEqual({ organizations: 2, breaks: [] });
  let isFirst = true;
  runtime.activate = async (guest, from) => {
    if (isFirst) {
      isFirst = false;
      await carryOutRequest(fixture, acme, { kind: 'install', plugin: USER });
    }
    return activate(guest, from);
  };
  await expect(installations.applyPlan(instance.acting, plan.id, consentTo(plan))).rejects.toMatchObject({
    code: 'activation_failed',
    message: expect.stringContaining(`${USER} of one organization declares ${BOT} ^1.0.0`),
  });
  runtime.activate = activate;
  const before = { [BASE]: '1.0.0 active', [BOT]: '1.0.0 active' };
  expect(await versions(instance)).toEqual(before);
  expect(await versions(acme)).toEqual({ ...before, [USER]: '1.0.0 installed' });
});

it('count an optional dependency as one that an upgrade must not break', async () => {
  const { installations } = fixture;
  await installations.uninstall(acme.acting, USER, 'refuse');
  await carryOutRequest(fixture, acme, { kind: 'install', plugin: LISTENER });
  const plan = await installations.createPlan(instance.acting, { kind: 'upgradeAll' });
  expect(plan.reach?.breaks).toEqual([
    { dependant: LISTENER, plugin: BOT, range: '<2.0.0', version: '2.0.0', organizations: 1 },
  ]);
  // What only works with it does not keep it from going.
  const removal = await installations.createPlan(instance.acting, {
    kind: 'remove',
    plugin: BOT,
    dependants: 'refuse',
  });
  expect(removal.reach?.breaks).toEqual([]);
});

it('make a plan outdated that an organization made before they moved', async () => {
  const { installations } = fixture;
  await installations.uninstall(acme.acting, LISTENER, 'refuse');
  const stale = await installations.createPlan(acme.acting, { kind: 'install', plugin: USER });
  await carryOutRequest(fixture, instance, { kind: 'upgradeAll' });
  expect(await versions(acme)).toEqual({ [BASE]: '2.0.0 active', [BOT]: '2.0.0 active' });
  await expect(installations.applyPlan(acme.acting, stale.id, consentTo(stale))).rejects.toMatchObject({
    code: 'plan_outdated',
  });
});

it('reach an organization that was made while nobody looked, once', async () => {
  const { installations } = fixture;
  const late = await fixture.org('late');
  expect(await versions(late)).toEqual({});
  expect(await installations.reconcile()).toBeGreaterThan(0);
  expect(await versions(late)).toEqual({ [BASE]: '2.0.0 active', [BOT]: '2.0.0 active' });
  expect(await installations.reconcile()).toBe(0);
});

it('are stopped by the emergency brake of the instance, whoever needs them', async () => {
  const { installations } = fixture;
  expect(await installations.deactivateAll(instance.acting)).toEqual([BOT, BASE]);
  expect(await versions(acme)).toEqual({ [BASE]: '2.0.0 inactive', [BOT]: '2.0.0 inactive' });
});

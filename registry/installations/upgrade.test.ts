import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { Consent } from './index.ts';
import {
  carryOutRequest,
  consentTo,
  startFixture,
  type Fixture,
  type Org,
} from '../../tests/support/installations.ts';

const CHAT = 'https://chat.example.org/*';
const MAIL = 'https://mail.example.org/*';

let fixture: Fixture;
let org: Org;
let orgs = 0;

beforeAll(async () => {
  fixture = await startFixture();
  const size = (value: string) => ({ type: 'object', properties: { size: { type: value } } });
  await fixture.publish({ id: 'house/base', version: '1.0.0' });
  await fixture.publish({ id: 'house/base', version: '2.0.0' });
  await fixture.publish({ id: 'house/extra', version: '1.0.0' });
  await fixture.publish({
    id: 'house/app',
    version: '1.0.0',
    dependencies: { 'house/base': '^1.0.0' },
    permissions: [{ name: 'http.fetch', scope: [CHAT], methods: ['GET', 'POST'] }],
    config: size('number'),
  });
  await fixture.publish({
    id: 'house/app',
    version: '1.1.0',
    dependencies: { 'house/base': '^1.0.0' },
    permissions: [{ name: 'http.fetch', methods: ['POST', 'GET'], scope: [CHAT] }],
    config: size('number'),
  });
  await fixture.publish({
    id: 'house/app',
    version: '2.0.0',
    dependencies: { 'house/base': '^2.0.0', 'house/extra': '^1.0.0' },
    permissions: [{ name: 'kv' }, { name: 'http.fetch', scope: [MAIL, CHAT], methods: ['GET', 'POST'] }],
    config: size('string'),
  });
});

beforeEach(async () => {
  orgs += 1;
  org = await fixture.org(`club-${orgs}`);
  fixture.runtime.calls.length = 0;
  fixture.runtime.failing.clear();
});

afterAll(() => fixture.close());

async function installApp(range: string): Promise<void> {
  await carryOutRequest(fixture, org, { kind: 'install', plugin: 'house/app', range });
  await fixture.installations.activate(org.acting, 'house/app', 'cascade');
  fixture.runtime.calls.length = 0;
}

async function versions(): Promise<Record<string, string>> {
  const views = await fixture.installations.list(org.id);
  return Object.fromEntries(views.map(({ plugin, version, state }) => [plugin, `${version} ${state}`]));
}

const upgrade = { kind: 'upgrade', plugin: 'house/app', range: '*' } as const;

describe('an upgrade that asks for nothing new', () => {
  it('asks nobody, though the permissions stand in another order', async () => {
    await installApp('~1.0.0');
    const plan = await fixture.installations.createPlan(org.acting, { ...upgrade, range: '^1.0.0' });
    expect(plan.permissions).toEqual([]);
    expect(plan.changes).toMatchObject([
      { kind: 'upgrade', plugin: 'house/app', fromVersion: '1.0.0', toVersion: '1.1.0' },
      { kind: 'keep', plugin: 'house/base' },
    ]);
    await fixture.installations.applyPlan(org.acting, plan.id, { grants: [] });
    expect(fixture.runtime.calls).toEqual(['upgrade from 1.0.0 house/app 1.1.0']);
    expect(await versions()).toEqual({ 'house/app': '1.1.0 active', 'house/base': '1.0.0 active' });
  });
});

describe('an upgrade that asks for more', () => {
  it('asks for the difference alone, upgrades the closure in order, and keeps what an admin took away', async () => {
    await carryOutRequest(fixture, org, { kind: 'install', plugin: 'house/app', range: '^1.0.0' });
    const narrowed = [{ name: 'http.fetch', scope: [CHAT], methods: ['GET'] }] as const;
    await fixture.installations.narrowGrants(org.acting, 'house/app', narrowed);
    await fixture.installations.activate(org.acting, 'house/app', 'cascade');
    fixture.runtime.calls.length = 0;
    const plan = await fixture.installations.createPlan(org.acting, upgrade);
    expect(plan.permissions.map(({ plugin, permission }) => [plugin, permission])).toEqual([
      ['house/app', { name: 'kv' }],
      ['house/app', { name: 'http.fetch', scope: [MAIL], methods: ['GET', 'POST'] }],
    ]);
    await fixture.installations.applyPlan(org.acting, plan.id, consentTo(plan));
    expect(fixture.runtime.calls).toEqual([
      'upgrade from 1.0.0 house/base 2.0.0',
      'activate house/extra 1.0.0',
      'upgrade from 1.1.0 house/app 2.0.0',
    ]);
    const { grants } = await fixture.installations.read(org.id, 'house/app');
    expect(grants).toEqual([
      { name: 'http.fetch', scope: [CHAT], methods: ['GET'] },
      { name: 'kv' },
      { name: 'http.fetch', scope: [MAIL], methods: ['GET', 'POST'] },
    ]);
  });

  it('takes a narrower grant than was asked for, never a wider one', async () => {
    await installApp('^1.0.0');
    const { id } = await fixture.installations.createPlan(org.acting, upgrade);
    const grants = (scope: string): Consent => ({
      grants: [
        { plugin: 'house/app', permission: { name: 'kv' } },
        { plugin: 'house/app', permission: { name: 'http.fetch', scope: [scope], methods: ['GET'] } },
      ],
    });
    const wide = fixture.installations.applyPlan(org.acting, id, grants('https://*.example.org/*'));
    await expect(wide).rejects.toMatchObject({ code: 'consent_excessive' });
    await fixture.installations.applyPlan(org.acting, id, grants('https://mail.example.org/inbox'));
    const view = await fixture.installations.read(org.id, 'house/app');
    expect(view.grants.at(-1)).toEqual({
      name: 'http.fetch',
      scope: ['https://mail.example.org/inbox'],
      methods: ['GET'],
    });
  });
});

describe('while the next version is being activated', () => {
  it('the one before it serves', async () => {
    await installApp('^1.0.0');
    const served: unknown[] = [];
    const { activate } = fixture.runtime;
    fixture.runtime.activate = async (guest, from) => {
      const seen = await fixture.installations.describeGuest(org.slug, 'house/app');
      served.push([seen?.active, seen?.guest.plugin.version, seen?.guest.grants.length]);
      return activate(guest, from);
    };
    await carryOutRequest(fixture, org, upgrade);
    fixture.runtime.activate = activate;
    expect(served).toEqual(Array.from({ length: 3 }, () => ['yes', '1.1.0', 1]));
    const after = await fixture.installations.describeGuest(org.slug, 'house/app');
    expect(after).toMatchObject({ active: 'yes', guest: { plugin: { version: '2.0.0' } } });
  });
});

describe('an upgrade that fails half way', () => {
  it('is undone as a whole, and the reason is kept', async () => {
    await installApp('^1.0.0');
    const before = await fixture.installations.list(org.id);
    fixture.runtime.failing.set('house/app', 'no such table');
    await expect(carryOutRequest(fixture, org, upgrade)).rejects.toMatchObject({
      code: 'activation_failed',
      extensions: { plugin: 'house/app', reason: 'no such table' },
    });
    expect(await versions()).toEqual({ 'house/app': '1.1.0 active', 'house/base': '1.0.0 active' });
    const after = await fixture.installations.read(org.id, 'house/app');
    expect(after.reason).toContain('no such table');
    const rights = before.map(({ plugin, grants, config, range }) => ({ plugin, grants, config, range }));
    expect(await fixture.installations.list(org.id)).toMatchObject(rights);
    expect(fixture.runtime.calls.at(-1)).toBe('deactivate house/extra 1.0.0');
  });
});

describe('an upgrade that needs what is installed but idle', () => {
  it('activates it first, and puts it back when the upgrade fails', async () => {
    await installApp('^1.0.0');
    await carryOutRequest(fixture, org, { kind: 'install', plugin: 'house/extra' });
    fixture.runtime.failing.set('house/app', 'no');
    await expect(carryOutRequest(fixture, org, upgrade)).rejects.toMatchObject({ code: 'activation_failed' });
    expect(await versions()).toMatchObject({ 'house/app': '1.1.0 active', 'house/extra': '1.0.0 inactive' });
    fixture.runtime.failing.clear();
    await carryOutRequest(fixture, org, upgrade);
    expect(await versions()).toEqual({
      'house/app': '2.0.0 active',
      'house/base': '2.0.0 active',
      'house/extra': '1.0.0 active',
    });
  });
});

describe('configuration across versions', () => {
  it('refuses an upgrade whose schema the configuration no longer fits', async () => {
    await installApp('^1.0.0');
    await fixture.installations.setConfig(org.acting, 'house/app', { size: 3 });
    const plan = await fixture.installations.createPlan(org.acting, upgrade);
    expect(plan.missingConfig).toEqual([
      { plugin: 'house/app', violations: [{ pointer: '/size', message: 'must be string' }] },
    ]);
    await expect(fixture.installations.applyPlan(org.acting, plan.id, consentTo(plan))).rejects.toMatchObject(
      {
        code: 'config_invalid',
      },
    );
    expect(await versions()).toMatchObject({ 'house/app': '1.1.0 active' });
  });

  it('comes back with a rollback', async () => {
    await installApp('~1.0.0');
    await fixture.installations.setConfig(org.acting, 'house/app', { size: 3 });
    await carryOutRequest(fixture, org, { ...upgrade, range: '^1.0.0' });
    await fixture.installations.setConfig(org.acting, 'house/app', { size: 4 });
    const plan = await carryOutRequest(fixture, org, { kind: 'rollback', plugin: 'house/app' });
    expect(plan.changes).toMatchObject([{ kind: 'downgrade', toVersion: '1.0.0' }, { kind: 'keep' }]);
    const view = await fixture.installations.read(org.id, 'house/app');
    expect(view).toMatchObject({ version: '1.0.0', state: 'active', config: { size: 3 }, range: '^1.0.0' });
    expect(view.kept?.map(({ version }) => version)).toEqual(['1.1.0', '1.0.0']);
  });

  it('is refused to roll back to what was never there', async () => {
    await installApp('^1.0.0');
    for (const version of [undefined, '1.0.0']) {
      const request = {
        kind: 'rollback',
        plugin: 'house/app' as PluginId,
        ...(version ? { version } : {}),
      } as const;
      await expect(fixture.installations.createPlan(org.acting, request)).rejects.toMatchObject({
        code: 'version_not_kept',
      });
    }
  });
});

describe('pins', () => {
  it('hold a version against upgrades until they are taken away', async () => {
    await installApp('~1.0.0');
    await carryOutRequest(fixture, org, { kind: 'pin', plugin: 'house/app' });
    await expect(fixture.installations.createPlan(org.acting, upgrade)).rejects.toMatchObject({
      code: 'plan_request_invalid',
    });
    const all = await fixture.installations.createPlan(org.acting, { kind: 'upgradeAll' });
    expect(all.changes.map(({ kind }) => kind)).toEqual(['keep', 'keep']);
    await carryOutRequest(fixture, org, { kind: 'unpin', plugin: 'house/app' });
    await carryOutRequest(fixture, org, upgrade);
    expect(await versions()).toMatchObject({ 'house/app': '2.0.0 active' });
  });

  it('move to the version that is asked for', async () => {
    await installApp('^1.0.0');
    await carryOutRequest(fixture, org, { kind: 'pin', plugin: 'house/app', version: '1.0.0' });
    expect(await fixture.installations.read(org.id, 'house/app')).toMatchObject({
      version: '1.0.0',
      pinned: true,
    });
  });
});

describe('the lock of an organization', () => {
  it('brings another one to the same packages', async () => {
    await installApp('~1.0.0');
    const lock = await fixture.installations.exportLock(org.id);
    const second = await fixture.org(`${org.slug}-twin`);
    await carryOutRequest(fixture, second, { kind: 'import', lock });
    expect(await fixture.installations.exportLock(second.id)).toEqual(lock);
    const other = { ...lock, plugins: lock.plugins.map((entry) => ({ ...entry, digest: '0'.repeat(64) })) };
    await expect(
      fixture.installations.createPlan(second.acting, { kind: 'import', lock: other }),
    ).rejects.toMatchObject({ code: 'plan_request_invalid' });
  });
});

describe('upgrade all', () => {
  it('keeps what nothing needs any more, since its data would go with it', async () => {
    await installApp('^1.0.0');
    await fixture.publish({ id: 'house/app', version: '1.2.0', config: {} });
    const plan = await fixture.installations.createPlan(org.acting, { kind: 'upgradeAll' });
    expect(plan.changes).toMatchObject([
      { kind: 'upgrade', plugin: 'house/app', toVersion: '1.2.0' },
      { plugin: 'house/base' },
    ]);
    expect(plan.changes.some(({ kind }) => kind === 'remove')).toBe(false);
  });
});

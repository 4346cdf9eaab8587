import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  carryOutRequest,
  consentTo,
  startFixture,
  type Fixture,
  type Org,
} from '../../tests/support/installations.ts';

let fixture: Fixture;
let org: Org;
let other: Org;

beforeAll(async () => {
  fixture = await startFixture();
  org = await fixture.org('club');
  other = await fixture.org('rival');
  await fixture.publish({
    id: 'house/hello',
    version: '1.0.0',
    contributes: { endpoints: [{ method: 'GET', path: '/' }] },
  });
  await fixture.publish({
    id: 'house/counter',
    version: '1.0.0',
    dependencies: { 'house/hello': '^1.0.0' },
    permissions: [{ name: 'kv', reason: 'counts' }],
  });
});

afterAll(() => fixture.close());

describe('from a plan to a running plugin', () => {
  it('plans the closure, its order, and who asks for what', async () => {
    const plan = await fixture.installations.createPlan(org.acting, {
      kind: 'install',
      plugin: 'house/counter',
    });
    expect(plan.changes).toMatchObject([
      { kind: 'add', plugin: 'house/counter', toVersion: '1.0.0', why: ['You asked for it.'] },
      { kind: 'add', plugin: 'house/hello', toVersion: '1.0.0', why: ['house/counter needs ^1.0.0.'] },
    ]);
    expect(plan.activationOrder).toEqual(['house/hello', 'house/counter']);
    expect(plan.permissions).toEqual([
      {
        plugin: 'house/counter',
        permission: { name: 'kv', reason: 'counts' },
        risk: 'low',
        description: 'Keeps its own data in this organization; no other plugin sees it.',
        causedBy: [],
      },
    ]);
    expect(await fixture.installations.list(org.id)).toEqual([]);
  });

  it('installs with consent, activates in order, and describes the guest', async () => {
    await carryOutRequest(fixture, org, { kind: 'install', plugin: 'house/counter' });
    await expect(fixture.installations.activate(org.acting, 'house/counter', 'refuse')).rejects.toMatchObject(
      { code: 'dependency_not_active', extensions: { dependencies: ['house/hello'] } },
    );
    const before = await fixture.installations.describeGuest('club', 'house/counter');
    expect(before).toMatchObject({ active: 'no', state: 'installed' });
    await fixture.installations.activate(org.acting, 'house/counter', 'cascade');
    expect(fixture.runtime.calls).toEqual(['activate house/hello 1.0.0', 'activate house/counter 1.0.0']);
    const guest = await fixture.installations.describeGuest('club', 'house/counter');
    expect(guest).toMatchObject({
      active: 'yes',
      guest: {
        org: { id: org.id, slug: 'club' },
        plugin: { id: 'house/counter', version: '1.0.0' },
        main: 'index.js',
        tier: 'trusted',
        grants: [{ name: 'kv' }],
        dependencies: ['house/hello'],
        config: {},
      },
    });
    expect(await fixture.installations.describeGuest('rival', 'house/counter')).toBeUndefined();
    expect(await fixture.installations.describeGuest('nowhere', 'house/counter')).toBeUndefined();
    expect(await fixture.installations.list(other.id)).toEqual([]);
  });

  it('refuses to take away what others need, and names them', async () => {
    for (const step of [
      () => fixture.installations.deactivate(org.acting, 'house/hello', 'refuse'),
      () => fixture.installations.uninstall(org.acting, 'house/hello', 'refuse'),
    ]) {
      await expect(step()).rejects.toMatchObject({
        code: 'installation_needed',
        extensions: { dependants: ['house/counter'] },
      });
    }
  });

  it('uninstalls in cascade, dependants first, hooks before data', async () => {
    fixture.runtime.calls.length = 0;
    await fixture.installations.uninstall(org.acting, 'house/hello', 'cascade');
    expect(fixture.runtime.calls).toEqual(['deactivate house/counter 1.0.0', 'deactivate house/hello 1.0.0']);
    expect(await fixture.installations.list(org.id)).toEqual([]);
    expect(await fixture.installations.describeGuest('club', 'house/counter')).toBeUndefined();
  });
});

describe('a removal', () => {
  it('leaves what nothing needs any more, with its data, and says so', async () => {
    const club = await fixture.org('tidy');
    await carryOutRequest(fixture, club, { kind: 'install', plugin: 'house/counter' });
    const plan = await carryOutRequest(fixture, club, {
      kind: 'remove',
      plugin: 'house/counter',
      dependants: 'refuse',
    });
    expect(plan.changes).toMatchObject([
      { kind: 'remove', plugin: 'house/counter', why: ['You asked to remove it.'] },
      {
        kind: 'keep',
        plugin: 'house/hello',
        why: ['Nothing needs it any more; remove it when its data may go.'],
      },
    ]);
    await fixture.installations.uninstall(club.acting, 'house/hello', 'refuse');
    expect(await fixture.installations.list(club.id)).toEqual([]);
  });
});

describe('what nothing needs any more', () => {
  it('stays in its version though that is a prerelease', async () => {
    const club = await fixture.org('early');
    await fixture.publish({ id: 'house/early', version: '2.0.0-rc.1' });
    await fixture.publish({
      id: 'house/needs-early',
      version: '1.0.0',
      dependencies: { 'house/early': '^2.0.0-rc.1' },
    });
    await carryOutRequest(fixture, club, { kind: 'install', plugin: 'house/needs-early' });
    const plan = await fixture.installations.createPlan(club.acting, {
      kind: 'remove',
      plugin: 'house/needs-early',
      dependants: 'refuse',
    });
    expect(plan.changes).toMatchObject([
      { kind: 'keep', plugin: 'house/early', toVersion: '2.0.0-rc.1' },
      { kind: 'remove', plugin: 'house/needs-early' },
    ]);
  });

  it('stays though another one of its kind is in the way', async () => {
    const club = await fixture.org('crowd');
    const ids = ['house/left-a', 'house/left-b', 'house/left-c'] as const;
    for (const id of ids) {
      const optionalDependencies = id === 'house/left-b' ? { 'house/newcomer': '<1.0.0' } : {};
      await fixture.publish({ id, version: '1.0.0', optionalDependencies });
    }
    await fixture.publish({
      id: 'house/needs-left',
      version: '1.0.0',
      dependencies: Object.fromEntries(ids.map((id) => [id, '*'])),
    });
    await fixture.publish({ id: 'house/newcomer', version: '1.0.0' });
    await carryOutRequest(fixture, club, { kind: 'install', plugin: 'house/needs-left' });
    await carryOutRequest(fixture, club, {
      kind: 'remove',
      plugin: 'house/needs-left',
      dependants: 'refuse',
    });
    const plan = await fixture.installations.createPlan(club.acting, {
      kind: 'install',
      plugin: 'house/newcomer',
    });
    expect(plan.changes.map(({ kind, plugin }) => `${kind} ${plugin}`)).toEqual([
      'keep house/left-a',
      'remove house/left-b',
      'keep house/left-c',
      'add house/newcomer',
    ]);
  });
});

describe('consent', () => {
  it('is refused when a permission is missing or was not asked for', async () => {
    const plan = await fixture.installations.createPlan(other.acting, {
      kind: 'install',
      plugin: 'house/counter',
    });
    await expect(
      fixture.installations.applyPlan(other.acting, plan.id, { grants: [] }),
    ).rejects.toMatchObject({
      code: 'consent_missing',
      violations: [{ message: expect.stringContaining('kv') as string }],
    });
    const wide = {
      grants: [...consentTo(plan).grants, { plugin: 'house/hello', permission: { name: 'jobs' } }],
    } as const;
    await expect(fixture.installations.applyPlan(other.acting, plan.id, wide)).rejects.toMatchObject({
      code: 'consent_excessive',
    });
    expect(await fixture.installations.list(other.id)).toEqual([]);
  });

  it('is written down with the digest, and stays after the installation went', async () => {
    const { id } = await carryOutRequest(fixture, other, { kind: 'install', plugin: 'house/counter' });
    await expect(fixture.installations.applyPlan(other.acting, id, { grants: [] })).rejects.toMatchObject({
      code: 'plan_outdated',
    });
    const [view] = await fixture.installations.list(other.id);
    await fixture.installations.uninstall(other.acting, 'house/counter', 'refuse');
    expect(await fixture.installations.receipts(other.id, 'house/counter')).toMatchObject([
      { version: '1.0.0', digest: view?.digest, granted: [{ name: 'kv' }], asked: [{ name: 'kv' }] },
    ]);
  });
});

describe('plans of two administrators', () => {
  it('let one win and tell the other to plan again', async () => {
    const club = await fixture.org('race');
    const request = { kind: 'install', plugin: 'house/counter' } as const;
    const plans = await Promise.all([1, 2].map(() => fixture.installations.createPlan(club.acting, request)));
    const ends = await Promise.allSettled(
      plans.map((plan) => fixture.installations.applyPlan(club.acting, plan.id, consentTo(plan))),
    );
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'plan_outdated' },
    });
    expect(await fixture.installations.list(club.id)).toHaveLength(2);
  });

  it('are nobody else to apply or read', async () => {
    const plan = await fixture.installations.createPlan(org.acting, {
      kind: 'install',
      plugin: 'house/hello',
    });
    const foreign = [
      () => fixture.installations.applyPlan(other.acting, plan.id, { grants: [] }),
      () => fixture.installations.readPlan(other.id, plan.id),
      () => fixture.installations.readPlan(other.id, 'no-uuid'),
    ];
    for (const attempt of foreign) await expect(attempt()).rejects.toMatchObject({ code: 'plan_not_found' });
  });
});

describe('a private plugin', () => {
  it('is installed by those who may see it, and does not exist for others', async () => {
    const id = 'house/private';
    await fixture.publish(
      { id, version: '1.0.0' },
      { visibility: 'private', ownerOrgId: org.id, signature: 'unsigned' },
    );
    const plan = await carryOutRequest(fixture, org, { kind: 'install', plugin: id });
    expect(plan.advisories).toMatchObject([{ kind: 'unsigned', plugin: id }]);
    const description = await fixture.installations.describeGuest('club', id);
    expect(description?.guest.tier).toBe('unreviewed');
    await expect(
      fixture.installations.createPlan(other.acting, { kind: 'install', plugin: id }),
    ).rejects.toMatchObject({ code: 'resolution_impossible' });
  });
});

describe('advisories', () => {
  it('tell of a yank, a deprecation, other keys and another owner', async () => {
    const club = await fixture.org('careful');
    const id = 'house/odd';
    await fixture.publish({ id, version: '1.0.0' });
    await carryOutRequest(fixture, club, { kind: 'install', plugin: id });
    await fixture.publish({ id, version: '1.1.0' }, { keyIds: ['ed25519:two'] });
    await fixture.test.superuser.query(
      `update plugin_version set yanked_at = now(), yank_reason = 'broken', deprecated_at = now(), replacement = 'house/new'
        where version = '1.1.0' and plugin_id = (select id from plugin where name = 'odd')`,
    );
    await fixture.test.superuser.query(`update plugin set owner_org_id = $1 where name = 'odd'`, [club.id]);
    const plan = await fixture.installations.createPlan(club.acting, {
      kind: 'pin',
      plugin: id,
      version: '1.1.0',
    });
    expect(plan.advisories.map(({ kind }) => kind)).toEqual([
      'yanked',
      'deprecated',
      'keysChanged',
      'ownerChanged',
    ]);
    await fixture.test.superuser.query(
      `update plugin_version set yanked_at = null where version = '1.1.0' and plugin_id = (select id from plugin where name = 'odd')`,
    );
    // What was shown is no longer what is so.
    await expect(fixture.installations.applyPlan(club.acting, plan.id, { grants: [] })).rejects.toMatchObject(
      {
        code: 'plan_outdated',
      },
    );
  });
});

/** Who keeps a newer version of a plugin out of an organization, and that what is advised works. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  carryOutRequest,
  startFixture,
  type Fixture,
  type Org,
} from '../../../tests/support/installations.ts';
import type { AuditActor } from '../../../database/index.ts';
import { createUser } from '../../../identity/index.ts';
import { createInstanceOrganization } from '../../../identity/organizations.ts';
import type { PluginId } from '../../../spec/plugin-id.ts';
import type { Refusal } from '../../../spec/refusal.ts';
import { PluginEntity } from '../../entities/index.ts';
import type { HeldBack, PlanRequest } from './plan.ts';

const LIB = 'house/lib';
let fixture: Fixture;
let org: Org;
let orgs = 0;

beforeAll(async () => {
  fixture = await startFixture();
  const needing = (id: PluginId, version: string, range: string) =>
    fixture.publish({ id, version, dependencies: { [LIB]: range } });
  for (const version of ['1.0.0', '1.1.0', '2.0.0', '3.0.0-rc.1'])
    await fixture.publish({ id: LIB, version });
  await needing('house/app', '1.0.0', '~1.0.0');
  await needing('house/app', '2.0.0', '^2.0.0');
  await needing('house/app', '3.0.0', '^3.0.0');
  await needing('house/strict', '1.0.0', '^1.0.0');
  await needing('house/strict', '2.0.0', '^2.0.0');
  await needing('house/two', '1.0.0', '^1.0.0');
  await needing('house/two', '2.0.0', '1 || 2');
  await needing('house/late', '1.0.0', '^1.0.0');
  await needing('house/wide', '1.0.0', '>=1.0.0');
  await fixture.publish({ id: 'house/odd', version: '1.0.0', optionalDependencies: { [LIB]: '^1.0.0' } });
  await fixture.publish({ id: 'house/odd', version: '2.0.0' });
});
beforeEach(async () => {
  org = await fixture.org(`club-${(orgs += 1)}`);
});
afterAll(() => fixture.close());

async function install(plugin: PluginId, range?: string): Promise<void> {
  await carryOutRequest(fixture, org, { kind: 'install', plugin, ...(range ? { range } : {}) });
}

async function refusalOf(request: PlanRequest): Promise<Refusal> {
  return fixture.installations.createPlan(org.acting, request).then(
    () => expect.fail('it was planned'),
    (error: Refusal) => error,
  );
}

async function versions(): Promise<Record<string, string>> {
  const views = await fixture.installations.list(org.id);
  return Object.fromEntries(views.map(({ plugin, version }) => [plugin, version]));
}

describe('an upgrade of what came along as a dependency', () => {
  it('says which newer version is kept out, by whom, and what takes it along', async () => {
    await install('house/app', '^1.0.0');
    const plan = await fixture.installations.createPlan(org.acting, { kind: 'upgrade', plugin: LIB });
    expect(plan.changes.map(({ kind }) => kind)).toEqual(['keep', 'keep']);
    expect(plan.heldBack).toEqual({
      plugin: LIB,
      range: '2.0.0',
      by: [
        {
          plugin: 'house/app',
          version: '1.0.0',
          kind: 'required',
          range: '~1.0.0',
          follower: '2.0.0',
          message:
            'house/app 1.0.0 needs house/lib ~1.0.0; house/app 2.0.0 goes further: upgrade that first, with the range ^1.0.0 || ^2.0.0.',
        },
      ],
      message:
        'house/lib 2.0.0 is held back. house/app 1.0.0 needs house/lib ~1.0.0; house/app 2.0.0 goes further: upgrade that first, with the range ^1.0.0 || ^2.0.0.',
    });
    expect(await fixture.installations.readPlan(org.id, plan.id)).toEqual(plan);
    expect(await fixture.installations.requestUpgrade(org.acting, LIB)).toEqual({
      kind: 'current',
      heldBack: plan.heldBack,
    });
    await carryOutRequest(fixture, org, { kind: 'upgrade', plugin: 'house/app', range: '2' });
    expect(await versions()).toEqual({ 'house/app': '2.0.0', [LIB]: '2.0.0' });
  });

  it('says nothing where the newest comes, or somebody asked for no newer one', async () => {
    await install('house/wide');
    const upgrade = { kind: 'upgrade', plugin: LIB } as const;
    expect((await fixture.installations.createPlan(org.acting, upgrade)).heldBack).toBeUndefined();
    const older = { ...upgrade, range: '~1.0.0' };
    expect((await fixture.installations.createPlan(org.acting, older)).heldBack).toBeUndefined();
    expect(await fixture.installations.requestUpgrade(org.acting, 'house/wide')).toEqual({ kind: 'current' });
  });
});

describe('a plugin in whose own range a newer version goes further', () => {
  const upgrade = { kind: 'upgrade', plugin: LIB } as const;
  const rangeOf = async (id: PluginId): Promise<void> => {
    await fixture.publish({ id, version: '1.0.0', dependencies: { [LIB]: '~1.0.0' } });
    await install(id, '^1.0.0');
    await fixture.publish({ id, version: '1.1.0', dependencies: { [LIB]: '^1.0.0' } });
    await fixture.publish({ id, version: '2.0.0', dependencies: { [LIB]: '>=1' } });
  };

  it('stays where it is until it is upgraded itself, which is what is advised', async () => {
    await rangeOf('house/staying');
    const plan = await fixture.installations.createPlan(org.acting, upgrade);
    expect(plan.heldBack?.message).toBe(
      'house/lib 2.0.0 is held back. house/staying 1.0.0 needs house/lib ~1.0.0; house/staying 1.1.0 goes further: upgrade that first.',
    );
    await carryOutRequest(fixture, org, { kind: 'upgrade', plugin: 'house/staying' });
    const next = await carryOutRequest(fixture, org, upgrade);
    expect(await versions()).toEqual({ 'house/staying': '1.1.0', [LIB]: '1.1.0' });
    expect(next.heldBack?.by).toMatchObject([{ version: '1.1.0', range: '^1.0.0', follower: '2.0.0' }]);
  });

  it('moves along with what somebody asked for, and is named as it is after the plan', async () => {
    await rangeOf('house/moving');
    await install(LIB);
    const plan = await fixture.installations.createPlan(org.acting, upgrade);
    expect(plan.changes.map(({ kind, toVersion }) => [kind, toVersion])).toEqual([
      ['upgrade', '1.1.0'],
      ['upgrade', '1.1.0'],
    ]);
    expect(plan.heldBack?.by).toMatchObject([{ plugin: 'house/moving', version: '1.1.0', range: '^1.0.0' }]);
  });
});

describe('an upgrade that is impossible', () => {
  const asked = { kind: 'upgrade', plugin: LIB, range: '^2.0.0' } as const;

  it('names everybody who stands in the way, and for each what can be done', async () => {
    for (const plugin of ['house/two', 'house/late', 'house/odd', 'house/wide'] as const)
      await install(plugin, '^1.0.0');
    await carryOutRequest(fixture, org, { kind: 'pin', plugin: 'house/two' });
    const refusal = await refusalOf(asked);
    const held = refusal.extensions['heldBack'] as unknown as HeldBack;
    expect(refusal.code).toBe('resolution_impossible');
    expect(held.by.map(({ message }) => message)).toEqual([
      'house/late 1.0.0 needs house/lib ^1.0.0, and no newer version of it goes further: ask its publisher for one, or uninstall it first.',
      'house/odd 1.0.0 works only with house/lib ^1.0.0; house/odd 2.0.0 goes further: upgrade that first, with the range ^1.0.0 || ^2.0.0.',
      'house/two 1.0.0 needs house/lib ^1.0.0; house/two 2.0.0 goes further: unpin it first.',
    ]);
    expect(held).toMatchObject({ plugin: LIB, range: '^2.0.0' });
    expect(refusal.hint.startsWith(`${held.message} `)).toBe(true);
    expect((refusal.extensions['hints'] as string[])[0]).toBe(held.message);
    expect(refusal.message).toContain('version solving failed');
  });

  it('becomes possible once all that was advised has been done', async () => {
    for (const plugin of ['house/two', 'house/late', 'house/odd'] as const) await install(plugin, '^1.0.0');
    await carryOutRequest(fixture, org, { kind: 'pin', plugin: 'house/two' });
    await carryOutRequest(fixture, org, { kind: 'remove', plugin: 'house/late', dependants: 'refuse' });
    await carryOutRequest(fixture, org, { kind: 'upgrade', plugin: 'house/odd', range: '2.0.0' });
    await carryOutRequest(fixture, org, { kind: 'unpin', plugin: 'house/two' });
    const left = (await refusalOf(asked)).extensions['heldBack'] as unknown as HeldBack;
    expect(left.by.map(({ message }) => message)).toEqual([
      'house/two 1.0.0 needs house/lib ^1.0.0; house/two 2.0.0 goes further: upgrade that first, with the range ^1.0.0 || ^2.0.0.',
    ]);
    await carryOutRequest(fixture, org, { kind: 'upgrade', plugin: 'house/two', range: '2.0.0' });
    await carryOutRequest(fixture, org, asked);
    expect(await versions()).toMatchObject({ [LIB]: '2.0.0', 'house/two': '2.0.0' });
  });

  it('becomes possible by the same steps where those who hold back can only move together', async () => {
    const plugins = ['house/app', 'house/strict'] as const;
    for (const plugin of plugins) await install(plugin, '^1.0.0');
    const held = (await refusalOf(asked)).extensions['heldBack'] as unknown as HeldBack;
    expect(held.by.map(({ plugin }) => plugin)).toEqual(plugins);
    const range = '^1.0.0 || ^2.0.0';
    for (const { message } of held.by) expect(message).toContain(`with the range ${range}.`);
    await carryOutRequest(fixture, org, { kind: 'upgrade', plugin: 'house/app', range });
    expect(await versions()).toMatchObject({ 'house/app': '1.0.0', [LIB]: '1.0.0' });
    await carryOutRequest(fixture, org, { kind: 'upgrade', plugin: 'house/strict', range });
    expect(await versions()).toEqual({ 'house/app': '2.0.0', 'house/strict': '2.0.0', [LIB]: '2.0.0' });
  });

  it('advises no step to a version that was yanked, or that runs on another Souk', async () => {
    const id = 'house/gone';
    const dependencies = { [LIB]: '^2.0.0' };
    await fixture.publish({ id, version: '1.0.0', dependencies: { [LIB]: '^1.0.0' } });
    await fixture.publish({ id, version: '2.0.0', dependencies });
    await fixture.publish({ id, version: '2.1.0', dependencies, engines: { souk: '^99.0.0' } });
    await fixture.test.superuser.query(
      `update plugin_version set yanked_at = now(), yank_reason = 'broken'
        where version = '2.0.0' and plugin_id = (select id from plugin where name = 'gone')`,
    );
    await install(id, '^1.0.0');
    const held = (await refusalOf(asked)).extensions['heldBack'] as unknown as HeldBack;
    expect(held.by).toMatchObject([{ plugin: id, version: '1.0.0', follower: null }]);
  });

  it('is laid at nobody’s door where nobody has the version, or its own needs are in the way', async () => {
    await install('house/app', '^1.0.0');
    const unknown = await refusalOf({ ...asked, range: '^9.0.0' });
    expect([unknown.code, unknown.extensions['heldBack']]).toEqual(['resolution_impossible', undefined]);
    const foreign = await refusalOf({ kind: 'install', plugin: 'house/none' });
    expect([foreign.code, foreign.extensions['heldBack']]).toEqual(['resolution_impossible', undefined]);
  });
});

it('a global plugin holds back as well, and only the instance can move it', async () => {
  const SIDE = 'house/side';
  for (const version of ['1.0.0', '2.0.0']) await fixture.publish({ id: SIDE, version });
  await fixture.publish({
    id: 'house/everywhere',
    version: '1.0.0',
    optionalDependencies: { [SIDE]: '^1.0.0' },
  });
  const actor: AuditActor = { kind: 'system', name: 'test' };
  const orgId = await fixture.database.transaction({ kind: 'instance' }, async (tx) => {
    const admin = await createUser(tx, actor, { name: 'Admin', instanceRole: 'admin' });
    await tx.em.nativeUpdate(PluginEntity, { name: 'everywhere' }, { isGlobal: true });
    return (await createInstanceOrganization(tx, actor, admin.id)).id;
  });
  const instance: Org = { id: orgId, slug: 'instance', acting: { orgId, actor } };
  await carryOutRequest(fixture, instance, { kind: 'install', plugin: 'house/everywhere' });
  await fixture.installations.activate(instance.acting, 'house/everywhere', 'refuse');
  await install(SIDE);
  const plan = await fixture.installations.createPlan(org.acting, { kind: 'upgrade', plugin: SIDE });
  expect(plan.heldBack?.message).toBe(
    'house/side 2.0.0 is held back. house/everywhere 1.0.0 works only with house/side ^1.0.0, and the instance decides its version.',
  );
});

/** Versions that fell below their publisher's keys are found without anybody saying so. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { codeOf } from '../../tests/support/refusals.ts';
import { carryOutRequest, startFixture, type Fixture, type Org } from '../../tests/support/installations.ts';

const BASE = 'acme/base';
const TOP = 'acme/top';
let fixture: Fixture;
let [deactivating, blocking]: Org[] = [];

beforeAll(async () => {
  fixture = await startFixture();
  await fixture.publish({ id: BASE, version: '1.0.0' });
  await fixture.publish({ id: TOP, version: '1.0.0', dependencies: { [BASE]: '^1.0.0' } });
  [deactivating, blocking] = [await fixture.org('deactivating'), await fixture.org('blocking')];
  for (const org of [deactivating, blocking]) {
    await carryOutRequest(fixture, org, { kind: 'install', plugin: TOP });
    await fixture.installations.activate(org.acting, TOP, 'cascade');
  }
  await fixture.installations.setRevocationPolicy(deactivating.acting, 'deactivate');
});
afterAll(() => fixture.close());

const states = async (org: Org | undefined): Promise<string[]> =>
  (await fixture.installations.list(org?.id ?? '')).map(({ plugin, state }) => `${plugin} ${state}`);

it('nothing is taken down while nothing is unsafe', async () => {
  expect(await fixture.installations.enforceRevocations()).toBe(0);
  expect(await states(deactivating)).toEqual([`${BASE} active`, `${TOP} active`]);
});

it('what is unsafe is taken down after what needs it, once, where the organization wants that', async () => {
  await fixture.test.superuser.query(
    `update plugin_version set signature = 'untrusted'
      where plugin_id = (select id from plugin where publisher = 'acme' and name = 'base')`,
  );
  fixture.runtime.calls.length = 0;
  const taken = await Promise.all([
    fixture.installations.enforceRevocations(),
    fixture.installations.enforceRevocations(),
  ]);
  expect(taken[0] + taken[1]).toBe(2);
  expect(fixture.runtime.calls).toEqual([`deactivate ${TOP} 1.0.0`, `deactivate ${BASE} 1.0.0`]);
  expect(await states(deactivating)).toEqual([`${BASE} inactive`, `${TOP} inactive`]);
  expect((await fixture.installations.read(deactivating?.id ?? '', BASE)).danger).toMatchObject({
    kind: 'untrusted',
  });
  expect(await states(blocking)).toEqual([`${BASE} active`, `${TOP} active`]);
  expect(await fixture.installations.enforceRevocations()).toBe(0);
});

it('what another one takes down keeps standing on what it needs until it is down', async () => {
  if (!deactivating) return expect.unreachable();
  const { installations, runtime, test } = fixture;
  await test.superuser.query(
    `update installation set state = 'active' where org_id = $1 and state = 'inactive'`,
    [deactivating.id],
  );
  runtime.calls.length = 0;
  const { deactivate } = runtime;
  const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  runtime.deactivate = async (guest) => {
    begun.resolve();
    await goOn.promise;
    return deactivate(guest);
  };
  const first = installations.enforceRevocations();
  await begun.promise;
  runtime.deactivate = deactivate;
  expect(await installations.enforceRevocations()).toBe(0);
  expect(await states(deactivating)).toEqual([`${BASE} active`, `${TOP} deactivating`]);
  goOn.resolve();
  expect(await first).toBe(2);
  expect(runtime.calls).toEqual([`deactivate ${TOP} 1.0.0`, `deactivate ${BASE} 1.0.0`]);
});

it('and is not started again by an organization that did not decide anything', async () => {
  if (!blocking) return expect.unreachable();
  const { acting } = blocking;
  await fixture.installations.deactivate(acting, BASE, 'cascade');
  expect(await codeOf(() => fixture.installations.activate(acting, TOP, 'cascade'))).toBe('version_unsafe');
  expect(await states(blocking)).toEqual([`${BASE} inactive`, `${TOP} inactive`]);
});

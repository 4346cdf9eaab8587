/** A revocation reaches what is installed: by each organization's own policy, with the blast radius shown first. */
import { describe, expect, it } from 'vitest';
import type { TestOrg } from '../support/test-org.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const house = await souk.org('house');
const kelompok = await souk.publisher('kelompok', house);
const BASE = 'kelompok/base';
const TOP = 'kelompok/top';
const endpoints = [{ method: 'GET', path: '/run', access: 'public' }] as const;
await kelompok.ship({ id: BASE, endpoints }, { id: TOP, endpoints, dependencies: { [BASE]: '^1.0.0' } });
const REVOCATION = `/api/v1/packages/${BASE}/versions/1.0.0/revocation`;
const policy = (org: TestOrg, reaction: string) =>
  org.owner.put(org.path('/revocation-policy'), { reaction });
const states = async (org: TestOrg): Promise<unknown> =>
  (await org.owner.get(org.path('/installations'))).json.items.map(
    ({ plugin, state }: { plugin: string; state: string }) => `${plugin} ${state}`,
  );
/** Where the server's own look, every few seconds, has begun to take plugins down, that one goes on with them. */
async function settled(org: TestOrg): Promise<unknown> {
  const kinds = async (): Promise<Set<unknown>> =>
    new Set(
      (await org.owner.get(org.path('/installations'))).json.items.map(
        ({ state }: { state: string }) => state,
      ),
    );
  await expect.poll(kinds).toBeOneOf([new Set(['active']), new Set(['inactive'])]);
  return states(org);
}
const RUNNING = [`${BASE} active`, `${TOP} active`];
const [warning, blocking, deactivating] = [
  await souk.org('warns'),
  await souk.org('blocks'),
  await souk.org('stops'),
];
for (const org of [warning, blocking, deactivating]) await org.install(TOP);
await policy(warning, 'warn');
await policy(deactivating, 'deactivate');

describe('before', () => {
  it('an organization sees what would stop with a plugin', async () => {
    const { json } = await warning.owner.get(warning.path(`/plugins/${BASE}/blast-radius`));
    expect(json).toEqual({
      plugin: BASE,
      endpoints: [`${TOP}: GET /run`, `${BASE}: GET /run`],
      commands: [],
      dependants: [TOP],
    });
    expect((await house.owner.get(house.path(`/plugins/${BASE}/blast-radius`))).json.code).toBe(
      'plugin_not_installed',
    );
    expect((await house.owner.get(warning.path(`/plugins/${BASE}/blast-radius`))).json.code).toBe(
      'not_found',
    );
  });

  it('its publisher sees how many, and not who', async () => {
    expect((await house.owner.get(REVOCATION)).json).toEqual({ organizations: 3, active: 3 });
  });

  it.each([
    ['by somebody else', () => warning.owner.put(REVOCATION, { reason: 'x' }), 'publisher_not_yours'],
    ['seen by somebody else', () => warning.owner.get(REVOCATION), 'publisher_not_yours'],
    ['without a reason', () => house.owner.put(REVOCATION, { reason: ' ' }), 'reason_invalid'],
    [
      'of no version',
      () => house.owner.put(REVOCATION.replace('1.0.0', '9.9.9'), { reason: 'x' }),
      'not_found',
    ],
    ['with a policy that is none', () => policy(warning, 'ignore'), 'request_invalid'],
  ])('is refused: %s', async (_trick, attempt, code) => {
    expect((await attempt()).json.code).toBe(code);
    expect(await states(deactivating)).toEqual(RUNNING);
  });
});

describe('after a version was revoked', () => {
  it('is said once, for good', async () => {
    const revoked = await house.owner.put(REVOCATION, { reason: 'It leaks tokens.' });
    expect([revoked.status, revoked.json.state, revoked.json.stateReason]).toEqual([
      200,
      'revoked',
      'It leaks tokens.',
    ]);
    expect((await house.owner.put(REVOCATION, { reason: 'Again.' })).json.stateReason).toBe(
      'It leaks tokens.',
    );
  });

  it('nobody installs it anew', async () => {
    const plan = await (await souk.org('late')).plan({ kind: 'install', plugin: TOP });
    expect(plan.json.code).toBe('resolution_impossible');
  });

  it('warn: it goes on, is shown, and may be started again', async () => {
    expect(await states(warning)).toEqual(RUNNING);
    const { json } = await warning.owner.get(warning.path(`/plugins/${BASE}`));
    expect(json.danger).toMatchObject({ kind: 'revoked', reason: 'It leaks tokens.' });
    await warning.step(BASE, 'deactivate', { others: 'cascade' });
    expect((await warning.step(TOP, 'activate', { others: 'cascade' })).status).toBe(200);
  });

  it('block: it goes on, and is not started again', async () => {
    expect(await states(blocking)).toEqual(RUNNING);
    await blocking.step(BASE, 'deactivate', { others: 'cascade' });
    const again = await blocking.step(TOP, 'activate', { others: 'cascade' });
    expect([again.json.code, again.json.plugins]).toEqual(['version_unsafe', [BASE]]);
    expect(await states(blocking)).toEqual([`${BASE} inactive`, `${TOP} inactive`]);
  });

  it('deactivate: it is down with what needs it, and says why', async () => {
    expect(await settled(deactivating)).toEqual([`${BASE} inactive`, `${TOP} inactive`]);
    const { json } = await deactivating.owner.get(deactivating.path(`/plugins/${TOP}`));
    expect(json.reason).toContain('It leaks tokens.');
    expect((await deactivating.call(TOP, '/run')).json.code).toBe('plugin_not_active');
  });

  it('a policy shows what it affects, and takes hold at once', async () => {
    const { json } = await warning.owner.get(warning.path('/revocation-policy'));
    expect(json).toMatchObject({
      reaction: 'warn',
      affected: [{ plugin: BASE, version: '1.0.0', kind: 'revoked', blastRadius: { dependants: [TOP] } }],
    });
    expect((await policy(warning, 'deactivate')).status).toBe(200);
    expect(await settled(warning)).toEqual([`${BASE} inactive`, `${TOP} inactive`]);
  });

  it('a version that is offered takes its place and runs', async () => {
    await kelompok.ship({ id: BASE, version: '1.0.1', endpoints });
    const upgraded = await deactivating.owner.post(deactivating.path(`/plugins/${BASE}/upgrade`), {});
    expect(upgraded.json).toEqual({ kind: 'upgraded', version: '1.0.1' });
    expect((await deactivating.step(TOP, 'activate', { others: 'cascade' })).status).toBe(200);
    const { json } = await deactivating.owner.get(deactivating.path(`/plugins/${BASE}`));
    expect(json).toMatchObject({ state: 'active', danger: null });
  });
});

it('a plugin that is hidden from an organization by now is not less unsafe', async () => {
  const secret = 'kelompok/secret';
  const shipped = await kelompok.publish({ id: secret }, house.path('/packages'));
  expect(shipped.answer.status, shipped.answer.text).toBe(201);
  const grant = `/api/v1/packages/${secret}/grants/blocks`;
  await souk.admin.send('PUT', grant);
  await blocking.install(secret);
  await blocking.step(secret, 'deactivate', {});
  await souk.admin.delete(grant);
  const revocation = `/api/v1/packages/${secret}/versions/1.0.0/revocation`;
  expect((await house.owner.put(revocation, { reason: 'Unsafe.' })).status).toBe(200);
  expect((await blocking.step(secret, 'activate', {})).json.code).toBe('version_unsafe');
  const { json } = await blocking.owner.get(blocking.path(`/plugins/${secret}`));
  expect(json.danger).toMatchObject({ kind: 'revoked', reason: 'Unsafe.' });
});

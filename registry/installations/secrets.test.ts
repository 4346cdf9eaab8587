/** What the lifecycle makes of secrets that are set or not; values are none of its business. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  carryOutRequest,
  consentTo,
  startFixture,
  type Fixture,
  type Org,
} from '../../tests/support/installations.ts';
import { lackingSecrets } from './secrets.ts';

const PLUGIN = 'house/bot';
let fixture: Fixture;
let org: Org;
/** What the port answers for every installation of the organization. */
const held = new Set<string>();

beforeAll(async () => {
  fixture = await startFixture([], undefined, async (tx, orgId) => {
    const rows = await tx.em.execute<{ id: string }[]>('select id from installation where org_id = ?', [
      orgId,
    ]);
    return new Map(rows.map(({ id }) => [id, held]));
  });
  org = await fixture.org('club');
  const botToken = { title: 'Bot token', required: true };
  await fixture.publish({ id: PLUGIN, version: '1.0.0', secrets: { botToken, extra: { title: 'Extra' } } });
  await fixture.publish({
    id: PLUGIN,
    version: '2.0.0',
    secrets: { botToken, next: { title: 'Next', required: true } },
  });
});

afterAll(() => fixture.close());

it('names those that are required and not set', () => {
  const manifest = { secrets: { a: { title: 'a', required: true }, b: { title: 'b' } } };
  expect(lackingSecrets(manifest as never, undefined)).toEqual(['a']);
  expect(lackingSecrets(manifest as never, new Set(['a']))).toEqual([]);
});

it('shows them in the plan, and does not activate without them', async () => {
  const plan = await carryOutRequest(fixture, org, { kind: 'install', plugin: PLUGIN, range: '1.0.0' });
  expect(plan.missingSecrets).toEqual([{ plugin: PLUGIN, secret: 'botToken' }]);
  const activated = fixture.installations.activate(org.acting, PLUGIN, 'refuse');
  await expect(activated).rejects.toMatchObject({
    code: 'secret_missing',
    extensions: { secrets: ['botToken'] },
  });
  expect((await fixture.installations.read(org.id, PLUGIN)).state).toBe('installed');
  held.add('botToken');
  expect((await fixture.installations.activate(org.acting, PLUGIN, 'refuse')).state).toBe('active');
});

it('does not replace what runs by a version that lacks one', async () => {
  const request = { kind: 'upgrade', plugin: PLUGIN, range: '2.0.0' } as const;
  const plan = await fixture.installations.createPlan(org.acting, request);
  expect(plan.missingSecrets).toEqual([{ plugin: PLUGIN, secret: 'next' }]);
  const applied = fixture.installations.applyPlan(org.acting, plan.id, consentTo(plan));
  await expect(applied).rejects.toMatchObject({ code: 'secret_missing' });
  expect(await fixture.installations.read(org.id, PLUGIN)).toMatchObject({
    state: 'active',
    version: '1.0.0',
  });
  held.add('next');
  const next = await carryOutRequest(fixture, org, request);
  expect(next.missingSecrets).toEqual([]);
  expect(await fixture.installations.read(org.id, PLUGIN)).toMatchObject({
    state: 'active',
    version: '2.0.0',
  });
});

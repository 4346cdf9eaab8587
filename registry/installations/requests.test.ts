import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PluginId } from '../../spec/plugin-id.ts';
import { startFixture, type Fixture, type Org } from '../../tests/support/installations.ts';

let fixture: Fixture;
let org: Org;
let other: Org;

beforeAll(async () => {
  fixture = await startFixture();
  org = await fixture.org('club');
  other = await fixture.org('rival');
});

afterAll(() => fixture.close());

it('is seen by its organization alone, asked once, and decided once', async () => {
  const { installations } = fixture;
  const asked = await installations.requestPlugin(org.acting, 'house/app', 'for the members');
  expect(await installations.requestPlugin(org.acting, 'house/app', 'again')).toEqual(asked);
  expect(await installations.listRequests(org.id)).toEqual([asked]);
  expect(await installations.listRequests(other.id)).toEqual([]);
  const decision = { state: 'declined', answer: 'too dear' } as const;
  await expect(installations.decideRequest(other.acting, asked.id, decision)).rejects.toMatchObject({
    code: 'plugin_request_not_found',
  });
  const decided = await installations.decideRequest(org.acting, asked.id, decision);
  expect(decided).toMatchObject({ state: 'declined', answer: 'too dear', plugin: 'house/app' });
  for (const id of [asked.id, 'no-uuid']) {
    await expect(installations.decideRequest(org.acting, id, decision)).rejects.toMatchObject({
      code: 'plugin_request_not_found',
    });
  }
});

it.each([
  ['a name that is no plugin id', '__proto__', 'why'],
  ['U+0000 in the reason', 'house/app', 'a\0'],
  ['1,001 characters', 'house/app', 'x'.repeat(1_001)],
])('with %s is refused', async (_name, plugin, reason) => {
  await expect(
    fixture.installations.requestPlugin(org.acting, plugin as PluginId, reason),
  ).rejects.toMatchObject({ code: 'plugin_request_invalid' });
});

it('is refused to one member beyond twenty open ones', async () => {
  const ask = (n: number) => fixture.installations.requestPlugin(other.acting, `house/p${n}`, '');
  for (let n = 0; n < 20; n += 1) await ask(n);
  await expect(ask(20)).rejects.toMatchObject({ code: 'plugin_requests_too_many' });
});

import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { carryOutRequest, startFixture, type Fixture } from '../../tests/support/installations.ts';
import { CHANGES_CHANNEL, openGuestCache, type GuestCache } from './guest-cache.ts';
import type { GuestDescription } from './guest.ts';

let fixture: Fixture;
let database: Database;
let descriptions: GuestDescription[];
const PLUGINS: readonly PluginId[] = ['house/a', 'house/b'];

beforeAll(async () => {
  fixture = await startFixture();
  const org = await fixture.org('ahead');
  for (const plugin of PLUGINS) await fixture.publish({ id: plugin, version: '1.0.0' });
  for (const plugin of PLUGINS) await carryOutRequest(fixture, org, { kind: 'install', plugin });
  const found = await Promise.all(
    PLUGINS.map((plugin) => fixture.installations.describeGuest(org.slug, plugin)),
  );
  descriptions = found.filter((each) => each !== undefined);
  database = await fixture.test.open();
});
afterAll(() => fixture.close());

/** A cache whose reading ahead ends when `finish` is called. */
async function reading(): Promise<{ cache: GuestCache; finish: () => Promise<void> }> {
  const gate = Promise.withResolvers<readonly GuestDescription[]>();
  const cache = await openGuestCache(database, () => gate.promise);
  const finish = async (): Promise<void> => {
    gate.resolve(descriptions);
    await setImmediate();
  };
  return { cache, finish };
}

/** Which of the plugins are known without asking the database. */
function known(cache: GuestCache): PluginId[] {
  const orgId = descriptions[0]?.guest.org.id ?? '';
  return PLUGINS.filter((plugin) => !(cache.get(orgId, plugin, async () => undefined) instanceof Promise));
}

const keyOf = ({ guest }: GuestDescription): string => `${guest.org.id} ${guest.plugin.id}`;

it('knows what was read ahead', async () => {
  const { cache, finish } = await reading();
  await finish();
  expect(known(cache)).toEqual(PLUGINS);
  cache.close();
});

it('does not believe what changed while it was read', async () => {
  const { cache, finish } = await reading();
  database.notifications.deliver(CHANGES_CHANNEL, keyOf(descriptions[0] as GuestDescription));
  await finish();
  expect(known(cache)).toEqual(['house/b']);
  cache.close();
});

it.each(['*', 'forgetAll'])('believes nothing when everything changed meanwhile: %s', async (how) => {
  const { cache, finish } = await reading();
  if (how === '*') database.notifications.deliver(CHANGES_CHANNEL, '*');
  else cache.forgetAll();
  await finish();
  expect(known(cache)).toEqual([]);
  cache.close();
});

it('forgets what was read ahead like anything else', async () => {
  const { cache, finish } = await reading();
  await finish();
  const { guest } = descriptions[1] as GuestDescription;
  cache.forget(guest.org.id, guest.plugin.id);
  expect(known(cache)).toEqual(['house/a']);
  cache.close();
});

it('answers as before when nothing could be read ahead', async () => {
  const cache = await openGuestCache(database, () => Promise.reject(new Error('the line broke')));
  await setImmediate();
  expect(known(cache)).toEqual([]);
  cache.close();
});

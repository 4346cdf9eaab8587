/** SahaBot2's randomizers: presets of the community, seeds by HTTP and by contract, each community for itself. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { TestOrg } from '../support/test-org.ts';
import { testSouk } from '../support/test-souk.ts';

let alttpr: TestOrg;
let metroid: TestOrg;

beforeAll(async () => {
  const souk = await testSouk();
  alttpr = await souk.org('alttpr');
  metroid = await souk.org('metroid');
  const sahabot = await souk.publisher('sahabot', alttpr);
  await sahabot.shipExamples('sahabot/presets', 'sahabot/alttpr', 'sahabot/sm', 'sahabot/ootr');
  await alttpr.install('sahabot/alttpr');
  await alttpr.install('sahabot/ootr');
  await metroid.install('sahabot/sm');
});

const SEEDS = { method: 'POST', headers: { 'content-type': 'application/json' } };

async function seedOf(org: TestOrg, plugin: `${string}/${string}`, wish: object) {
  const answer = await org.call(plugin, '/seeds', { ...SEEDS, body: JSON.stringify(wish) });
  expect(answer.status, answer.text).toBe(201);
  return answer.json;
}

describe('a community', () => {
  it('keeps a preset that its randomizer has checked', async () => {
    const namespaces = alttpr.endpoint('sahabot/presets', '/namespaces/weekly');
    const made = await alttpr.owner.put(namespaces, { title: 'Weekly', visibility: 'public' });
    expect(made.status, made.text).toBe(201);
    const path = alttpr.endpoint('sahabot/alttpr', '/presets/weekly/boots');
    const wrong = await alttpr.owner.put(path, { settings: { mode: 'upside-down' } });
    expect([wrong.status, wrong.json.code]).toEqual([422, 'settings_invalid']);
    const kept = await alttpr.owner.put(path, { settings: { mode: 'inverted', goal: 'pedestal' } });
    expect(kept.status, kept.text).toBe(201);
  });

  it('makes the same game from it for everybody who has the seed', async () => {
    const wish = { preset: 'weekly/boots', seed: 'week-12' };
    const first = await seedOf(alttpr, 'sahabot/alttpr', wish);
    expect(first.settings).toMatchObject({ mode: 'inverted', goal: 'pedestal' });
    expect((await seedOf(alttpr, 'sahabot/alttpr', wish)).hash).toBe(first.hash);
    const contract = alttpr.path('/contracts/seed-generator@1/generate');
    const input = { settings: {}, ...wish, spoilers: true };
    const called = await alttpr.owner.post(contract, { input, plugin: 'sahabot/alttpr' });
    expect(called.status, called.text).toBe(200);
    expect(called.json.output).toMatchObject({ hash: first.hash, spoiler: { items: expect.any(Object) } });
  });

  it('runs the command by its name alone, as a chat would', async () => {
    const ran = await alttpr.anyone.post(alttpr.path('/commands/alttpr'), { preset: 'open', seed: 's' });
    expect(ran.status, ran.text).toBe(200);
    expect(ran.json.result.text).toMatch(/^A Link to the Past Randomizer [0-9a-f]{16}\nMode: open\n/u);
  });

  it('asks all of its randomizers at once', async () => {
    const contract = alttpr.path('/contracts/seed-generator@1/describeSettings');
    const { json, text } = await alttpr.owner.post(contract, { input: {}, mode: 'all' });
    const plugins = json.results.map(({ plugin }: { plugin: string }) => plugin).sort();
    expect(plugins, text).toEqual(['sahabot/alttpr', 'sahabot/ootr']);
  });

  it('has neither the presets nor the randomizers of the other', async () => {
    const there = await metroid.call('sahabot/presets', '/presets/alttpr/weekly/boots');
    expect(there.status).toBe(404);
    expect((await metroid.call('sahabot/alttpr', '/settings')).status).toBe(404);
    expect((await seedOf(metroid, 'sahabot/sm', { preset: 'varia' })).hash).toMatch(/^[0-9a-f]{16}$/u);
  });
});

describe('where something is not there', () => {
  it('a race gets its seed without a room, and says why', async () => {
    const path = alttpr.endpoint('sahabot/alttpr', '/races');
    const { json, status, text } = await alttpr.owner.post(path, { preset: 'open', goal: 'Beat Ganon' });
    expect(status, text).toBe(201);
    expect(json).toMatchObject({
      seed: { hash: expect.any(String) },
      race: { room: null, reason: expect.any(String) },
    });
  });

  it('a randomizer whose grant of plugins.call was taken away still has its own presets', async () => {
    const { json } = await alttpr.owner.get(alttpr.path('/plugins/sahabot/alttpr'));
    const grants = json.grants.filter(({ name }: { name: string }) => name !== 'plugins.call');
    const narrowed = await alttpr.owner.put(alttpr.path('/plugins/sahabot/alttpr/grants'), { grants });
    expect(narrowed.status, narrowed.text).toBe(200);
    expect((await seedOf(alttpr, 'sahabot/alttpr', { preset: 'standard' })).hash).toMatch(/^[0-9a-f]{16}$/u);
    const wish = { ...SEEDS, body: JSON.stringify({ preset: 'weekly/boots' }) };
    const denied = await alttpr.call('sahabot/alttpr', '/seeds', wish);
    expect([denied.status, denied.json.code]).toEqual([422, 'preset_unknown']);
    expect(await alttpr.log('sahabot/alttpr')).toContain('plugins.call');
  });

  it('Ocarina of Time makes its seeds itself while there is no key for the service', async () => {
    const made = await seedOf(alttpr, 'sahabot/ootr', { preset: 'tournament', seed: 's' });
    expect(made.url).toBeUndefined();
    expect(made.hash).toMatch(/^[0-9a-f]{16}$/u);
  });
});

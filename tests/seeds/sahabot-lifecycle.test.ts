/**
 * SahaBot2's nineteen planned plugins with their required and optional dependencies, for two organizations that choose
 * differently. Its Discord bot is a global plugin, as in SahaBot2: the instance runs it for every organization.
 */
import { describe, expect, it } from 'vitest';
import type { PluginId } from '../../spec/plugin-id.ts';
import { consentTo, TestOrg } from '../support/test-org.ts';
import { testSouk } from '../support/test-souk.ts';

const id = (name: string): PluginId => `sahabot/${name}` as PluginId;
const needs = (...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [id(name), '^1.0.0']));
const RANDOMIZERS = ['alttpr', 'sm', 'smz3', 'ootr', 'aosr', 'z1r', 'ffr', 'smb3r', 'ctjets'];
const GRAPH: Record<string, { required?: string[]; optional?: string[] }> = {
  'discord-bot': {},
  presets: {},
  notifications: { required: ['discord-bot'] },
  bingosync: {},
  racetime: {},
  speedgaming: {},
  'discord-events': { required: ['discord-bot'] },
  'racer-verification': { required: ['racetime', 'discord-bot'] },
  tournament: { optional: ['racetime'] },
  'async-qualifier': { required: ['racetime', 'presets'] },
  ...Object.fromEntries(
    RANDOMIZERS.map((name) => [name, { required: ['presets'], optional: ['racetime', 'discord-bot'] }]),
  ),
};
const NAMES = Object.keys(GRAPH);

const namesBot = (name: string): boolean =>
  [...(GRAPH[name]?.required ?? []), ...(GRAPH[name]?.optional ?? [])].includes('discord-bot');

const souk = await testSouk();
const home = await souk.org('sahabot-home');
const sahabot = await souk.publisher('sahabot', home);
for (const [name, { required = [], optional = [] }] of Object.entries(GRAPH)) {
  await sahabot.ship({
    id: id(name),
    dependencies: needs(...required),
    optionalDependencies: needs(...optional),
    code: `export default { fetch: () => new Response('${name}') }`,
  });
}
const BOT = id('discord-bot');
const instance = new TestOrg('instance', '', souk.admin, souk.anyone);
const decide = (plugin: PluginId, decision: object) =>
  souk.admin.sendJson('PATCH', `/api/v1/packages/${plugin}/availability`, decision);
expect((await decide(BOT, { scope: 'global' })).status).toBe(200);
await instance.install(BOT);
const zelda = await souk.org('zelda');
const marathon = await souk.org('marathon');

const states = async (org: TestOrg): Promise<Map<string, string>> =>
  new Map(
    (await org.owner.get(org.path('/installations'))).json.items.map(
      ({ plugin, state }: { plugin: string; state: string }) => [plugin.slice('sahabot/'.length), state],
    ),
  );
const versionOf = async (org: TestOrg, name: string): Promise<unknown> =>
  (await org.owner.get(org.path(`/plugins/${id(name)}`))).json.version;
const install = async (org: TestOrg, name: string): Promise<void> => {
  const { json: plan } = await org.plan({ kind: 'install', plugin: id(name) });
  expect((await org.apply(plan.id, consentTo(plan))).status).toBe(201);
};

it('are nineteen', () => {
  expect(NAMES).toHaveLength(19);
});

describe('an organization that plays one game', () => {
  it('gets what the plugin needs, and nothing that it only works with', async () => {
    const { json: plan } = await zelda.plan({ kind: 'install', plugin: id('alttpr') });
    expect(plan.activationOrder.indexOf(id('presets'))).toBeLessThan(
      plan.activationOrder.indexOf(id('alttpr')),
    );
    await zelda.install(id('alttpr'));
    expect(await states(zelda)).toEqual(
      new Map([
        ['alttpr', 'active'],
        ['discord-bot', 'active'],
        ['presets', 'active'],
      ]),
    );
    expect((await zelda.call(id('alttpr'), '/')).text).toBe('alttpr');
  });

  it('does not lose its presets', async () => {
    const stopped = await zelda.step(id('presets'), 'deactivate', {});
    expect([stopped.json.code, stopped.json.dependants]).toEqual(['installation_needed', [id('alttpr')]]);
  });

  it('takes RaceTime in the version that its game works with, and may lose it again', async () => {
    await sahabot.ship({ id: id('racetime'), version: '2.0.0' });
    const tooNew = await zelda.plan({ kind: 'install', plugin: id('racetime'), range: '^2.0.0' });
    expect(tooNew.json.code).toBe('resolution_impossible');
    expect(tooNew.json.detail).toContain('sahabot/alttpr');
    await zelda.install(id('racetime'));
    expect(await versionOf(zelda, 'racetime')).toBe('1.0.0');
    expect((await zelda.owner.delete(zelda.path(`/plugins/${id('racetime')}`))).status).toBe(204);
    expect((await states(zelda)).get('alttpr')).toBe('active');
  });
});

describe('an organization that plays everything', () => {
  it('has all nineteen active, what is needed first', async () => {
    for (const name of NAMES) if (!(await states(marathon)).has(name)) await install(marathon, name);
    const { json } = await marathon.plan({ kind: 'upgradeAll' });
    const place = new Map(json.activationOrder.map((plugin: string, index: number) => [plugin, index]));
    for (const [name, { required = [] }] of Object.entries(GRAPH)) {
      for (const other of required) {
        expect(Number(place.get(id(other))), `${other} before ${name}`).toBeLessThan(
          Number(place.get(id(name))),
        );
      }
    }
    for (const name of NAMES) {
      if ((await states(marathon)).get(name) === 'active') continue;
      const { status, text } = await marathon.step(id(name), 'activate', { others: 'cascade' });
      expect(status, text).toBe(200);
    }
    expect([...(await states(marathon)).values()]).toEqual(NAMES.map(() => 'active'));
  });

  it('survives an upgrade of what nine others need, and one that they cannot follow is explained', async () => {
    await sahabot.ship({ id: id('presets'), version: '1.1.0' }, { id: id('presets'), version: '2.0.0' });
    const upgrade = (body: object) =>
      marathon.owner.post(marathon.path(`/plugins/${id('presets')}/upgrade`), body);
    expect((await upgrade({})).json).toEqual({ kind: 'upgraded', version: '1.1.0' });
    expect([...(await states(marathon)).values()]).toEqual(NAMES.map(() => 'active'));
    const refused = await upgrade({ range: '^2.0.0' });
    expect(refused.json.code).toBe('resolution_impossible');
    expect(refused.json.detail).toMatch(/because .*presets/iu);
    const dependants = Object.keys(GRAPH).filter((name) => GRAPH[name]?.required?.includes('presets'));
    const holders = (held: { by: { plugin: string }[] }) => held.by.map(({ plugin }) => plugin);
    expect(holders(refused.json.heldBack)).toEqual(dependants.map(id).toSorted());
    const stuck = (await upgrade({})).json;
    expect(stuck).toMatchObject({ kind: 'current', heldBack: { range: '2.0.0' } });
    expect(holders(stuck.heldBack)).toEqual(holders(refused.json.heldBack));
    expect(await versionOf(marathon, 'presets')).toBe('1.1.0');
    expect(await versionOf(zelda, 'presets')).toBe('1.0.0');
  });

  it('keeps the bot in a version that its plugins go with: the instance sees whose would break', async () => {
    await sahabot.ship(
      { id: BOT, version: '1.1.0', code: `export default { fetch: () => new Response('1.1') }` },
      { id: BOT, version: '2.0.0' },
    );
    const { json: breaking } = await instance.plan({ kind: 'upgrade', plugin: BOT, range: '^2.0.0' });
    const breaks = new Map(
      breaking.reach.breaks.map((each: { dependant: string; organizations: number }) => [
        each.dependant,
        each.organizations,
      ]),
    );
    expect(breaks.get(id('notifications'))).toBe(1);
    expect(breaks.get(id('alttpr'))).toBe(2);
    expect(breaks.size).toBe(NAMES.filter((name) => namesBot(name)).length);
    expect((await instance.apply(breaking.id, consentTo(breaking))).json.code).toBe('global_plugin_needed');
    const { json: plan } = await instance.plan({ kind: 'upgrade', plugin: BOT, range: '^1.0.0' });
    expect((await instance.apply(plan.id, consentTo(plan))).status).toBe(201);
    for (const org of [zelda, marathon]) {
      expect(await versionOf(org, 'discord-bot')).toBe('1.1.0');
      expect((await org.call(BOT, '/')).text).toBe('1.1');
    }
  });

  it('stops at once with the emergency brake, and the other organization goes on', async () => {
    const { json } = await marathon.owner.post(marathon.path('/deactivate-all'));
    expect(json.deactivated).toHaveLength(19);
    expect(json.deactivated.indexOf(id('alttpr'))).toBeLessThan(json.deactivated.indexOf(id('presets')));
    expect((await states(zelda)).get('alttpr')).toBe('active');
  });
});

/** The lines of SahaBot2's visibility matrix, each for two organizations. */
describe('what an organization sees, enables and uninstalls', () => {
  const sees = async (org: TestOrg, name: string): Promise<unknown> => {
    const { status } = await org.owner.get(`/api/v1/packages/${id(name)}?org=${org.slug}`);
    return status === 200 ? 'visible' : 'hidden';
  };
  const has = async (org: TestOrg, name: string): Promise<unknown> =>
    (await states(org)).get(name) ?? 'absent';
  const removed = async (org: TestOrg, name: string): Promise<unknown> =>
    (await org.owner.delete(org.path(`/plugins/${id(name)}`))).json?.code ?? 'gone';
  const planned = async (org: TestOrg, name: string): Promise<unknown> => {
    const { status, json } = await org.plan({ kind: 'install', plugin: id(name) });
    return status === 201 ? 'yes' : json.code;
  };
  let left: TestOrg;
  let right: TestOrg;

  it('new organizations: built-in ones and defaults are there, the global one is, all others are not', async () => {
    expect((await decide(id('presets'), { builtIn: true })).status).toBe(200);
    expect((await decide(id('tournament'), { enabledByDefault: true })).status).toBe(200);
    expect((await decide(id('speedgaming'), { visibility: 'private' })).status).toBe(200);
    [left, right] = [await souk.org('left'), await souk.org('right')];
    for (const org of [left, right]) {
      expect(await states(org)).toEqual(
        new Map([
          ['discord-bot', 'active'],
          ['presets', 'installed'],
          ['tournament', 'active'],
        ]),
      );
    }
  });

  it('public: visible to both, and enabled by each for itself', async () => {
    expect([await sees(left, 'bingosync'), await sees(right, 'bingosync')]).toEqual(['visible', 'visible']);
    await left.install(id('bingosync'));
    expect([await has(left, 'bingosync'), await has(right, 'bingosync')]).toEqual(['active', 'absent']);
    expect(await removed(left, 'bingosync')).toBe('gone');
  });

  it('private: hidden, but for who was granted it by the instance', async () => {
    expect([await sees(left, 'speedgaming'), await sees(right, 'speedgaming')]).toEqual(['hidden', 'hidden']);
    await souk.admin.send('PUT', `/api/v1/packages/${id('speedgaming')}/grants/left`);
    expect([await sees(left, 'speedgaming'), await sees(right, 'speedgaming')]).toEqual([
      'visible',
      'hidden',
    ]);
    expect([await planned(left, 'speedgaming'), await planned(right, 'speedgaming')]).toEqual([
      'yes',
      'resolution_impossible',
    ]);
    await left.install(id('speedgaming'));
    expect([await has(left, 'speedgaming'), await has(right, 'speedgaming')]).toEqual(['active', 'absent']);
  });

  it('built-in: disabled by each for itself, uninstalled by none', async () => {
    await left.step(id('presets'), 'activate', {});
    expect([await has(left, 'presets'), await has(right, 'presets')]).toEqual(['active', 'installed']);
    for (const org of [left, right]) expect(await removed(org, 'presets')).toBe('built_in_not_removable');
  });

  it('enabled by default: active in new organizations, disabled and uninstalled by each for itself', async () => {
    expect((await left.step(id('tournament'), 'deactivate', {})).status).toBe(200);
    expect([await has(left, 'tournament'), await has(right, 'tournament')]).toEqual(['inactive', 'active']);
    expect(await removed(left, 'tournament')).toBe('gone');
    expect([await has(left, 'tournament'), await has(right, 'tournament')]).toEqual(['absent', 'active']);
  });

  it('global: active in both, disabled by each for itself, installed and uninstalled by the instance alone', async () => {
    for (const org of [left, right]) {
      expect([await planned(org, 'discord-bot'), await removed(org, 'discord-bot')]).toEqual([
        'plugin_is_global',
        'plugin_is_global',
      ]);
    }
    expect((await left.step(BOT, 'deactivate', {})).status).toBe(200);
    expect([await has(left, 'discord-bot'), await has(right, 'discord-bot')]).toEqual(['inactive', 'active']);
    expect((await left.call(BOT, '/')).json.code).toBe('plugin_not_active');
    expect((await right.call(BOT, '/')).status).toBe(200);
  });
});

/**
 * SahaBot2's nineteen planned plugins with their required and optional dependencies, for two organizations that choose
 * differently. Its Discord bot, which SahaBot2 runs once for all, is here a plugin of each organization.
 */
import { describe, expect, it } from 'vitest';
import type { PluginId } from '../../spec/plugin-id.ts';
import { consentTo, type TestOrg } from '../support/test-org.ts';
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
    expect(plan.activationOrder).toEqual([id('presets'), id('alttpr')]);
    await zelda.install(id('alttpr'));
    expect(await states(zelda)).toEqual(
      new Map([
        ['alttpr', 'active'],
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
    expect(await versionOf(marathon, 'presets')).toBe('1.1.0');
    expect(await versionOf(zelda, 'presets')).toBe('1.0.0');
  });

  it('stops at once with the emergency brake, and the other organization goes on', async () => {
    const { json } = await marathon.owner.post(marathon.path('/deactivate-all'));
    expect(json.deactivated).toHaveLength(19);
    expect(json.deactivated.indexOf(id('alttpr'))).toBeLessThan(json.deactivated.indexOf(id('presets')));
    expect((await states(zelda)).get('alttpr')).toBe('active');
  });
});

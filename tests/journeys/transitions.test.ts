/** Every step of the lifecycle from every state, over HTTP: taken, or refused and nothing changed. */
import { expect, it } from 'vitest';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { Answer } from '../support/http-client.ts';
import { HELD_PERMISSIONS, HOLD, letGo } from '../support/held-run.ts';
import { consentTo } from '../support/test-org.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
const config = { type: 'object', properties: { fails: { type: 'boolean', default: false } } } as const;
const code = `export default {
  activate(host) { if (host.config.fails) throw new Error('as configured') },
}`;
let count = 0;

type State = 'installed' | 'active' | 'inactive' | 'failed';
type Step = 'activate' | 'deactivate' | 'upgrade' | 'uninstall';
const path = (plugin: PluginId, rest = ''): string => acme.path(`/plugins/${plugin}${rest}`);
const configure = (plugin: PluginId, fails: boolean) => acme.owner.put(path(plugin, '/config'), { fails });
const stateOf = async (plugin: PluginId): Promise<string> => {
  const { json } = await acme.owner.get(path(plugin));
  return json.code === 'plugin_not_installed' ? 'gone' : `${json.version} ${json.state}`;
};

/** A fresh plugin of 1.0.0 in this state, with 1.1.0 to upgrade to. */
async function pluginIn(state: State): Promise<PluginId> {
  const plugin = `kelompok/tool-${(count += 1)}` as PluginId;
  await kelompok.ship({ id: plugin, config, code });
  const { json: plan } = await acme.plan({ kind: 'install', plugin });
  await acme.apply(plan.id, consentTo(plan));
  await kelompok.ship({ id: plugin, version: '1.1.0', config, code });
  if (state === 'failed') {
    await configure(plugin, true);
    expect((await acme.step(plugin, 'activate', {})).json.code).toBe('activation_failed');
    await configure(plugin, false);
  }
  if (state === 'active' || state === 'inactive') await acme.step(plugin, 'activate', {});
  if (state === 'inactive') await acme.step(plugin, 'deactivate', {});
  expect(await stateOf(plugin)).toBe(`1.0.0 ${state}`);
  return plugin;
}

function take(step: Step, plugin: PluginId): Promise<Answer> {
  return step === 'uninstall'
    ? acme.owner.delete(path(plugin))
    : acme.owner.post(path(plugin, `/${step}`), {});
}

it.each<[State, Step, string, string?]>([
  ['installed', 'activate', '1.0.0 active'],
  ['installed', 'deactivate', '1.0.0 installed', 'transition_not_allowed'],
  ['installed', 'upgrade', '1.1.0 installed'],
  ['installed', 'uninstall', 'gone'],
  ['active', 'activate', '1.0.0 active', 'transition_not_allowed'],
  ['active', 'deactivate', '1.0.0 inactive'],
  ['active', 'upgrade', '1.1.0 active'],
  ['active', 'uninstall', 'gone'],
  ['inactive', 'activate', '1.0.0 active'],
  ['inactive', 'deactivate', '1.0.0 inactive', 'transition_not_allowed'],
  ['inactive', 'upgrade', '1.1.0 inactive'],
  ['inactive', 'uninstall', 'gone'],
  ['failed', 'activate', '1.0.0 active'],
  ['failed', 'deactivate', '1.0.0 inactive'],
  ['failed', 'upgrade', '1.1.0 inactive'],
  ['failed', 'uninstall', 'gone'],
])('from %s: %s leads to %s', async (state, step, after, refusal) => {
  const plugin = await pluginIn(state);
  const { status, json, text } = await take(step, plugin);
  if (refusal === undefined) expect(status, text).toBeLessThan(300);
  else expect([status, json.code]).toEqual([409, refusal]);
  expect(await stateOf(plugin)).toBe(after);
});

it('an upgrade whose activation fails leaves the version before it active', async () => {
  const plugin = await pluginIn('active');
  await configure(plugin, true);
  expect((await take('upgrade', plugin)).json.code).toBe('activation_failed');
  expect(await stateOf(plugin)).toBe('1.0.0 active');
});

it('while a step is under way every other one waits', async () => {
  const plugin = 'kelompok/slow';
  const slow = `export default { async activate(host) { ${HOLD} } }`;
  await kelompok.ship({ id: plugin, permissions: HELD_PERMISSIONS, code: slow });
  const { json: plan } = await acme.plan({ kind: 'install', plugin });
  await acme.apply(plan.id, consentTo(plan));
  const activating = acme.step(plugin, 'activate', {});
  await expect.poll(() => stateOf(plugin)).toBe('1.0.0 activating');
  for (const step of ['activate', 'deactivate', 'uninstall'] as const) {
    expect((await take(step, plugin)).json.code, step).toBe('transition_in_progress');
  }
  await letGo(souk.superuser, plugin);
  expect((await activating).json.state).toBe('active');
});

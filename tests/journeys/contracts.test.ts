/** Contracts: implemented by plugins, bound by administrators, called by people and by other plugins. */
import { describe, expect, it } from 'vitest';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { Answer } from '../support/http-client.ts';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const globex = await souk.org('globex');
const kelompok = await souk.publisher('kelompok', acme);

/** A normalizer that adds its name to a trail; `mood` in the data makes it misbehave. */
const normalizer = (name: string): string => `export default { contracts: { 'source-normalizer@1': {
  async normalize({ type, data }, host) {
    if (data.mood === 'throw:${name}') throw new Error('a secret of the plugin');
    if (data.mood === 'refuse:${name}') throw Object.assign(new Error('no such type here'), { code: 'record_type_unknown' });
    if (data.mood === 'lie:${name}') return { type, dato: {} };
    if (data.mood === 'spin:${name}') while (true);
    if (data.mood === 'hang:${name}') await new Promise(() => {});
    return { type, data: { ...data, trail: [...(data.trail ?? []), '${name}'], caller: host.caller.kind } };
  } } } };`;
const CALLER = `export default { async fetch(request, host) {
  const { contract, action, input, options } = await request.json();
  try { return Response.json(await host.contracts.call(contract, action, input, options)); }
  catch (error) { const { code, name, message, contractError, failures } = error; return Response.json({ code, name, message, contractError, failures }); }
}, contracts: { 'source-normalizer@1': { normalize: (input, host) => host.contracts.call('source-normalizer@1', 'normalize', input) } } };`;

const NORMALIZER = 'source-normalizer@1';
const contributes = { contracts: [NORMALIZER] };
for (const name of ['links', 'places', 'phones'])
  await kelompok.ship({
    id: `kelompok/${name}` as PluginId,
    code: normalizer(name),
    endpoints: [],
    contributes,
  });
await kelompok.ship({
  id: 'kelompok/caller',
  code: CALLER,
  contributes,
  permissions: [{ name: 'contracts.call', scope: [NORMALIZER], reason: 'Asks.' }],
});

const call = (input: object, body: object = {}, action = 'normalize', contract = NORMALIZER) =>
  acme.owner.post(acme.path(`/contracts/${contract}/${action}`), { input, ...body });
const record = (data: object = {}): object => ({ type: 'member', data });
const trailOf = (output: { data: { trail: string[] } }): string[] => output.data.trail;

describe('a contract', () => {
  it('is in the catalogue with its schemas', async () => {
    const { json } = await souk.anyone.get('/api/v1/contracts');
    const contract = json.items.find(({ id }: { id: string }) => id === 'communication@1');
    expect(Object.keys(contract.actions).sort()).toEqual(
      ['addMember', 'createGroup', 'deleteGroup', 'listMembers', 'postMessage', 'removeMember'].sort(),
    );
    expect(contract.actions.createGroup.input.required).toEqual(['name']);
  });

  it.each(['all', 'first', 'pipeline'])('with the mode %s is for no plugin by name', async (mode) => {
    const answer = await call(record(), { mode, plugin: 'kelompok/links' });
    expect([answer.status, answer.json.code]).toEqual([422, 'contract_input_invalid']);
  });

  it('that nobody implements is answered by nobody', async () => {
    const answer = await call(record());
    expect([answer.status, answer.json.code]).toEqual([404, 'contract_unbound']);
  });

  it('is said in the plan, and answered by the first that was installed', async () => {
    const plan = await acme.plan({ kind: 'install', plugin: 'kelompok/links' });
    expect(plan.json.contracts).toEqual([
      expect.objectContaining({ contract: NORMALIZER, plugin: 'kelompok/links', besides: [] }),
    ]);
    await acme.install('kelompok/links');
    const next = await acme.plan({ kind: 'install', plugin: 'kelompok/places' });
    expect(next.json.contracts[0].besides).toEqual(['kelompok/links']);
    expect(next.json.conflicts).toEqual([]);
    for (const name of ['places', 'phones']) await acme.install(`kelompok/${name}` as PluginId);
    const { json } = await call(record());
    expect(json).toMatchObject({ mode: 'one', failures: [], results: [{ plugin: 'kelompok/links' }] });
    expect(json.output).toEqual({ type: 'member', data: { trail: ['links'], caller: 'user' } });
  });

  it('is bound to another by an administrator, and goes back when that one goes', async () => {
    const path = acme.path(`/contracts/${NORMALIZER}/binding`);
    const bound = await acme.owner.put(path, { plugin: 'kelompok/places' });
    expect(bound.json).toMatchObject({ plugin: 'kelompok/places', origin: 'bound' });
    expect(trailOf((await call(record())).json.output)).toEqual(['places']);
    await acme.step('kelompok/places', 'deactivate');
    expect((await call(record())).json.code).toBe('contract_unbound');
    await acme.step('kelompok/places', 'activate');
    expect((await acme.owner.delete(acme.path('/plugins/kelompok/places'))).status).toBe(204);
    expect((await acme.owner.get(path)).json).toMatchObject({ plugin: 'kelompok/links', origin: 'first' });
    await acme.install('kelompok/places');
    expect((await acme.owner.put(path, { plugin: 'kelompok/none' })).json.code).toBe(
      'contract_not_implemented',
    );
    expect((await acme.owner.put(path, { plugin: null })).json.origin).toBe('first');
  });
});

describe('the modes', () => {
  it('one asks whom it names', async () => {
    const { json } = await call(record(), { plugin: 'kelompok/phones' });
    expect(trailOf(json.output)).toEqual(['phones']);
    expect((await call(record(), { plugin: 'kelompok/none' })).json.code).toBe('contract_not_implemented');
  });

  it('all has a result or an error of each', async () => {
    const { json } = await call(record({ mood: 'throw:places' }), { mode: 'all' });
    expect(json.results.map(({ plugin }: { plugin: string }) => plugin)).toEqual([
      'kelompok/links',
      'kelompok/phones',
    ]);
    expect(json.failures).toEqual([
      { plugin: 'kelompok/places', code: 'contract_failed', message: 'it did not answer (exception).' },
    ]);
  });

  it('first goes on until one succeeds', async () => {
    const { json } = await call(record({ mood: 'throw:links' }), { mode: 'first' });
    expect(trailOf(json.output)).toEqual(['phones']);
    expect(json.failures).toHaveLength(1);
  });

  it('pipeline hands on, past one that fails', async () => {
    expect(trailOf((await call(record(), { mode: 'pipeline' })).json.output)).toEqual([
      'links',
      'phones',
      'places',
    ]);
    const { json } = await call(record({ mood: 'spin:phones' }), { mode: 'pipeline' });
    expect(trailOf(json.output)).toEqual(['links', 'places']);
    expect(json.failures).toMatchObject([{ plugin: 'kelompok/phones' }]);
  });

  it('have one deadline, after which nobody is asked any more', async () => {
    const late = (plugin: string): object => ({
      plugin,
      code: 'contract_failed',
      message: 'it did not answer (exceededWallTime).',
    });
    const [first, pipeline] = await Promise.all([
      call(record({ mood: 'hang:links' }), { mode: 'first' }),
      call(record({ mood: 'hang:phones' }), { mode: 'pipeline' }),
    ]);
    expect([first.status, first.json.code]).toEqual([502, 'contract_failed']);
    expect(first.json.failures).toEqual(['kelompok/links', 'kelompok/phones', 'kelompok/places'].map(late));
    expect(trailOf(pipeline.json.output)).toEqual(['links']);
    expect(pipeline.json.failures).toEqual(['kelompok/phones', 'kelompok/places'].map(late));
  });
});

describe('what breaks the contract', () => {
  it.each([
    ['an input', () => call({ type: 'member' }), 422, 'contract_input_invalid'],
    [
      'no input',
      () => acme.owner.post(acme.path(`/contracts/${NORMALIZER}/normalize`), {}),
      400,
      'request_invalid',
    ],
    ['an output', () => call(record({ mood: 'lie:links' })), 502, 'contract_output_invalid'],
    [
      'an unknown contract',
      () => call(record(), {}, 'normalize', 'source-normaliser@1'),
      404,
      'contract_unknown',
    ],
    ['an unknown action', () => call(record(), {}, 'constructor'), 404, 'contract_unknown'],
    ['a throw', () => call(record({ mood: 'throw:links' })), 502, 'contract_failed'],
    ['a mode', () => call(record(), { mode: 'some' }), 400, 'request_invalid'],
  ])('%s', async (_what, attempt, status, code) => {
    const answer = await attempt();
    expect([answer.status, answer.json.code], answer.text).toEqual([status, code]);
    expect(answer.text).not.toContain('a secret of the plugin');
  });

  it('an error of the contract is told as such', async () => {
    const { json } = await call(record({ mood: 'refuse:links' }));
    expect(json).toMatchObject({ code: 'contract_failed', contractError: 'record_type_unknown' });
    expect(json.detail).toContain('no such type here');
  });

  it('a manifest cannot name one that is not there', async () => {
    const { answer } = await kelompok.publish({
      id: 'kelompok/odd',
      contributes: { contracts: ['comunication@1'] },
    });
    expect([answer.status, answer.json.code]).toEqual([422, 'manifest_invalid']);
    expect(answer.json.violations[0].hint).toBe('Did you mean "communication@1"?');
  });

  it('a plugin that lacks what its manifest declares is not activated', async () => {
    await kelompok.ship({ id: 'kelompok/hollow', code: 'export default {};', endpoints: [], contributes });
    const plan = await acme.plan({ kind: 'install', plugin: 'kelompok/hollow' });
    await acme.apply(plan.json.id, []);
    const answer = await acme.step('kelompok/hollow', 'activate');
    expect(answer.json.code).toBe('activation_failed');
    expect(answer.text).toContain("contracts['source-normalizer@1']['normalize']");
    await acme.owner.delete(acme.path('/plugins/kelompok/hollow'));
  });
});

describe('another plugin', () => {
  const ask = async (body: object): Promise<Answer['json']> =>
    (
      await acme.call('kelompok/caller', '/', {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      })
    ).json;
  const asked = { contract: NORMALIZER, action: 'normalize', input: record() };

  it('calls under its grant, as itself', async () => {
    await acme.install('kelompok/caller');
    expect(await ask(asked)).toEqual({ type: 'member', data: { trail: ['links'], caller: 'plugin' } });
    const all = await ask({ ...asked, options: { mode: 'all' } });
    expect(all.results).toHaveLength(3);
    // It implements the contract itself: it cannot answer while it waits.
    expect(all.failures).toEqual([
      expect.objectContaining({ plugin: 'kelompok/caller', code: 'plugin_chain_refused' }),
    ]);
  });

  it('is denied what was not granted', async () => {
    expect(await ask({ ...asked, contract: 'communication@1' })).toMatchObject({ name: 'PermissionDenied' });
  });

  it('hears clearly of a result that breaks the schema', async () => {
    expect(await ask({ ...asked, input: record({ mood: 'lie:links' }) })).toMatchObject({
      code: 'contract_output_invalid',
    });
  });

  it('is told of an error of the contract as such, and of another that there was one', async () => {
    expect(await ask({ ...asked, input: record({ mood: 'refuse:links' }) })).toMatchObject({
      name: 'HostError',
      code: 'contract_failed',
      contractError: 'record_type_unknown',
      failures: [
        {
          plugin: 'kelompok/links',
          code: 'record_type_unknown',
          message: expect.stringContaining('no such type'),
        },
      ],
    });
    const thrown = await ask({ ...asked, input: record({ mood: 'throw:links' }) });
    expect(thrown).toMatchObject({ code: 'contract_failed', contractError: 'contract_failed' });
    expect(JSON.stringify(thrown)).not.toContain('a secret of the plugin');
  });

  it('does not go in circles', async () => {
    const { json } = await call(record(), { plugin: 'kelompok/caller' });
    expect(trailOf(json.output)).toEqual(['links']);
    await acme.owner.put(acme.path(`/contracts/${NORMALIZER}/binding`), { plugin: 'kelompok/caller' });
    const circle = await call(record());
    expect([circle.status, circle.json.code]).toEqual([502, 'contract_failed']);
  });
});

it('is written down, and each organization sees its own alone', async () => {
  const { json } = await acme.owner.get(acme.path('/audit?limit=200'));
  const actions = json.items.map(({ action }: { action: string }) => action);
  expect(actions).toContain('contract.called');
  expect(actions).toContain('contract.bound');
  const listed = await globex.owner.get(globex.path('/contracts'));
  expect(listed.json).toEqual({ items: [] });
  const elsewhere = await globex.owner.post(globex.path(`/contracts/${NORMALIZER}/normalize`), {
    input: record(),
  });
  expect(elsewhere.json.code).toBe('contract_unbound');
});

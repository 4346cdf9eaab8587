/** The layers of a configuration over HTTP: organization, instance, manifest. */
import { describe, expect, it } from 'vitest';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const publisher = await souk.publisher('kelompok', acme);
const TOOL = 'kelompok/tool';
const PATH = `/api/v1/packages/${TOOL}/instance-config`;
await publisher.ship({
  id: TOOL,
  config: {
    type: 'object',
    properties: {
      color: { type: 'string', default: 'grey' },
      size: { type: 'integer', default: 1 },
      shape: { type: 'string' },
    },
  },
  code: `export default { fetch: (request, host) => Response.json(host.config) }`,
});
await acme.install(TOOL);
const seen = async (): Promise<unknown> => (await acme.call(TOOL, '/')).json;

describe('the instance’s layer', () => {
  it('is empty at first, and the manifest’s defaults count', async () => {
    expect((await souk.admin.get(PATH)).json).toEqual({ config: {} });
    expect(await seen()).toEqual({ color: 'grey', size: 1 });
  });

  it('stands above the defaults and below the organization, at once', async () => {
    const config = { color: 'blue', shape: 'round' };
    expect((await souk.admin.put(PATH, config)).json).toEqual({ config });
    expect(await seen()).toEqual({ color: 'blue', size: 1, shape: 'round' });
    expect((await acme.owner.put(acme.path(`/plugins/${TOOL}/config`), { color: 'red' })).status).toBe(200);
    expect(await seen()).toEqual({ color: 'red', size: 1, shape: 'round' });
    expect((await souk.admin.put(PATH, {})).status).toBe(200);
    expect(await seen()).toEqual({ color: 'red', size: 1 });
  });

  it('leaves an entry in the log of the instance', async () => {
    const { json } = await souk.admin.get('/api/v1/audit?action=instance-config.changed');
    expect(json.items).toMatchObject([{ subject: `plugin:${TOOL}` }, { subject: `plugin:${TOOL}` }]);
  });

  it.each([
    ['an owner of an organization', () => acme.owner.put(PATH, {}), 'scope_missing'],
    ['nobody', () => souk.anyone.get(PATH), 'authentication_required'],
    [
      'who names a plugin that is none',
      () => souk.admin.put('/api/v1/packages/kelompok/none/instance-config', {}),
      'not_found',
    ],
    ['who sends no object', () => souk.admin.put(PATH, [1]), 'request_invalid'],
  ])('is not changed by %s', async (_who, attempt, code) => {
    expect((await attempt()).json.code).toBe(code);
  });
});

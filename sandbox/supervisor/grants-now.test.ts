/** What the installation of a run that lasts may do at the moment of its host call. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { createSandbox, type GrantsOf, type Sandbox } from '../index.ts';
import { RUNNER_LIMITS } from '../../spec/limits.ts';
import { createTestBed } from '../testing/test-bed.ts';

const bed = createTestBed();
let sandbox: Sandbox;
let now: Awaited<ReturnType<GrantsOf>>;

const LASTING = `export default { async fetch(request, host) {
  await new Promise((done) => setTimeout(done, ${RUNNER_LIMITS.grantsKeptMsMax + 50}));
  return host.kv.get('a').then(Response.json, ({ name, code, message }) => Response.json([name, code, message]));
} }`;

beforeAll(async () => {
  sandbox = await createSandbox({ ...bed.options, grantsOf: async () => now });
});
afterAll(() => sandbox.close());

const callOf = async (granted: typeof now): Promise<unknown> => {
  now = granted;
  return bed.read(await sandbox.call(bed.get(bed.guest({ 'index.js': LASTING })))).json;
};

test('a grant that is gone is denied, and those who watch are told', async () => {
  expect(await callOf([])).toEqual(['PermissionDenied', 'permission_denied', expect.any(String)]);
  expect(bed.denied.splice(0)).toEqual(['kv.get']);
});

test('a plugin that is not active any more was denied nothing', async () => {
  expect(await callOf('notActive')).toEqual([
    'HostError',
    'plugin_not_active',
    'kelompok/example is installed here, but not active.',
  ]);
  expect(bed.denied).toEqual([]);
});

/** One behaviour suite, run against the test host and against the real sandbox through a server: the same answers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { testSouk } from '../../tests/support/test-souk.ts';
import type { Manifest } from '../../spec/manifest.ts';
import { CASES, PLUGIN } from './cases/plugin.ts';
import { createTestHost } from './index.ts';

const SOURCE = `${readFileSync(join(import.meta.dirname, 'cases/plugin.ts'), 'utf8')}\nexport default PLUGIN;\n`;
const CODE = transformSync(SOURCE, {
  loader: 'ts',
  format: 'esm',
}).code;
const SUITE = {
  id: 'suite/cases',
  version: '1.0.0',
  name: 'Cases',
  main: 'index.js',
  dependencies: { 'suite/other': '^1.0.0' },
  optionalDependencies: { 'suite/absent': '^1.0.0' },
  permissions: [
    { name: 'kv' },
    { name: 'secrets' },
    { name: 'plugins.call', scope: ['suite/other', 'suite/absent'] },
  ],
  secrets: { token: { title: 'Token' }, other: { title: 'Other' } },
  config: {
    type: 'object',
    properties: { greeting: { type: 'string', default: 'Halo' }, n: { type: 'integer' } },
  },
} as const satisfies Partial<Manifest>;
const ENDPOINTS = [{ method: 'GET', path: '/cases/:name', access: 'public' }] as const;
const OTHER = `export default { async fetch(request) {
  const { pathname, search } = new URL(request.url);
  return Response.json({ at: pathname + search, method: request.method, word: request.headers.get('x-word'), body: await request.text() }, { status: 201 });
} };`;

const souk = await testSouk();
const org = await souk.org('suite');
const publisher = await souk.publisher('suite', org);
await publisher.publish({ id: 'suite/other', code: OTHER });
const published = await publisher.publish({ ...SUITE, code: CODE, endpoints: ENDPOINTS });
expect(published.answer.status, published.answer.text).toBe(201);
await org.install(SUITE.id);
const path = org.path(`/plugins/${SUITE.id}`);
expect((await org.owner.put(`${path}/secrets/token`, { value: 's3cret' })).status).toBeLessThan(300);
expect((await org.owner.put(`${path}/config`, { n: 7 })).status).toBeLessThan(300);

const other = await import(`data:text/javascript,${encodeURIComponent(OTHER)}`);
const host = createTestHost({
  manifest: { manifestVersion: 1, ...SUITE, contributes: { endpoints: ENDPOINTS } },
  config: { n: 7 },
  secrets: { token: 's3cret' },
  plugins: { 'suite/other': other.default.fetch },
});

describe('a plugin, on the test host as in the sandbox,', () => {
  it.each(Object.keys(CASES))('%s', async (name) => {
    const address = `/cases/${encodeURIComponent(name)}`;
    const real = await org.call(SUITE.id, address);
    expect(real.status, real.text).toBe(200);
    const tried = await host.fetch(PLUGIN, address);
    expect(await tried.json()).toEqual(real.json);
  });
});

describe('the answers that both give', () => {
  it.each([
    ['reads its configuration, with defaults', { greeting: 'Halo', n: 7 }],
    ['gets what it set', [true, { deep: [1, null, 'é'] }, null]],
    ['reads a secret that is set, and null for one that is not', ['s3cret', null]],
  ])('%s', async (name, expected) => {
    const answer = await host.fetch(PLUGIN, `/cases/${encodeURIComponent(name)}`);
    expect(await answer.json()).toEqual(expected);
  });
});

describe('the test host', () => {
  const options = { manifest: { manifestVersion: 1, ...SUITE, contributes: { endpoints: ENDPOINTS } } };

  it('denies what the test takes away', async () => {
    const denied = createTestHost({ ...options, deny: ['kv'] });
    await expect(denied.run(({ kv }) => kv.get('a'))).rejects.toMatchObject({
      name: 'PermissionDenied',
      permission: 'kv',
    });
  });

  it('shows what was logged and kept, and takes no configuration that the manifest does not', async () => {
    const fresh = createTestHost(options);
    await fresh.run(async ({ log, kv }) => {
      log.warn('careful', 1);
      await kv.set('a', [1]);
    });
    expect(fresh.lines).toEqual([{ level: 'warn', text: 'careful 1' }]);
    expect([...fresh.values()]).toEqual([['a', [1]]]);
    expect(() => createTestHost({ ...options, config: { n: 'seven' } })).toThrow('/n');
  });

  it('has no endpoint that the manifest does not declare', async () => {
    await expect(host.fetch(PLUGIN, '/elsewhere')).rejects.toMatchObject({ code: 'endpoint_not_found' });
  });
});

import { afterAll, beforeAll, expect, test } from 'vitest';

import { createSandbox, type Sandbox } from '../index.ts';
import { createTestBed } from '../testing/test-bed.ts';

const bed = createTestBed();
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await createSandbox(bed.options);
});
afterAll(() => sandbox.close());

test('an endpoint reads its request, calls the host and answers', async () => {
  const guest = bed.guest({
    'index.js': `
      import { sum } from './lib/sum.js';
      export default { async fetch(request, host) {
        const { a, b } = await request.json();
        await host.kv.set('last', sum(a, b));
        return Response.json({ sum: await host.kv.get('last'), org: host.org.slug, greeting: host.config.greeting });
      } }`,
    'lib/sum.js': 'export const sum = (a, b) => a + b;',
  });
  const completion = await sandbox.call(bed.post(guest, { a: 1, b: 2 }));
  expect(bed.read(completion)).toEqual({ status: 200, json: { sum: 3, org: 'kampung', greeting: 'halo' } });
});

test('a call without a grant throws PermissionDenied that names the permission', async () => {
  const source = `export default { async fetch(request, host) {
    try { await host.kv.get('a'); } catch (e) { return Response.json([e.name, e.permission, e.message]); }
  } }`;
  const completion = await sandbox.call(bed.get(bed.guest({ 'index.js': source }, { grants: [] })));
  expect(bed.read(completion).json).toEqual([
    'PermissionDenied',
    'kv',
    'kv.get needs the permission kv, which has not been granted',
  ]);
});

test('lifecycle hooks and health tests answer with a value', async () => {
  const source = `export default {
    activate(host) { return { activated: host.plugin.id } },
    upgrade(host, from) { return from },
    health() { return { ok: true } },
  }`;
  const guest = bed.guest({ 'index.js': source });
  const run = async (trigger: Parameters<typeof bed.invoke>[1]): Promise<unknown> => {
    const completion = await sandbox.call(bed.invoke(guest, trigger));
    return completion.outcome === 'ok' ? completion.value : completion;
  };
  expect(await run({ kind: 'lifecycle', hook: 'activate' })).toEqual({ activated: 'kelompok/example' });
  expect(await run({ kind: 'lifecycle', hook: 'upgrade', fromVersion: '0.9.0' })).toBe('0.9.0');
  expect(await run({ kind: 'lifecycle', hook: 'deactivate' })).toBeNull();
  expect(await run({ kind: 'health' })).toEqual({ ok: true });
});

/** One behaviour suite, run against the test host and against the real sandbox through a server: the same answers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { testSouk } from '../../tests/support/test-souk.ts';
import type { Contributions, Manifest } from '../../spec/manifest.ts';
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
    { name: 'mail.send' },
    { name: 'jobs' },
    { name: 'events.emit', scope: ['case.heard', 'case.strange', 'case.told'] },
    { name: 'events.subscribe', scope: ['case.heard'] },
    { name: 'contracts.call', scope: ['communication@1'] },
    { name: 'plugins.call', scope: ['suite/other', 'suite/absent'] },
  ],
  secrets: { token: { title: 'Token' }, other: { title: 'Other' } },
  config: {
    type: 'object',
    properties: { greeting: { type: 'string', default: 'Halo' }, n: { type: 'integer' } },
  },
} as const satisfies Partial<Manifest>;
const ENDPOINTS = [{ method: 'GET', path: '/cases/:name', access: 'public' }] as const;
const CONTRIBUTES: Omit<Contributions, 'endpoints'> = {
  commands: [
    {
      name: 'double',
      arguments: { type: 'object', required: ['value'], properties: { value: { type: 'integer' } } },
    },
    { name: 'read' },
  ],
  events: {
    emits: {
      'case.told': { type: 'object', properties: { n: { type: 'integer' } } },
      'case.heard': {},
    },
    subscribes: ['case.heard'],
  },
};
const GROUPS = `{
  createGroup: ({ name }) => {
    if (name === 'taken') throw Object.assign(new Error('It is taken.'), { code: 'platform_refused' });
    return { group: name };
  },
  deleteGroup: () => ({ deleted: 'later' }),
  addMember: () => null, removeMember: () => null, listMembers: () => null, postMessage: () => null,
}`;
const OTHER = `export default { contracts: { 'communication@1': ${GROUPS} }, async fetch(request) {
  const { pathname, search } = new URL(request.url);
  return Response.json({ at: pathname + search, method: request.method, word: request.headers.get('x-word'), body: await request.text() }, { status: 201 });
} };`;

const souk = await testSouk();
const org = await souk.org('suite');
const publisher = await souk.publisher('suite', org);
await publisher.publish({ id: 'suite/other', code: OTHER, contributes: { contracts: ['communication@1'] } });
const published = await publisher.publish({
  ...SUITE,
  code: CODE,
  endpoints: ENDPOINTS,
  contributes: CONTRIBUTES,
});
expect(published.answer.status, published.answer.text).toBe(201);
await org.install(SUITE.id);
const path = org.path(`/plugins/${SUITE.id}`);
expect((await org.owner.put(`${path}/secrets/token`, { value: 's3cret' })).status).toBeLessThan(300);
expect((await org.owner.put(`${path}/config`, { n: 7 })).status).toBeLessThan(300);

const other = await import(`data:text/javascript,${encodeURIComponent(OTHER)}`);
const host = createTestHost({
  manifest: { manifestVersion: 1, ...SUITE, contributes: { ...CONTRIBUTES, endpoints: ENDPOINTS } },
  config: { n: 7 },
  secrets: { token: 's3cret' },
  plugins: { 'suite/other': other.default.fetch },
  contracts: { 'suite/other': other.default.contracts },
  mail: 'none',
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
  const options = {
    manifest: { manifestVersion: 1, ...SUITE, contributes: { ...CONTRIBUTES, endpoints: ENDPOINTS } },
  };

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

  it('runs commands with files, and refuses arguments that do not fit', async () => {
    const fresh = createTestHost(options);
    expect(await fresh.command(PLUGIN, 'double', { value: 4 })).toEqual({ value: 8 });
    await expect(fresh.command(PLUGIN, 'double', {})).rejects.toMatchObject({
      code: 'command_arguments_invalid',
    });
    await expect(fresh.command(PLUGIN, 'constructor')).rejects.toMatchObject({ code: 'handler_unknown' });
    const content = 'é'.repeat(200_000);
    const read = await fresh.command(PLUGIN, 'read', {}, { files: { 'a.csv': content } });
    expect(read).toEqual(['a.csv', content, expect.objectContaining({ code: 'job_not_running' })]);
  });

  it('runs jobs when they are due', async () => {
    let nowMs = 0;
    const fresh = createTestHost({ ...options, nowMs: () => nowMs });
    await fresh.run(({ jobs }) => jobs.enqueue('double', { value: 2 }, { delayMs: 10 }));
    await fresh.work(PLUGIN);
    expect(fresh.jobs()).toMatchObject([{ state: 'queued', attempt: 0 }]);
    nowMs = 10;
    await fresh.work(PLUGIN);
    expect(fresh.jobs()).toMatchObject([{ state: 'succeeded', attempt: 1, result: { value: 4 } }]);
  });

  it('delivers what was emitted, again where the plugin failed', async () => {
    const fresh = createTestHost(options);
    await fresh.run(({ events }) => events.emit('case.heard', 1));
    expect(fresh.emitted).toMatchObject([{ name: 'case.heard', data: 1, emitter: SUITE.id }]);
    const failing = { events: { 'case.heard': () => Promise.reject(new Error('no')) } };
    await expect(fresh.deliver(failing)).rejects.toThrow('no');
    await fresh.deliver(PLUGIN);
    expect(fresh.values().get('heard')).toEqual(['case.heard', 2]);
    await expect(fresh.event(PLUGIN, { name: 'case.none' })).rejects.toMatchObject({
      code: 'handler_unknown',
    });
  });

  it('keeps mail instead of sending it, and takes no recipient that it shall not', async () => {
    const fresh = createTestHost({ ...options, mail: { rejects: ['eve@example.org'] } });
    const letter = { to: ['ada@example.org', 'eve@example.org'], subject: 'S', text: 'T' };
    const sent = await fresh.run(({ mail }) => mail.send(letter));
    expect(sent).toMatchObject({ accepted: ['ada@example.org'], rejected: ['eve@example.org'] });
    expect(fresh.outbox).toMatchObject([{ subject: 'S', text: 'T', accepted: ['ada@example.org'] }]);
    await expect(
      fresh.run(({ mail }) => mail.send({ ...letter, to: 'eve@example.org' })),
    ).rejects.toMatchObject({ code: 'mail_recipients_rejected' });
  });

  it('has no endpoint that the manifest does not declare', async () => {
    await expect(host.fetch(PLUGIN, '/elsewhere')).rejects.toMatchObject({ code: 'endpoint_not_found' });
  });
});

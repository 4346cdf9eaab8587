/** One behaviour suite, run against a server, `souk dev` and the test host: the same answers. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { SoukDev } from '../../tests/support/souk-dev.ts';
import { startSoukOn, testDatabase } from '../../tests/support/test-souk.ts';
import type { Host, Plugin } from '../index.ts';
import { CONTRIBUTES, ENDPOINTS, OTHER, SUITE as ASKING } from './cases/manifest.ts';
import { CASES, PLUGIN } from './cases/plugin.ts';
import { createTestHost } from './index.ts';

const SOURCE = `${readFileSync(join(import.meta.dirname, 'cases/plugin.ts'), 'utf8')}\nexport default PLUGIN;\n`;
const CODE = transformSync(SOURCE, {
  loader: 'ts',
  format: 'esm',
}).code;
type ImporterInput = { import: { id: string; type: string }; file: { id: string } };

/** Answers with what it was sent, but for the addresses that lead elsewhere. */
const outside = createServer((request, response) => {
  const [path = ''] = request.url?.split('?') ?? [];
  const location = LOCATIONS.get(path);
  if (path === '/open/broken') return void request.socket.destroy();
  if (location !== undefined) return void response.writeHead(302, { location }).end();
  const { authorization, 'x-word': word, 'user-agent': agent, host: name } = request.headers;
  let body = '';
  request.setEncoding('utf8').on('data', (text: string) => (body += text));
  request.on('end', () => {
    const seen = { method: request.method, url: request.url, authorization, word, agent, name, body };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(seen));
  });
});
const LOCATIONS = new Map([
  ['/open/near', '/open/b'],
  ['/open/away', '/closed/b'],
  ['/open/round', '/open/round'],
]);
await once(outside.listen(0, '127.0.0.1'), 'listening');
const origin = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;
const SECRETS = { token: 's3cret', broken: 'a\nb', outside: origin };
const FETCHING = { name: 'http.fetch', scope: [`${origin}/open/*`], methods: ['GET', 'POST'] } as const;
const SUITE = { ...ASKING, permissions: [...ASKING.permissions, FETCHING] };

const souk = await startSoukOn((await testDatabase()).url, {
  environment: { SOUK_EGRESS_ALLOW: '127.0.0.0/8' },
});
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
for (const [name, value] of Object.entries(SECRETS))
  expect((await org.owner.put(`${path}/secrets/${name}`, { value })).status).toBeLessThan(300);
expect((await org.owner.put(`${path}/config`, { n: 7 })).status).toBeLessThan(300);

const other = await import(`data:text/javascript,${encodeURIComponent(OTHER)}`);
const host = createTestHost({
  manifest: { manifestVersion: 1, ...SUITE, contributes: { ...CONTRIBUTES, endpoints: ENDPOINTS } },
  config: { n: 7 },
  secrets: SECRETS,
  plugins: { 'suite/other': other.default.fetch },
  contracts: { 'suite/other': other.default.contracts },
  mail: 'none',
});

const home = mkdtempSync(join(tmpdir(), 'souk-suite-'));
function writeFolder(name: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(home, name));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(home, name, file), text);
}
const engines = { souk: '^1.0.0' };
const suiteManifest = {
  manifestVersion: 1,
  ...SUITE,
  engines,
  contributes: { ...CONTRIBUTES, endpoints: ENDPOINTS },
};
writeFolder('cases', {
  'manifest.json': JSON.stringify(suiteManifest),
  'index.js': CODE,
  '.souk-dev.json': JSON.stringify({
    config: { n: 7 },
    secrets: SECRETS,
    egressAllow: ['127.0.0.0/8'],
    mail: 'none',
  }),
});
writeFolder('other', {
  'manifest.json': JSON.stringify({
    manifestVersion: 1,
    id: 'suite/other',
    version: '1.0.0',
    name: 'Other',
    main: 'index.js',
    engines,
    contributes: {
      contracts: ['communication@1'],
      endpoints: [
        { method: 'POST', path: '/echo' },
        { method: 'POST', path: '/boom' },
      ],
    },
  }),
  'index.js': OTHER,
});
const dev = await new SoukDev(home, 'cases', '--with', 'other').started();
afterAll(async () => {
  await dev.stop();
  outside.closeAllConnections();
  outside.close();
  rmSync(home, { recursive: true, force: true });
});

describe('a plugin, under souk dev and on the test host as on a server,', () => {
  it.each(Object.keys(CASES))('%s', async (name) => {
    const address = `/cases/${encodeURIComponent(name)}`;
    const real = await org.call(SUITE.id, address);
    expect(real.status, real.text).toBe(200);
    const underDev = await dev.call(`/orgs/dev/p/${SUITE.id}${address}`);
    expect(underDev.json).toEqual(real.json);
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

  it.each([
    ['is told of arguments of a wrong type', 'the arguments at /key must be string'],
    ['is told of arguments that are unknown', '"ttl"'],
    ['is told of a value that is no JSON', "'value'"],
    ['is denied what was not granted', 'plugins.call for suite/stranger,'],
    ['is denied a method that was not granted', 'http.fetch for DELETE http://127.0.0.1:'],
  ])('%s, by name', async (name, expected) => {
    const answer = await host.fetch(PLUGIN, `/cases/${encodeURIComponent(name)}`);
    expect(await answer.json()).toMatchObject({ message: expect.stringContaining(expected) as string });
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

  it('has records that are there before, and shows what was proposed', async () => {
    const fresh = createTestHost({ ...options, records: { organization: [{ name: 'Old Club' }] } });
    const rows = [{ row: 1, original: null, data: { name: 'Old Club', city: 'Delft' } }];
    const answer = await fresh.run(({ records }) => records.propose({ type: 'organization', rows }));
    expect(answer).toMatchObject({ merged: 1 });
    expect(fresh.records()).toMatchObject([{ revision: 2, data: { name: 'Old Club', city: 'Delft' } }]);
    expect(fresh.imports()).toMatchObject([
      { plugin: 'somebody/else' },
      { plugin: SUITE.id, state: 'completed' },
    ]);
    expect(() => createTestHost({ ...options, records: { organization: [{ city: 'Delft' }] } })).toThrow(
      'organization 1',
    );
  });

  it('tells subscribers what became of records', async () => {
    const subscribes = ['suite.cases.note.created'];
    const others = SUITE.permissions.filter(({ name }) => name !== 'events.subscribe');
    const manifest = {
      ...options.manifest,
      permissions: [...others, { name: 'events.subscribe', scope: subscribes }],
      contributes: { ...CONTRIBUTES, endpoints: ENDPOINTS, events: { ...CONTRIBUTES.events, subscribes } },
    };
    const fresh = createTestHost({ manifest });
    const rows = [{ row: 1, original: null, data: { code: 'a' } }];
    await fresh.run(({ records }) => records.propose({ type: 'note', rows }));
    const heard: unknown[] = [];
    await fresh.deliver({ events: { [subscribes[0] ?? '']: ({ data }) => void heard.push(data) } });
    const [note] = fresh.records();
    expect(heard).toMatchObject([{ type: 'suite.cases.note', id: note?.id, fields: ['code'] }]);
  });

  it('imports a file by the contract of an importer', async () => {
    const contracts = ['organization-importer@1'];
    const fresh = createTestHost({
      manifest: { ...options.manifest, contributes: { ...CONTRIBUTES, endpoints: ENDPOINTS, contracts } },
    });
    const importer: Plugin = {
      contracts: {
        'organization-importer@1': {
          sniff: () => ({ confidence: 1 }),
          import: async (input: ImporterInput, { files, records }) => {
            const text = await new Response(files.stream(input.file.id)).text();
            if (text === 'broken') throw new Error('no file of mine');
            const names = text.split('\n');
            const rows = names.map((name, index) => ({ row: index + 1, original: name, data: { name } }));
            await records.propose({ type: input.import.type, import: input.import.id, rows });
            return {
              rows: rows.length,
              problems: [{ message: 'is cut off', row: 9 }, { message: 'No header.' }],
            };
          },
        },
      },
    };
    const wish = { kind: 'organizations', name: 'clubs.txt', content: 'One\nTwo' } as const;
    expect(await fresh.importFile(importer, { ...wish, mode: 'dryRun' })).toMatchObject({
      state: 'completed',
      problem: 'No header.',
      counts: { accepted: 2, rejected: 1 },
    });
    expect(fresh.records()).toEqual([]);
    expect(await fresh.importFile(importer, wish)).toMatchObject({ counts: { accepted: 2, rejected: 1 } });
    expect(fresh.records()).toHaveLength(2);
    const broken = await fresh.importFile(importer, { ...wish, content: 'broken' });
    expect(broken).toMatchObject({ state: 'failed', rows: [] });
    await expect(createTestHost(options).importFile(importer, wish)).rejects.toMatchObject({
      code: 'contract_not_implemented',
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

  it('asks what the test has in the place of fetch, and only for the plugin', async () => {
    const asked: [string, unknown][] = [];
    const own = vi.spyOn(globalThis, 'fetch').mockImplementation(async (url, init) => {
      asked.push([String(url), init?.body]);
      return new Response('mocked');
    });
    try {
      const fresh = createTestHost({
        ...options,
        plugins: { 'suite/other': () => fetch('http://not.granted/') },
      });
      const post = { method: 'POST', body: 'text' };
      const answer = await fresh.run(async ({ plugins }) => [
        await (await fetch(`${origin}/open/a`, post)).text(),
        await (await plugins.call('suite/other', '/echo')).text(),
        await fetch('http://not.granted/').catch(({ name }: Error) => name),
      ]);
      expect(answer).toEqual(['mocked', 'mocked', 'PermissionDenied']);
      expect(asked).toEqual([
        [`${origin}/open/a`, 'text'],
        ['http://not.granted/', undefined],
      ]);
      expect(globalThis.fetch).toBe(own);
    } finally {
      own.mockRestore();
    }
  });

  it('says what is wrong with a function in the place of fetch', async () => {
    const own = vi.spyOn(globalThis, 'fetch').mockResolvedValue({ ok: true } as Response);
    try {
      await expect(createTestHost(options).run(() => fetch(`${origin}/open/a`))).rejects.toThrow(
        'no Response',
      );
    } finally {
      own.mockRestore();
    }
  });

  it('lets no fetch out once its run has ended, nor where the test denies it', async () => {
    let late: Promise<unknown> | undefined;
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    await host.run(() => {
      const { fetch: mine } = globalThis;
      late = ended.then(() => mine(`${origin}/open/a`));
    });
    end();
    await expect(late).rejects.toThrow('the run has ended');
    const denied = createTestHost({ ...options, deny: ['http.fetch'] });
    await expect(denied.run(() => fetch(`${origin}/open/a`))).rejects.toMatchObject({
      name: 'PermissionDenied',
      permission: 'http.fetch',
    });
  });

  describe('between a caller and the plugin,', () => {
    const access = { actions: [{ name: 'cases.see', title: 'See cases', default: 'admin' }] };
    const endpoints = [
      { method: 'GET', path: '/echo', access: 'public' },
      { method: 'GET', path: '/member' },
      { method: 'GET', path: '/right', access: 'action:cases.see' },
      { method: 'GET', path: '/feed', access: 'public' },
    ];
    const commands = [{ name: 'rule', access: 'admin' }];
    const manifest = { ...options.manifest, contributes: { ...access, endpoints, commands } };
    const serve = (answer: (request: Request, given: Host) => Response): Plugin => ({
      fetch: answer,
      commands: { rule: () => 'done' },
    });
    const fine = serve(() => new Response('fine'));

    it.each([
      [{ kind: 'anonymous' }, '/member', 'authentication_required'],
      [{ kind: 'user', id: 'a', role: 'member' }, '/member', 200],
      [{ kind: 'user', id: 'a', role: 'member' }, '/right', 'role_missing'],
      [{ kind: 'user', id: 'a', role: 'admin' }, '/right', 200],
      [{ kind: 'plugin', id: 'a/b', behind: { kind: 'anonymous' } }, '/right', 200],
    ] as const)('asks of %j at %s for its role', async (caller, at, expected) => {
      const asked = createTestHost({ manifest, caller }).fetch(fine, at);
      const seen = await asked.then(
        ({ status }) => status,
        ({ code }) => code,
      );
      expect(seen).toBe(expected);
    });

    it('asks for it of commands as well', async () => {
      const member = createTestHost({ manifest, caller: { kind: 'user', id: 'a', role: 'member' } });
      await expect(member.command(fine, 'rule')).rejects.toMatchObject({ code: 'role_missing' });
      expect(await createTestHost({ manifest }).command(fine, 'rule')).toBe('done');
    });

    it('passes the headers on that a server does', async () => {
      const plugin = serve((request) =>
        Response.json([...request.headers], { headers: { 'set-cookie': 'a=b', 'x-own': 'c' } }),
      );
      const headers = { cookie: 'a=b', 'x-word': 'w', 'x-real-ip': '1.2.3.4' };
      const answer = await createTestHost({ manifest }).fetch(plugin, '/echo', { headers });
      expect([...answer.headers]).toEqual([
        ['content-security-policy', 'sandbox'],
        ['content-type', 'application/json'],
        ['x-content-type-options', 'nosniff'],
        ['x-own', 'c'],
      ]);
      expect(await answer.json()).toEqual([
        ['x-forwarded-prefix', '/orgs/test/p/suite/cases'],
        ['x-word', 'w'],
      ]);
    });

    it('lets an answer come as it is made, with the host there until it ends', async () => {
      let isCancelled = false;
      const plugin = serve((_request, { kv }) => {
        let count = 0;
        const pull = async (controller: ReadableStreamDefaultController): Promise<void> => {
          await kv.set('count', (count += 1));
          await new Promise((resolve) => setTimeout(resolve, 5));
          controller.enqueue(new TextEncoder().encode(`data: ${count}\n\n`));
        };
        const cancel = (): void => void (isCancelled = true);
        return new Response(new ReadableStream({ pull, cancel }, { highWaterMark: 0 }));
      });
      const endless = createTestHost({ manifest });
      const reader = (await endless.fetch(plugin, '/feed')).body?.getReader();
      for (const count of [1, 2, 3]) {
        const { value } = (await reader?.read()) ?? {};
        expect(new TextDecoder().decode(value)).toBe(`data: ${count}\n\n`);
      }
      await reader?.cancel();
      expect(isCancelled).toBe(true);
      expect(Number(endless.values().get('count'))).toBeLessThan(7);
    });

    it('ends the host with an answer that is whole', async () => {
      let given: Host | undefined;
      const plugin = serve((_request, of) => {
        given = of;
        return Response.json('whole');
      });
      expect(await (await createTestHost({ manifest }).fetch(plugin, '/echo')).json()).toBe('whole');
      await expect(Promise.resolve().then(() => given?.kv.get('a'))).rejects.toThrow('the run has ended');
    });

    it('shows the test what a plugin of its own threw', async () => {
      const thrown = new Error('of the test');
      const plugins = { 'suite/other': () => Promise.reject(thrown) };
      const failing = createTestHost({ ...options, plugins });
      const called = failing.run(({ plugins: others }) => others.call('suite/other', '/x') as never);
      await expect(called).rejects.toMatchObject({ code: 'plugin_run_failed', cause: thrown });
    });
  });

  it('has no endpoint that the manifest does not declare', async () => {
    await expect(host.fetch(PLUGIN, '/elsewhere')).rejects.toMatchObject({ code: 'endpoint_not_found' });
  });
});

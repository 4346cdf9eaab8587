/** The command `souk dev`, in a process of its own as an author has it: real runner, real HTTP, real saves. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SoukDev } from '../../tests/support/souk-dev.ts';
import { soukIn } from '../testing.fixture.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const EXAMPLES = join(ROOT, 'plugins-examples', 'examples');
const home = mkdtempSync(join(tmpdir(), 'souk-dev-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const PLUGIN = `import type { Host } from 'souk/sdk';
export default {
  async fetch(request: Request, host: Host): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === '/wait') {
      host.log.info('waits');
      await request.text();
    }
    if (pathname === '/fail') return fail(request.url);
    if (pathname === '/out') return fetch(String(host.config['target']));
    if (pathname === '/count') {
      await host.kv.set('count', ((await host.kv.get<number>('count')) ?? 0) + 1);
    }
    if (pathname === '/denied') await host.secrets.get('token');
    host.log.info('called', pathname);
    return Response.json({ version: 'one', count: await host.kv.get('count'), caller: host.caller, config: host.config });
  },
  commands: { double: ({ value }: { value: number }) => ({ value: value * 2 }) },
  health: (host: Host) => ({ ok: true, word: host.config['word'] }),
};
function fail(where: string): never {
  throw new TypeError('no luck at ' + where);
}
`;

function manifest(port: number, more: object = {}): string {
  const paths = ['/fail', '/out', '/count', '/denied', '/hello'];
  return JSON.stringify({
    manifestVersion: 1,
    id: 'ada/tried',
    version: '0.1.0',
    name: 'tried',
    main: 'index.js',
    engines: { souk: '^1.0.0' },
    permissions: [
      { name: 'kv' },
      { name: 'secrets' },
      { name: 'http.fetch', scope: [`http://127.0.0.1:${port}/*`] },
    ],
    secrets: { token: { title: 'Token' } },
    config: {
      type: 'object',
      properties: { word: { type: 'string', default: 'halo' }, target: { type: 'string' } },
    },
    contributes: {
      endpoints: [
        ...paths.map((path) => ({ method: 'GET', path, access: 'public' })),
        { method: 'POST', path: '/wait', access: 'public' },
        { method: 'GET', path: '/admins', access: 'admin' },
        { method: 'POST', path: '/checked', access: 'public', request: { type: 'object', required: ['a'] } },
      ],
      ...more,
    },
  });
}

describe('souk dev', () => {
  const folder = join(home, 'tried');
  const source = join(folder, 'index.ts');
  let dev: SoukDev;
  let target: ReturnType<typeof createServer>;
  const call = (path: string, init?: RequestInit) => dev.call(`/orgs/dev/p/ada/tried${path}`, init);

  beforeAll(async () => {
    cpSync(join(EXAMPLES, 'hello-world'), folder, { recursive: true });
    rmSync(join(folder, 'index.js'));
    writeFileSync(source, PLUGIN);
    target = createServer((_request, response) => void response.end('{"from":"outside"}'));
    await new Promise<void>((resolve) => {
      target.listen(0, '127.0.0.1', resolve);
    });
    writeFileSync(join(folder, 'manifest.json'), manifest(targetPort()));
    writeValues({});
    dev = await new SoukDev(home, 'tried', '--data', 'data.json').started();
  });
  afterAll(async () => {
    target.close();
    expect(await dev.stop()).toBe(0);
    expect(JSON.parse(readFileSync(join(home, 'data.json'), 'utf8'))['ada/tried'][0]).toMatchObject({
      key: 'count',
    });
  });

  const targetPort = (): number => (target.address() as AddressInfo).port;

  function writeValues(values: object): void {
    const config = { target: `http://127.0.0.1:${targetPort()}/x` };
    writeFileSync(join(folder, '.souk-dev.json'), JSON.stringify({ config, ...values }));
  }

  test('answers endpoints as a server would, and logs', async () => {
    const { status, json, headers } = await call('/hello');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      version: 'one',
      config: { word: 'halo' },
      caller: { kind: 'user', role: 'owner' },
    });
    expect(headers.get('content-security-policy')).toBe('sandbox');
    expect(await dev.told('log', { text: 'called /hello' })).toMatchObject({ level: 'info' });
  });

  test.each([
    ['/nowhere', {}, 404, 'endpoint_not_found'],
    ['/hello', { method: 'DELETE' }, 405, 'method_not_allowed'],
    ['/admins', { headers: { 'souk-dev-role': 'member' } }, 403, 'role_missing'],
    ['/admins', { headers: { 'souk-dev-role': 'anonymous' } }, 401, 'authentication_required'],
    [
      '/checked',
      { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } },
      400,
      'request_invalid',
    ],
    ['/checked', { method: 'POST', body: 'a=1' }, 415, 'media_type_unsupported'],
  ])('refuses %s %j', async (path, init, status, code) => {
    const answer = await call(path, init);
    expect({ status: answer.status, code: answer.json.code }).toEqual({ status, code });
  });

  test('shows an error at the place where the author wrote it', async () => {
    const { status, json } = await call('/fail');
    expect(status).toBe(502);
    const line = PLUGIN.split('\n').findIndex((text) => text.includes('throw new TypeError')) + 1;
    expect(json).toMatchObject({ code: 'plugin_run_failed', outcome: 'exception' });
    expect(json.error).toContain(`index.ts:${line}:`);
    expect((await dev.told('failed', { trigger: 'endpoint' }))['text']).toContain(`index.ts:${line}:`);
  });

  test('runs commands and health by hand', async () => {
    writeFileSync(
      join(folder, 'manifest.json'),
      manifest(targetPort(), {
        commands: [{ name: 'double', arguments: { type: 'object', required: ['value'] } }],
      }),
    );
    await dev.told('reloaded');
    const post = (path: string, body?: object, headers = {}): ReturnType<SoukDev['call']> =>
      dev.call(`/dev/ada/tried/${path}`, {
        method: 'POST',
        headers,
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
    expect((await post('commands/double', { value: 4 })).json).toEqual({ value: { value: 8 } });
    expect((await post('commands/double', {})).json.code).toBe('command_arguments_invalid');
    expect((await post('commands/none')).json.code).toBe('handler_unknown');
    expect((await post('health')).json).toEqual({ value: { ok: true, word: 'halo' } });
    expect((await post('health', undefined, { origin: 'https://elsewhere.test' })).json.code).toBe(
      'dev_request_foreign',
    );
  });

  test('guards the net, and lets a plugin reach what its values allow', async () => {
    const heard = dev.heard;
    expect((await call('/out')).status).toBe(502);
    expect((await dev.told('failed', {}, heard))['text']).toContain('not');
    writeValues({ egressAllow: ['127.0.0.1'] });
    await dev.told('reloaded', {}, heard);
    expect((await call('/out')).json).toEqual({ from: 'outside' });
  });

  test('denies what its values deny', async () => {
    const heard = dev.heard;
    writeValues({ deny: ['secrets'] });
    await dev.told('reloaded', {}, heard);
    expect((await call('/denied')).json.error).toContain('PermissionDenied');
    expect(await dev.told('denied', {}, heard)).toMatchObject({
      capability: 'secrets.get',
      permission: 'secrets',
    });
  });

  test('takes its own log in the folder for no save', async () => {
    const heard = dev.heard;
    appendFileSync(join(folder, 'dev.log'), 'reloaded\n');
    for (let asked = 0; asked < 200; asked += 1) expect((await call('/hello')).status).toBe(200);
    expect(dev.names(heard)).not.toContain('reloaded');
  });

  test('takes a save without dropping what is in flight, keeps the data, and stays with what works', async () => {
    let heard = dev.heard;
    writeValues({ egressAllow: ['127.0.0.1'] });
    await dev.told('reloaded', {}, heard);
    await call('/count');
    // In flight for as long as its body is: minutes, where everything else that a plugin waits for is cut off sooner.
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const body = writable.getWriter();
    void body.write(Buffer.from('not all'));
    const waiting = call('/wait', { method: 'POST', body: readable, duplex: 'half' });
    await dev.told('log', { text: 'waits' });
    heard = dev.heard;
    writeFileSync(source, PLUGIN.replace("'one'", "'two'"));
    await dev.told('reloaded', {}, heard);
    expect((await call('/hello')).json).toMatchObject({ version: 'two', count: 1 });
    writeFileSync(source, 'export default {');
    expect(await dev.told('refused', {}, heard)).toMatchObject({ code: 'pack_bundle_failed' });
    expect((await call('/hello')).json.version).toBe('two');
    writeFileSync(
      source,
      PLUGIN.replace("'one'", "'three'").replace('health:', 'activate() { throw new Error("no"); }, health:'),
    );
    await dev.told('failed', { trigger: 'lifecycle' }, heard);
    expect((await call('/hello')).json.version).toBe('two');
    await body.close();
    expect(await waiting).toMatchObject({ status: 200, json: { version: 'one', count: 1 } });
  });
});

test.each([
  ['no JSON', 'kept.json', '[1', 'dev_data_invalid'],
  ['no entries', 'kept.json', '{"ada/tried":{"x":5}}', 'dev_data_invalid'],
  [
    'a key that is none',
    'kept.json',
    '{"ada/tried":[{"key":"","value":1,"expiresAtMs":null}]}',
    'kv_key_invalid',
  ],
  ['no folder to lie in', 'no/such/folder/kept.json', null, 'file_unwritable'],
])('data with %s is refused at the start', async (_what, file, text, code) => {
  if (text !== null) writeFileSync(join(home, file), text);
  const { exitCode, error } = await soukIn(home, {})('dev', 'tried', '--port', '0', '--data', file);
  expect(error).toMatch(new RegExp(`^refused: ${code}\\n`, 'u'));
  expect(exitCode).toBe(1);
});

test('data that can no longer be kept is told of, and souk dev ends', async () => {
  mkdirSync(join(home, 'kept'));
  const dev = await new SoukDev(home, 'tried', '--data', 'kept/data.json').started();
  rmSync(join(home, 'kept'), { recursive: true });
  expect(await dev.stop()).toBe(1);
});

test('runs the plugins that it depends on beside it', async () => {
  const folders = [join(EXAMPLES, 'counter'), '--with', join(EXAMPLES, 'hello-world')];
  const dev = await new SoukDev(home, ...folders).started();
  const answer = await dev.call('/orgs/dev/p/examples/counter/pages/home/visits', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ visitor: 'Ada' }),
  });
  expect(answer).toMatchObject({ status: 201, json: { visits: 1, greeting: 'Hello, Ada!' } });
  expect(await dev.stop()).toBe(0);
});

/** What administrators do with the command beside installing: requests, upgrades that wait, rights, dangers, logs. */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { commandLine, type CommandLine } from '../../tests/support/command-line.ts';
import { testSouk } from '../../tests/support/test-souk.ts';
import { run } from '../main.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
const TOOL = 'kelompok/tool';
const HIDDEN = 'kelompok/hidden';
const NEEDY = 'kelompok/needy';
const FETCH = { name: 'http.fetch', scope: ['https://api.example.org/*'], reason: 'Asks there.' } as const;
const CODE = `export default {
  async fetch(request, host) {
    host.log.warn('loud \\u001b[31m line\\nsecond');
    await host.kv.get('x').catch(() => undefined);
    return new Response('ok');
  },
  async health(host) { if (host.config.ill) throw new Error('my head aches'); },
};`;
const tool = {
  id: TOOL,
  code: CODE,
  config: { type: 'object', properties: { ill: { type: 'boolean' } } },
  contributes: { actions: [{ name: 'tool.use', title: 'Use it', default: 'admin' }] },
} as const;
await kelompok.ship({ ...tool, permissions: [FETCH] }, { id: NEEDY, dependencies: { [TOOL]: '>=1' } });
await kelompok.publish({ id: HIDDEN }, acme.path('/packages'));

const owner = commandLine(souk.process.url, acme.owner.token);
const admin = commandLine(souk.process.url, souk.admin.token);
const member = await souk.user('member');
await acme.owner.put(acme.path(`/members/${member.id}`), { role: 'member' });
const asker = commandLine(souk.process.url, member.client.token);
const ORG = ['--org', 'acme'];

/** Must end with 0. @returns what people read */
async function said({ souk: line }: CommandLine, ...argv: string[]): Promise<string> {
  const { exitCode, out, error } = await line(...argv);
  expect({ exitCode, error }, out).toEqual({ exitCode: 0, error: '' });
  expect(out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  return out;
}

test('a member asks, and is answered once', async () => {
  const { id } = await asker.ok('plugin', 'request', TOOL, '--reason', 'For my work.\nREALLY', ...ORG);
  expect(await said(owner, 'plugin', 'requests', ...ORG)).toBe(`${id} open ${TOOL}: For my work. REALLY\n`);
  expect(await asker.refused('plugin', 'decide', id, 'granted', ...ORG)).toBe('role_missing');
  expect(await owner.refused('plugin', 'decide', id, 'perhaps', ...ORG)).toBe('request_invalid');
  expect(await said(owner, 'plugin', 'decide', id, 'granted', '--answer', 'Soon.', ...ORG)).toContain(
    '(answer: Soon.)',
  );
  expect(await owner.refused('plugin', 'decide', id, 'declined', ...ORG)).toBe('plugin_request_not_found');
});

/** Begins `souk logs -f` of the tool. `end` interrupts it and gives its exit code. */
function follow(url: string, ...words: string[]): { lines(): { text: string }[]; end(): Promise<number> } {
  const over = new AbortController();
  let out = '';
  const write = (text: string): void => void (out += text);
  const ended = run(['logs', TOOL, '-f', '--json', '--level', 'warn', ...words, ...ORG], {
    cwd: owner.folder,
    environment: { SOUK_URL: url, SOUK_TOKEN: acme.owner.token ?? '', HOME: owner.folder },
    readIn: () => Promise.resolve(''),
    writeOut: write,
    writeError: write,
    signal: over.signal,
  });
  const lines = () =>
    out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  const end = (): Promise<number> => {
    over.abort();
    return ended;
  };
  return { lines, end };
}

/** @returns the address of the server over a way on which `meanwhile` is done before the lines that are wanted arrive */
async function slowly(meanwhile: () => Promise<void>): Promise<string> {
  const way = createServer((request, response) => {
    const pass = async (): Promise<void> => {
      const { host: _here, connection: _of, ...headers } = request.headers as Record<string, string>;
      const answer = await fetch(`${souk.process.url}${request.url}`, { headers });
      if (request.url?.includes('/logs?level')) await meanwhile();
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
      await pipeline(answer.body ?? [], response);
    };
    pass().catch(() => response.destroy());
  });
  await once(way.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void way.close());
  return `http://127.0.0.1:${(way.address() as AddressInfo).port}`;
}

describe('rights', () => {
  test('a grant is limited to a part of its scope, and never widened', async () => {
    await owner.ok('plugin', 'install', NEEDY, '--yes', ...ORG);
    const limited = 'http.fetch=https://api.example.org/v1/*';
    expect(await said(owner, 'plugin', 'grants', TOOL, '--limit', limited, ...ORG)).toBe(
      'granted: http.fetch of https://api.example.org/v1/*\n',
    );
    const wider = 'http.fetch=https://api.example.org/*';
    expect(await owner.refused('plugin', 'grants', TOOL, '--limit', wider, ...ORG)).toBe('grant_not_held');
    expect(await owner.refused('plugin', 'grants', TOOL, '--limit', 'kv=x', ...ORG)).toBe('grant_not_held');
    expect((await owner.souk('plugin', 'grants', TOOL, '--limit', 'kv', ...ORG)).exitCode).toBe(2);
  });

  test('receipts say who granted what, and are exported', async () => {
    const { items } = await owner.ok('plugin', 'receipts', TOOL, ...ORG);
    expect(items).toHaveLength(2);
    expect(await said(owner, 'plugin', 'receipts', TOOL, ...ORG)).toContain('granted http.fetch to 1.0.0');
    await owner.ok('plugin', 'receipts', TOOL, '--out', 'receipts.json', ...ORG);
    const file = readFileSync(join(owner.folder, 'receipts.json'), 'utf8');
    expect(JSON.parse(file).items).toEqual(items);
    expect(await owner.refused('plugin', 'receipts', TOOL, '--out', 'receipts.json', ...ORG)).toBe(
      'file_exists',
    );
  });

  test('rights of a plugin are mapped to roles', async () => {
    expect(await said(owner, 'plugin', 'actions', TOOL, ...ORG)).toBe('tool.use: from admin on (Use it)\n');
    expect(await said(owner, 'plugin', 'actions', TOOL, '--map', 'tool.use=member', ...ORG)).toBe(
      'tool.use: from member on, proposed was admin (Use it)\n',
    );
    expect(await owner.refused('plugin', 'actions', TOOL, '--map', 'no.such=member', ...ORG)).toBe(
      'action_unknown',
    );
    expect(await owner.refused('plugin', 'actions', TOOL, '--map', 'tool.use=king', ...ORG)).toBe(
      'request_invalid',
    );
  });
});

describe('how it is', () => {
  test('health, logs and metrics', async () => {
    await owner.ok('plugin', 'activate', NEEDY, '--cascade', ...ORG);
    expect(await said(owner, 'plugin', 'test', TOOL, ...ORG)).toBe(`${TOOL} is well\n`);
    expect((await acme.call(TOOL, '/')).status).toBe(200);
    const logged = await said(owner, 'logs', TOOL, '--level', 'warn', '--since', '1h', ...ORG);
    expect(logged).toContain('Z warn loud \\u{1b}[31m line\n    second\n');
    expect(await said(owner, 'plugin', 'logs', TOOL, '--level', 'error', ...ORG)).toBe(
      'it has logged nothing\n',
    );
    expect(await said(owner, 'logs', TOOL, '--until', '1h', ...ORG)).toBe('it has logged nothing\n');
    expect((await owner.souk('logs', TOOL, '--since', 'yesterday', ...ORG)).exitCode).toBe(2);
    const metrics = await said(owner, 'plugin', 'metrics', TOOL, ...ORG);
    expect(metrics).toMatch(/^calls: \d+ \(\d+ ok\)\n/u);
    expect(metrics).toMatch(/\ndenied: kv\.get 1 times for want of kv, last \d{4}-/u);
    await acme.owner.put(acme.path(`/plugins/${TOOL}/config`), { ill: true });
    const ill = await owner.souk('plugin', 'test', TOOL, ...ORG);
    expect(ill.exitCode).toBe(1);
    expect(ill.out).toContain('is not well');
    expect(ill.out).toContain('my head aches');
  });

  test('logs -f prints what is there and what comes, until it is ended', async () => {
    const { lines, end } = follow(souk.process.url, '--limit', '1');
    await vi.waitFor(() => expect(lines()).toHaveLength(1), { timeout: 30_000 });
    expect((await acme.call(TOOL, '/')).status).toBe(200);
    await vi.waitFor(() => expect(lines().length).toBeGreaterThanOrEqual(3), { timeout: 30_000 });
    expect(await end()).toBe(0);
    expect(lines().some(({ text }) => text.startsWith('loud'))).toBe(true);
    expect(await owner.refused('logs', 'kelompok/none', '-f', ...ORG)).toBe('plugin_not_installed');
  });

  test('logs -f misses nothing that is written between its two questions, and prints nothing older', async () => {
    const url = await slowly(async () => void (await acme.call(TOOL, '/')));
    const { lines, end } = follow(url, '--since', new Date().toISOString());
    await vi.waitFor(() => expect(lines().length).toBeGreaterThan(0), { timeout: 30_000 });
    expect(await end()).toBe(0);
    expect(lines().filter(({ text }) => text.startsWith('loud'))).toHaveLength(1);
  });
});

test('an upgrade that asks for more waits, is declined, and is accepted', async () => {
  await kelompok.ship({
    ...tool,
    version: '1.1.0',
    permissions: [FETCH, { name: 'kv', reason: 'Remembers.' }],
  });
  expect(await said(owner, 'plugin', 'pending', ...ORG)).toBe('nothing waits\n');
  const renewed = await owner.souk('plugin', 'renew', TOOL, ...ORG);
  expect([renewed.exitCode, renewed.out]).toEqual([
    4,
    expect.stringContaining(`${TOOL} 1.1.0 waits for consent:`),
  ]);
  expect(await said(owner, 'plugin', 'pending', ...ORG)).toMatch(/^kelompok\/tool 1\.0\.0 → 1\.1\.0 since /u);
  expect(await said(owner, 'plugin', 'decline', TOOL, ...ORG)).toBe(`${TOOL} stays as it is\n`);
  expect(await owner.refused('plugin', 'accept', TOOL, '--yes', ...ORG)).toBe('upgrade_not_pending');
  await owner.souk('plugin', 'renew', TOOL, ...ORG);
  const shown = await owner.souk('plugin', 'accept', TOOL, ...ORG);
  expect([shown.exitCode, shown.out]).toEqual([4, expect.stringContaining('kv (low risk)')]);
  await acme.owner.put(acme.path(`/plugins/${TOOL}/config`), { ill: false });
  expect(await said(owner, 'plugin', 'accept', TOOL, '--yes', ...ORG)).toContain(`${TOOL} is 1.1.0 now\n`);
  expect(await said(owner, 'plugin', 'renew', TOOL, ...ORG)).toBe(`${TOOL} is the newest that fits\n`);
});

test('a lock is taken to another organization', async () => {
  await souk.org('copy');
  await owner.ok('plugin', 'lock', '--out', 'lock.json', ...ORG);
  writeFileSync(join(admin.folder, 'lock.json'), readFileSync(join(owner.folder, 'lock.json')));
  const shown = await admin.souk('plugin', 'import', 'lock.json', '--org', 'copy');
  expect([shown.exitCode, shown.out]).toEqual([4, expect.stringContaining(`+ ${TOOL} 1.1.0`)]);
  await admin.ok('plugin', 'import', 'lock.json', '--yes', '--org', 'copy');
  const lockOf = (line: CommandLine, org: string) => said(line, 'plugin', 'lock', '--org', org);
  expect(await lockOf(admin, 'copy')).toBe(await lockOf(owner, 'acme'));
  writeFileSync(join(admin.folder, 'lock.json'), '{"lockVersion":1,"lockVersion":1}');
  expect(await admin.refused('plugin', 'import', 'lock.json', '--org', 'copy')).toBe('lock_file_invalid');
});

describe('danger', () => {
  test('what would stop is shown, and a revocation is shown before it is made', async () => {
    expect(await said(owner, 'plugin', 'radius', TOOL, ...ORG)).toContain(`stops with it: ${NEEDY}\n`);
    expect(await said(owner, 'plugin', 'policy', ...ORG)).toBe(
      'reaction: block\nnothing unsafe is installed\n',
    );
    const reach = await owner.souk('revoke', `${NEEDY}@1.0.0`, '--reason', 'It lies.');
    expect([reach.exitCode, reach.out]).toEqual([
      4,
      expect.stringContaining('is installed in 2 organization(s), active in 1\n'),
    ]);
    expect(await said(owner, 'plugin', 'policy', '--set', 'warn', ...ORG)).toContain('reaction: warn\n');
    expect(await said(owner, 'revoke', `${NEEDY}@1.0.0`, '--reason', 'It lies.', '--yes')).toContain(
      'is declared unsafe',
    );
    expect(await said(owner, 'plugin', 'policy', ...ORG)).toContain(`${NEEDY} 1.0.0 is revoked: It lies.\n`);
    expect(await owner.refused('plugin', 'policy', '--set', 'pray', ...ORG)).toBe('request_invalid');
  });

  test('safe mode, and the brake of an organization', async () => {
    expect(await owner.refused('safemode', 'begin', '--reason', 'I say so.')).toBe('scope_missing');
    expect(await said(admin, 'safemode', 'begin', '--reason', 'A drill.')).toContain(': A drill.\n');
    expect((await acme.call(TOOL, '/')).json.code).toBe('plugin_not_active');
    expect(await said(admin, 'safemode', 'end')).toBe('safe mode is off\n');
    expect(await said(owner, 'plugin', 'halt', ...ORG)).toBe(`deactivated ${NEEDY}\ndeactivated ${TOOL}\n`);
    expect(await said(owner, 'plugin', 'halt', ...ORG)).toBe('nothing was active\n');
  });
});

test('an instance admin decides how a plugin is offered', async () => {
  const { id } = await souk.org('guest');
  expect(await admin.refused('plugin', 'plan', HIDDEN, '--org', 'guest')).not.toBe('');
  expect(await said(admin, 'availability', 'allow', HIDDEN, 'guest')).toBe(`guest may see ${HIDDEN}\n`);
  await admin.ok('plugin', 'plan', HIDDEN, '--org', 'guest');
  expect(await said(admin, 'availability', 'show', HIDDEN)).toContain(`visible to the organization ${id}\n`);
  await admin.ok('availability', 'deny', HIDDEN, 'guest');
  expect(await admin.refused('plugin', 'plan', HIDDEN, '--org', 'guest')).not.toBe('');
  const set = await said(admin, 'availability', 'set', TOOL, '--default', 'yes', '--builtin', 'no');
  expect(set).toContain('enabled by default: yes\nbuilt-in: no\n');
  expect(await said(admin, 'org', 'defaults', 'guest')).toBe(`${TOOL}: active\n`);
  expect(await said(admin, 'org', 'defaults', 'guest')).toBe('guest lacks none\n');
  expect(await owner.refused('availability', 'set', TOOL, '--builtin', 'yes')).toBe('scope_missing');
  expect(await admin.refused('availability', 'set', TOOL)).toBe('request_invalid');
  await admin.ok('availability', 'set', TOOL, '--default', 'no');
  const global = await said(admin, 'availability', 'set', TOOL, '--scope', 'global');
  expect(global).toContain('scope: global\n');
  await admin.ok('availability', 'set', TOOL, '--scope', 'organization');
});

test('an instance admin decides how much an organization may use', async () => {
  expect(await said(owner, 'org', 'limits', 'acme')).toContain('runsMax = 128\n');
  expect(await said(admin, 'org', 'limits', 'acme', '--set', 'runsMax=16', 'kvKeysMax=5')).toContain(
    'runsMax = 16 (decided for this organization)\n',
  );
  expect(await said(admin, 'org', 'limits', 'acme', '--reset')).not.toContain('decided');
  expect(await admin.refused('org', 'limits', 'acme', '--set', 'runsMax=999999')).toBe('limits_invalid');
  expect(await owner.refused('org', 'limits', 'acme', '--set', 'runsMax=1')).toBe('scope_missing');
  expect((await admin.souk('org', 'limits', 'acme', '--set', 'runsMax')).exitCode).toBe(2);
});

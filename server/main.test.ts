/** The server as its operator meets it: what it says when it does not start, and how it ends. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { HELD_PERMISSIONS, HOLD, letGo } from '../tests/support/held-run.ts';
import { testDatabase, testSouk, type TestSouk } from '../tests/support/test-souk.ts';

const BIN = join(import.meta.dirname, 'bin.mjs');
const folder = mkdtempSync(join(tmpdir(), 'souk-main-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts what cannot start. @returns how it ended and what it printed */
function fail(environment: Record<string, string>): { status: number | null; lines: string[] } {
  const { status, stderr, stdout } = spawnSync(process.execPath, [BIN], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', SOUK_DATA: folder, SOUK_PORT: '0', ...environment },
  });
  expect(stdout).not.toContain('listening');
  return { status, lines: stderr.trimEnd().split('\n') };
}

test('a wrong setting stops the start and says which, what was found and what would do', () => {
  const { status, lines } = fail({ SOUK_PORT: '80a', DATABASE_URL: 'mysql://u:hunter2@h/d' });
  expect(status).toBe(1);
  expect(lines).toEqual([
    'Souk could not start.',
    'settings_invalid: SOUK_PORT is "80a", not a whole number from 0 to 65535; DATABASE_URL is not a postgresql:// address.',
    'docs/settings.md lists every setting with its values.',
  ]);
});

test('what was compiled once is read from then on', () => {
  const said = (): string => fail({ SOUK_PORT: 'none', NODE_DEBUG_NATIVE: 'COMPILE_CACHE' }).lines.join('\n');
  said();
  expect(said()).toMatch(/code cache for ESM \S+\/server\/lifecycle\.ts was accepted/u);
});

test('a folder for what was compiled that cannot be made is no reason to fail', () => {
  const usual = fail({ SOUK_PORT: 'none' });
  expect(fail({ SOUK_PORT: 'none', NODE_COMPILE_CACHE: '/dev/null/none' })).toEqual(usual);
});

test('a database that is not there stops the start without a stack', () => {
  const { status, lines } = fail({ DATABASE_URL: 'postgresql://souk:hunter2@127.0.0.1:1/souk' });
  expect(status).toBe(1);
  expect(lines[1]).toMatch(/^database_unavailable: /u);
  expect(lines.join()).not.toMatch(/hunter2|node_modules/u);
});

test('a login that PostgreSQL refuses stops the start with its words, without a stack', async () => {
  const { url } = await testDatabase();
  const { status, lines } = fail({ DATABASE_URL: url.replace(/user=\w+/u, 'user=stranger') });
  expect(status).toBe(1);
  expect(lines[1]).toBe('database_access_refused: Its answer: role "stranger" does not exist.');
  expect(lines).toHaveLength(3);
});

test('a folder that cannot be used stops the start and says why, without a stack', () => {
  const file = join(folder, 'no-folder');
  writeFileSync(file, '');
  expect(fail({ SOUK_DATA: file })).toEqual({
    status: 1,
    lines: [
      'Souk could not start.',
      `data_folder_unusable: ${file}: something else has that name.`,
      expect.stringContaining('SOUK_DATA'),
    ],
  });
  const below = fail({ SOUK_DATA: join(file, 'data') });
  expect(below.lines[1]).toMatch(/^data_folder_unusable: .*: a part of its path is no folder\.$/u);
});

/** An older Node on the machine, which is what the test is about. */
const OLD_NODE = ['/usr/bin/node', '/usr/local/bin/node'].find(
  (path) =>
    Number(/^v(\d+)/u.exec(spawnSync(path, ['-v'], { encoding: 'utf8' }).stdout ?? '')?.[1] ?? 26) < 26,
);

test.skipIf(OLD_NODE === undefined)('another Node is refused in one line', () => {
  const { status, stdout, stderr } = spawnSync(OLD_NODE ?? '', [BIN], { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^Souk needs Node 26 and found \d+\.\d+\.\d+: run npm ci, then npm start\.\n$/u);
});

test('a port that is taken stops the start in clear words, and leaves no process behind', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  const { url } = await testDatabase();
  const { status, lines } = await new Promise<ReturnType<typeof fail>>((resolve) => {
    let text = '';
    const child = spawn(process.execPath, [BIN], {
      env: { PATH: process.env['PATH'] ?? '', SOUK_DATA: folder, SOUK_PORT: String(port), DATABASE_URL: url },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.on('data', (chunk: Buffer) => (text += String(chunk)));
    child.once('close', (code) => resolve({ status: code, lines: text.trimEnd().split('\n') }));
  });
  other.close();
  expect(status).toBe(1);
  expect(lines[1]).toBe(`listen_failed: On 127.0.0.1, port ${port}: another process listens there.`);
});

describe('stopping', () => {
  let souk: TestSouk;
  beforeAll(async () => {
    souk = await testSouk();
    const org = await souk.org('acme');
    const publisher = await souk.publisher('kelompok', org);
    const slow = `export default { async fetch(_request, host) { ${HOLD} return new Response('done'); } }`;
    await publisher.ship({ id: 'kelompok/slow', permissions: HELD_PERMISSIONS, code: slow });
    await org.install('kelompok/slow');
  });

  it('lets a call in flight end, takes no new one, and ends with 0', async () => {
    const { process: server, anyone } = souk;
    const call = anyone.get('/orgs/acme/p/kelompok/slow/');
    await expect.poll(() => isRunning(souk), { interval: 20 }).toBe(true);
    const stopped = server.stop();
    // A terminal that closes and npm tell it again.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.kill(server.pid, signal);
    await expect
      .poll(() =>
        anyone.get('/livez').then(
          () => 'taken',
          () => 'refused',
        ),
      )
      .toBe('refused');
    await letGo(souk.superuser, 'kelompok/slow');
    expect((await call).text).toBe('done');
    await stopped;
    // The process has ended: its last lines may still be on their way here.
    await expect.poll(() => server.log.at(-1)).toMatchObject({ msg: 'stopped' });
  });
});

it('ends as it should when it is told to while it starts', async () => {
  const data = join(folder, 'told-early');
  const child = spawn(process.execPath, [BIN], {
    env: { PATH: process.env['PATH'] ?? '', SOUK_DATA: data, SOUK_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const isFirst = log === '';
    log += String(chunk);
    if (isFirst) for (const signal of ['SIGTERM', 'SIGINT'] as const) child.kill(signal);
  });
  const [code] = await once(child, 'close');
  expect([code, JSON.parse(log.trimEnd().split('\n').at(-1) ?? '').msg]).toEqual([0, 'stopped']);
  expect(existsSync(join(data, 'embedded', 'cluster', 'postmaster.pid'))).toBe(false);
});

async function isRunning({ admin }: TestSouk): Promise<boolean> {
  const { json } = await admin.get('/readyz');
  return json.sandbox.runners.some(({ runs }: { runs: number }) => runs > 0);
}

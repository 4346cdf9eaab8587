import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { workshop } from './testing.fixture.ts';

const BIN = fileURLToPath(new URL('./bin.mjs', import.meta.url));
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

test('starts the command and hands its exit code on, without an escape code in a pipe', () => {
  const help = spawnSync(process.execPath, [BIN, '--help'], {
    encoding: 'utf8',
    env: { ...process.env, FORCE_COLOR: '1' },
  });
  expect(help).toMatchObject({ status: 0, stderr: '' });
  expect(help.stdout).toContain('keygen');
  expect(help.stdout).not.toContain('\u001b');
  expect(spawnSync(process.execPath, [BIN, 'frobnicate']).status).toBe(2);
});

test('what was compiled once is read from then on', () => {
  const said = (): string =>
    spawnSync(process.execPath, [BIN, '--help'], {
      encoding: 'utf8',
      env: { ...process.env, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' },
    }).stderr;
  said();
  expect(said()).toMatch(/code cache for ESM \S+\/cli\/main\.ts was accepted/u);
});

test('souk dev stops in order when a terminal interrupts the whole group, and it is told twice', async () => {
  const { folder, souk } = workshop();
  await souk('init', 'hello', '--id', 'kelompok/hello');
  const dev = spawn(process.execPath, [BIN, 'dev', 'hello', '--port', '0', '--json'], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  dev.stdout.setEncoding('utf8').on('data', (text: string) => {
    const wasReady = out.includes('"ready"');
    out += text;
    if (!wasReady && out.includes('"ready"')) process.kill(-Number(dev.pid), 'SIGINT');
  });
  const [code] = (await once(dev, 'close')) as [number | null];
  expect(code, out).toBe(0);
  expect(out).toContain('{"event":"stopped"}');
});

test('souk dev has ended well also where it is told once more when it has stopped', async () => {
  const { folder, souk } = workshop();
  await souk('init', 'hello', '--id', 'kelompok/hello');
  // Lasts for as long as its input does, as one that has nothing left to do but to end and is kept from it.
  const lasting = ['--import', 'data:text/javascript,process.stdin.resume()'];
  const dev = spawn(process.execPath, [...lasting, MAIN, 'dev', 'hello', '--port', '0', '--json'], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(dev, 'close');
  for await (const line of createInterface({ input: dev.stdout })) {
    const { event } = JSON.parse(line) as { event: string };
    if (event === 'ready' || event === 'stopped') dev.kill('SIGINT');
    if (event === 'stopped') dev.stdin.end();
  }
  expect(await ended).toEqual([0, null]);
});

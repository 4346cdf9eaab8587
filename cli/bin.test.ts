import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { workshop } from './testing.fixture.ts';

const BIN = fileURLToPath(new URL('./bin.mjs', import.meta.url));

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

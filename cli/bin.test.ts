import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

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

/** No runner outlives its server, not even one that is stuck in native code while the server is killed. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

/** A process that nobody has reaped yet counts as gone. */
function isRunning(pid: number): boolean {
  try {
    return !/\) Z /u.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test.runIf(process.platform === 'linux')('runners die with a server that is killed', async () => {
  const server = spawn(process.execPath, [join(import.meta.dirname, '../testing/doomed-server.mjs')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await server.stdout.take(1).toArray();
  const pids = JSON.parse(String(line)) as number[];
  expect(pids.length).toBeGreaterThan(0);
  server.kill('SIGKILL');
  await expect.poll(() => pids.filter(isRunning)).toEqual([]);
});

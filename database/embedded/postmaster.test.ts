import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../tests/support/refusals.ts';
import { ensureRunning, type Startup } from './postmaster.ts';

let folder: string;
let startup: Startup;
let server: ChildProcess;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'souk-postmaster-'));
  const cluster = join(folder, 'cluster');
  await mkdir(cluster);
  // What works in the folder of a cluster, and is named in its lock file, is its server.
  server = spawn('sleep', ['600'], { cwd: cluster });
  startup = {
    home: { folder, cluster, log: join(folder, 'postgres.log') },
    cluster: { folder: cluster, state: 'found' },
    binaries: { initdb: 'false', postgres: 'false', versionMajor: 18, environment: {} },
    account: { kind: 'self' },
    socketFolder: join(folder, 'socket'),
    settings: {},
  };
});
afterEach(async () => {
  server.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

/** Whole at once, as who looks meanwhile must find it. */
async function say(status: 'starting' | 'ready'): Promise<void> {
  const facts = [
    server.pid,
    startup.cluster.folder,
    1_700_000_000,
    5432,
    startup.socketFolder,
    '',
    '',
    status,
  ];
  const draft = join(folder, 'postmaster.pid');
  await writeFile(draft, `${facts.join('\n')}\n`);
  await rename(draft, join(startup.cluster.folder, 'postmaster.pid'));
}

describe.runIf(process.platform === 'linux')('a server that lives', () => {
  test('may take its time to start, as after a crash', async () => {
    await say('starting');
    const running = ensureRunning(startup, { looksInVainMax: 1, startMsMax: 60_000 });
    await sleep(100);
    await say('ready');
    expect(await running).toEqual({
      pid: server.pid,
      socketFolder: startup.socketFolder,
      origin: 'adopted',
    });
  });

  test('and never takes connections is given up', async () => {
    await say('starting');
    expect(await codeOf(() => ensureRunning(startup, { looksInVainMax: 1, startMsMax: 50 }))).toBe(
      'embedded_database_failed',
    );
  });
});

test('a server that ends again and again is given up', async () => {
  expect(await codeOf(() => ensureRunning(startup, { looksInVainMax: 3, startMsMax: 60_000 }))).toBe(
    'embedded_database_failed',
  );
});

/** From nothing to the first 200 on `/readyz`: on a fresh data folder, and on one that is there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../spec/refusal.ts';
import { fixed, median, type Table } from './table.ts';

const FIRST_STARTS = 3;
const LATER_STARTS = 7;
const LOOK_MS = 5;
const START_MS_MAX = 60_000;

export async function benchStart(): Promise<Table> {
  const first: number[] = [];
  const later: number[] = [];
  for (let round = 0; round < FIRST_STARTS; round += 1) {
    const dataDir = await mkdtemp(join(tmpdir(), 'souk-bench-'));
    first.push(await startOnce(dataDir));
    if (round === 0)
      for (let again = 0; again < LATER_STARTS; again += 1) later.push(await startOnce(dataDir));
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
  const row = (what: string, times: readonly number[]): string[] => [
    what,
    String(times.length),
    fixed(median(times) / 1000),
    fixed(Math.max(...times) / 1000),
  ];
  return {
    title: 'Starting',
    method:
      'From spawning `node server/bin.mjs` to the first 200 on `/readyz`, built-in PostgreSQL included.',
    columns: ['data folder', 'starts', 'p50 s', 'max s'],
    rows: [row('fresh', first), row('existing', later)],
  };
}

/** @returns milliseconds; the server is stopped again */
async function startOnce(dataDir: string): Promise<number> {
  const port = await freePort();
  const startedMs = performance.now();
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', 'server', 'bin.mjs')], {
    env: { PATH: process.env['PATH'] ?? '', SOUK_DATA: dataDir, SOUK_PORT: String(port) },
    stdio: 'ignore',
  });
  const exit = once(child, 'exit');
  await readiness(`http://127.0.0.1:${port}/readyz`, startedMs + START_MS_MAX);
  const elapsedMs = performance.now() - startedMs;
  child.kill('SIGTERM');
  await exit;
  return elapsedMs;
}

async function readiness(url: string, untilMs: number): Promise<void> {
  while (performance.now() < untilMs) {
    const status = await fetch(url).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return;
    await sleep(LOOK_MS);
  }
  throw new Fault('the server did not become ready');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (typeof address !== 'object' || !address) throw new Fault('no port');
  return address.port;
}

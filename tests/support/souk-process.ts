/** A real server process on a data folder and a free port of its own, started and stopped by process id. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '..', '..');
const START_MS_MAX = 150_000;

/** A run of tests that is cut off takes its servers with it (prctl(2), PR_SET_PDEATHSIG). */
const DIES_WITH_TESTS = existsSync('/usr/bin/setpriv')
  ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--']
  : [];

export type SoukProcess = {
  readonly url: string;
  readonly pid: number;
  readonly dataDir: string;
  /** The token that the first start wrote. */
  readonly adminToken: string;
  /** Every line of the log so far, parsed. */
  readonly log: readonly Record<string, unknown>[];
  /** Ends the server as an operator would, and waits. */
  stop(signal?: NodeJS.Signals): Promise<void>;
};

export type SoukOptions = {
  /** A folder to start on; a fresh one is made, and removed by `discard`, where absent. */
  readonly dataDir?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** A command that ends by becoming the one that follows it, such as `unshare`. */
  readonly wrapper?: readonly string[];
};

export async function startSouk(options: SoukOptions = {}): Promise<SoukProcess> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'souk-test-')));
  const [command = process.execPath, ...args] = [
    ...DIES_WITH_TESTS,
    ...(options.wrapper ?? []),
    process.execPath,
    'server/bin.mjs',
  ];
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', SOUK_DATA: dataDir, SOUK_PORT: '0', ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: Record<string, unknown>[] = [];
  const url = await listening(child, log);
  return {
    url,
    pid: child.pid ?? 0,
    dataDir,
    adminToken: (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim(),
    log,
    stop: (signal = 'SIGTERM') => ended(child, signal),
  };
}

/** Stops the server and removes its folder. */
export async function discardSouk(souk: SoukProcess): Promise<void> {
  await souk.stop();
  await rm(souk.dataDir, { recursive: true, force: true, maxRetries: 5 });
}

function listening(child: ChildProcess, log: Record<string, unknown>[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const errors: string[] = [];
    const timer = setTimeout(
      () => reject(new Error(`not ready: ${errors.join('')}${JSON.stringify(log)}`)),
      START_MS_MAX,
    );
    child.stderr?.on('data', (chunk: Buffer) => errors.push(String(chunk)));
    child.once('exit', (code) =>
      reject(new Error(`ended with ${code}: ${errors.join('')}${JSON.stringify(log)}`)),
    );
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const entry = parseLine(line);
      log.push(entry);
      if (entry['msg'] !== 'listening') return;
      clearTimeout(timer);
      resolve(String(entry['url']));
    });
  });
}

function parseLine(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return { line };
  }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  await exit;
}

/**
 * The running PostgreSQL of a cluster: is there one, start one, stop it.
 *
 * `postmaster.pid` (PostgreSQL, miscadmin.h) has one fact per line: 1 process id, 2 PGDATA, 3 start time, 4 port,
 * 5 socket folder, 6 listen address, 7 shared memory, 8 status (`starting`, `ready`, `stopping`).
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { open, readdir, readFile, readlink, realpath, rm, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Refusal } from '../../spec/refusal.ts';
import { invocation, type Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import type { Cluster } from './cluster.ts';
import type { Home } from './home.ts';
import { ensureSocketFolder } from './socket-folder.ts';

const run = promisify(execFile);

export type Patience = {
  /**
   * Looks, 10 ms apart or more, that find no server: a killed predecessor may linger (a zombie, a last backend). They are
   * counted and not timed, for this process may stand still as well.
   */
  readonly looksInVainMax: number;
  /** How long a server that lives may take: after a crash it replays its log, which is a gigabyte or more. */
  readonly startMsMax: number;
};

const PATIENCE: Patience = { looksInVainMax: 2_000, startMsMax: 10 * 60_000 };

/** After this long a lock file whose process is no PostgreSQL is taken for a relic and removed. */
const RELIC_MS_MIN = 1_000;
const STOP_MS_MAX = 30_000;
const POLL_MS = 10;

type Postmaster = { readonly pid: number; readonly socketFolder: string };

type Status =
  | { readonly kind: 'absent' }
  | { readonly kind: 'ready'; readonly postmaster: Postmaster }
  | { readonly kind: 'changing' }
  /** The lock file names a process that has ended, or that is something else by now. */
  | { readonly kind: 'relic'; readonly text: string };

export type Startup = {
  readonly home: Home;
  readonly cluster: Cluster;
  readonly binaries: Binaries;
  readonly account: Account;
  readonly socketFolder: string;
  /** `-c name=value` settings. */
  readonly settings: Readonly<Record<string, string>>;
};

export type Running = Postmaster & { readonly origin: 'started' | 'adopted' };

/**
 * Adopts the server of the cluster if one lives, else starts one and waits until it takes connections.
 *
 * @throws Refusal `embedded_database_failed` after 20 s or more in which there was none, or ten minutes in which one started
 */
export async function ensureRunning(startup: Startup, patience = PATIENCE): Promise<Running> {
  const begunMs = performance.now();
  let child: ChildProcess | undefined;
  let relicSinceMs: number | undefined;
  let inVain = 0;
  while (inVain < patience.looksInVainMax && performance.now() - begunMs < patience.startMsMax) {
    const status = await inspect(startup.cluster.folder);
    switch (status.kind) {
      case 'ready':
        return { ...status.postmaster, origin: child?.pid === status.postmaster.pid ? 'started' : 'adopted' };
      case 'changing':
        break;
      case 'relic':
        relicSinceMs ??= performance.now();
        if (performance.now() - relicSinceMs > RELIC_MS_MIN)
          await removeRelic(startup.cluster.folder, status.text);
        if (hasEnded(child)) child = await launch(startup);
        break;
      case 'absent':
        if (hasEnded(child)) child = await launch(startup);
        break;
    }
    await sleep(POLL_MS);
    if (status.kind !== 'changing') inVain += 1;
  }
  throw new Refusal('embedded_database_failed', {
    detail: 'The built-in database ended again and again, or took no connection for ten minutes.',
  });
}

/** Fast stop: clients are disconnected, everything acknowledged is on disk. Returns when the process has ended. */
export async function stopPostmaster(cluster: Cluster): Promise<void> {
  const pid = await livingPid(cluster.folder);
  if (pid === undefined) return;
  process.kill(pid, 'SIGINT');
  const begunMs = performance.now();
  // The lock file goes a moment before the process does.
  while ((await isPostmaster(pid, cluster.folder)) && performance.now() - begunMs < STOP_MS_MAX)
    await sleep(POLL_MS);
}

/** The process id of the cluster's living server, whatever its status. */
async function livingPid(cluster: string): Promise<number | undefined> {
  const text = await lockFile(cluster);
  const pid = Number.parseInt(text ?? '', 10);
  return pid > 0 && (await isPostmaster(pid, cluster)) ? pid : undefined;
}

async function inspect(cluster: string): Promise<Status> {
  const text = await lockFile(cluster);
  if (text === undefined) return { kind: 'absent' };
  const lines = text.split('\n');
  const pid = Number.parseInt(lines[0] ?? '', 10);
  if (!(pid > 0) || !(await isPostmaster(pid, cluster))) return { kind: 'relic', text };
  const socketFolder = lines[4] ?? '';
  return lines[7]?.trim() === 'ready' && socketFolder !== ''
    ? { kind: 'ready', postmaster: { pid, socketFolder } }
    : { kind: 'changing' };
}

async function lockFile(cluster: string): Promise<string | undefined> {
  return readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => undefined);
}

/** Process ids are reused, and a dead child whose parent does not wait stays as a zombie: both answer kill(2). */
async function isPostmaster(pid: number, cluster: string): Promise<boolean> {
  if (process.platform !== 'linux') return isNamedPostgres(pid);
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // proc_pid_stat(5): the state follows the name, which stands in parentheses and may hold any character.
  const state = stat?.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
  if (state === undefined || state === 'Z' || state === 'X') return false;
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return folder === undefined ? isNamedPostgres(pid) : folder === (await realpath(cluster));
}

async function isNamedPostgres(pid: number): Promise<boolean> {
  const named = await run('ps', ['-p', String(pid), '-o', 'comm=']).catch(() => undefined);
  return named !== undefined && basename(named.stdout.trim()).startsWith('postgres');
}

/**
 * Removes a lock file that would keep PostgreSQL from starting because its process id lives on as something else.
 * Not while any process works in the cluster: a backend may outlive its postmaster by a moment.
 */
async function removeRelic(cluster: string, text: string): Promise<void> {
  if (await isInhabited(cluster)) return;
  if ((await lockFile(cluster)) === text) await rm(join(cluster, 'postmaster.pid'), { force: true });
}

async function isInhabited(cluster: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const folder = await realpath(cluster);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/u.test(name));
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => undefined)));
  return folders.includes(folder);
}

/** A session of its own (setsid(2)): Ctrl-C at the terminal reaches us, and we stop PostgreSQL in order. */
async function launch(startup: Startup): Promise<ChildProcess> {
  await ensureSocketFolder(startup.socketFolder, startup.account);
  const log = await openLog(startup.home.log);
  const start = invocation(startup.account, startup.binaries.postgres, [
    '-D',
    startup.cluster.folder,
    ...settingArguments({ ...startup.settings, unix_socket_directories: startup.socketFolder }),
  ]);
  const child = spawn(start.file, start.arguments, {
    ...start.identity,
    env: startup.binaries.environment,
    cwd: startup.cluster.folder,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  child.once('error', () => undefined);
  child.unref();
  await log.close();
  return child;
}

function settingArguments(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

const LOG_BYTES_MAX = 16 * 1024 * 1024;

/** Appends, and begins anew at a start that finds more than 16 MiB. */
async function openLog(path: string): Promise<FileHandle> {
  const log = await open(path, 'a', 0o600);
  if ((await log.stat()).size > LOG_BYTES_MAX) await log.truncate();
  return log;
}

function hasEnded(child: ChildProcess | undefined): boolean {
  return (
    child === undefined || child.pid === undefined || child.exitCode !== null || child.signalCode !== null
  );
}

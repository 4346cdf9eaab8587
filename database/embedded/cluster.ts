/** Makes the PostgreSQL cluster (PGDATA) of a data folder, or proves that the one there is of our major version. */
import { execFile } from 'node:child_process';
import { chown, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Refusal } from '../../spec/refusal.ts';
import { invocation, type Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import type { Home } from './home.ts';

const run = promisify(execFile);

/** A cluster that exists and that these binaries can open. */
export type Cluster = { readonly folder: string; readonly state: 'created' | 'found' };

/**
 * The collation is PostgreSQL's own `C.UTF-8`, so that order and case do not depend on the system's libraries.
 * Passwords play no part: TCP is closed and the socket lies in a folder that only the account may enter.
 */
const INITDB_ARGUMENTS = [
  '--username=postgres',
  '--auth-local=trust',
  '--auth-host=reject',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--no-instructions',
] as const;

/** @throws Refusal `embedded_database_version_foreign` or `embedded_database_failed` */
export async function prepareCluster(home: Home, binaries: Binaries, account: Account): Promise<Cluster> {
  const found = await versionOf(home.cluster);
  if (found === undefined) return createCluster(home, binaries, account);
  if (found !== binaries.versionMajor) {
    throw new Refusal('embedded_database_version_foreign', {
      detail: `The data folder holds a database of PostgreSQL ${found}; this release of Souk brings PostgreSQL ${binaries.versionMajor}.`,
    });
  }
  return { folder: home.cluster, state: 'found' };
}

async function versionOf(cluster: string): Promise<number | undefined> {
  const text = await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Number.parseInt(text, 10);
}

/**
 * Under another name first, then renamed: a server killed in the middle leaves no half cluster, and of two servers
 * that start at once one wins (rename(2) refuses a folder that is not empty).
 */
async function createCluster(home: Home, binaries: Binaries, account: Account): Promise<Cluster> {
  const unfinished = join(home.folder, `cluster.${process.pid}`);
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  if (account.kind === 'user') await chown(unfinished, account.uid, account.gid);
  await initialize(unfinished, home, binaries, account);
  try {
    await rename(unfinished, home.cluster);
    return { folder: home.cluster, state: 'created' };
  } catch {
    await rm(unfinished, { recursive: true, force: true });
    return { folder: home.cluster, state: 'found' };
  }
}

async function initialize(folder: string, home: Home, binaries: Binaries, account: Account): Promise<void> {
  const start = invocation(account, binaries.initdb, [`--pgdata=${folder}`, ...INITDB_ARGUMENTS]);
  try {
    await run(start.file, start.arguments, {
      ...start.identity,
      env: binaries.environment,
      cwd: home.folder,
    });
  } catch (cause) {
    await rm(folder, { recursive: true, force: true });
    throw new Refusal('embedded_database_failed', {
      detail: 'The files of the built-in database could not be made.',
      hint: 'See that the disk has 100 MB of room and that the data folder is writable.',
      cause,
    });
  }
}

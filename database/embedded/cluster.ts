/** Makes the PostgreSQL cluster (PGDATA) of a data folder, or proves that the one there is of our major version. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chown, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Refusal } from '../../spec/refusal.ts';
import { invocation, type Account, type Invocation } from './account.ts';
import type { Binaries } from './binaries.ts';
import type { Home } from './home.ts';

const run = promisify(execFile);

const UNFINISHED = 'cluster.';
const ABANDONED_MS_MIN = 60 * 60_000;

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
export async function prepareCluster(
  home: Home,
  binaries: Binaries,
  account: Account,
  durability: 'full' | 'none',
): Promise<Cluster> {
  const found = await versionOf(home.cluster);
  if (found === undefined)
    return createCluster(home, binaries, account, durability === 'none' ? ['--no-sync'] : []);
  if (found !== binaries.versionMajor) {
    throw new Refusal('embedded_database_version_foreign', {
      detail: `The data folder holds a database of PostgreSQL ${found}; this release of Souk brings PostgreSQL ${binaries.versionMajor}.`,
    });
  }
  await sweepUnfinished(home);
  return { folder: home.cluster, state: 'found' };
}

/** What a server left that was killed while it made its files. */
async function sweepUnfinished(home: Home): Promise<void> {
  for (const name of await readdir(home.folder)) {
    if (!name.startsWith(UNFINISHED)) continue;
    const { mtimeMs } = await stat(join(home.folder, name));
    const isOld = Date.now() - mtimeMs > ABANDONED_MS_MIN;
    if (isOld) await rm(join(home.folder, name), { recursive: true, force: true });
  }
}

async function versionOf(cluster: string): Promise<number | undefined> {
  const text = await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Number.parseInt(text, 10);
}

/**
 * Under another name first, then renamed: a server killed in the middle leaves no half cluster, and of two servers
 * that start at once one wins (rename(2) refuses a folder that is not empty).
 */
async function createCluster(
  home: Home,
  binaries: Binaries,
  account: Account,
  further: readonly string[],
): Promise<Cluster> {
  const unfinished = join(home.folder, `${UNFINISHED}${randomUUID()}`);
  await mkdir(unfinished, { mode: 0o700 });
  if (account.kind === 'user') await chown(unfinished, account.uid, account.gid);
  const start = invocation(account, binaries.initdb, [
    `--pgdata=${unfinished}`,
    ...INITDB_ARGUMENTS,
    ...further,
  ]);
  await initialize(start, unfinished, binaries);
  try {
    await rename(unfinished, home.cluster);
    return { folder: home.cluster, state: 'created' };
  } catch {
    await rm(unfinished, { recursive: true, force: true });
    return { folder: home.cluster, state: 'found' };
  }
}

async function initialize(start: Invocation, folder: string, binaries: Binaries): Promise<void> {
  try {
    await run(start.file, start.arguments, {
      ...start.identity,
      env: binaries.environment,
      cwd: dirname(folder),
    });
  } catch (cause) {
    await rm(folder, { recursive: true, force: true });
    throw initializationFailed(cause);
  }
}

function initializationFailed(cause: unknown): Refusal {
  const isNameless = /could not look up effective user/u.test(String((cause as { stderr?: unknown }).stderr));
  return new Refusal('embedded_database_failed', {
    detail: 'The files of the built-in database could not be made.',
    hint: isNameless
      ? 'Give the user of this process a line in /etc/passwd, or set DATABASE_URL.'
      : 'See that the disk has 100 MB of room and that the data folder is writable.',
    cause,
  });
}

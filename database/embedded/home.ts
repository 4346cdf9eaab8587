/**
 * The folder of the built-in database: `<data>/embedded`, mode 0700.
 *
 * ```
 * embedded/cluster/     PGDATA
 * embedded/libraries/   links to the shared libraries of the platform package
 * embedded/native/      a copy of the platform package, only where the account cannot reach the original
 * embedded/run/         the socket, where the path is short enough (see socket-folder.ts)
 * embedded/postgres.log
 * ```
 *
 * Where PostgreSQL runs as another uid and the data folder lies below a folder that this uid may not enter (a clone
 * in /root, say), `embedded` is a symbolic link to a private folder below /var/lib.
 */
import type { Stats } from 'node:fs';
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, realpath, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Account } from './account.ts';

export type Home = {
  /** Real path, free of symbolic links. */
  readonly folder: string;
  readonly cluster: string;
  readonly log: string;
};

const OUTSIDE_PREFIX = '/var/lib/souk-embedded-';

/** Where the cluster of a data folder lies, whether it exists or not. */
export function clusterFolderOf(dataFolder: string): string {
  return join(dataFolder, 'embedded', 'cluster');
}

/** Makes the folder ready for `account`, moving it outside where the account could not reach it. */
export async function prepareHome(dataFolder: string, account: Account): Promise<Home> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  const data = await realpath(dataFolder);
  const path = join(data, 'embedded');
  if (account.kind === 'user') await letThrough(data, account);
  if (!(await exists(path))) await makeHome(path, account);
  const folder = await realpath(path);
  if (account.kind === 'user') {
    await letThrough(folder, account);
    await handOver(join(folder, 'cluster'), account);
  }
  return { folder, cluster: join(folder, 'cluster'), log: join(folder, 'postgres.log') };
}

async function makeHome(path: string, account: Account): Promise<void> {
  if (account.kind !== 'user' || (await canTraverse(dirname(path), account))) {
    await mkdir(path, { recursive: true, mode: 0o700 });
    return;
  }
  const outside = await mkdtemp(OUTSIDE_PREFIX);
  await symlink(outside, path).catch(async (error: NodeJS.ErrnoException) => {
    // Another server made its own in the same moment: theirs counts.
    await rm(outside, { recursive: true });
    if (error.code !== 'EEXIST') throw error;
  });
}

/** Opens a folder of ours to the account's group, for passing through only: the listing stays ours. */
export async function letThrough(folder: string, account: Account & { kind: 'user' }): Promise<void> {
  const status = await stat(folder);
  if (mayEnter(status, account)) return;
  await chown(folder, status.uid, account.gid);
  await chmod(folder, (status.mode & 0o707) | 0o010);
}

/** A cluster made while namespaces were allowed belongs to root; the account has to own it. */
async function handOver(cluster: string, account: Account & { kind: 'user' }): Promise<void> {
  if (!(await exists(cluster)) || (await stat(cluster)).uid === account.uid) return;
  const entries = await readdir(cluster, { recursive: true });
  for (const entry of entries) await chown(join(cluster, entry), account.uid, account.gid);
  await chown(cluster, account.uid, account.gid);
}

/** @returns whether the account may enter the folder and every folder above it. */
export async function canTraverse(folder: string, account: Account & { kind: 'user' }): Promise<boolean> {
  if (!mayEnter(await stat(folder), account)) return false;
  const parent = dirname(folder);
  return parent === folder || canTraverse(parent, account);
}

/** The search right of a folder, as path_resolution(7) finds it for a process without capabilities. */
function mayEnter(status: Stats, account: Account & { kind: 'user' }): boolean {
  if (status.uid === account.uid) return (status.mode & 0o100) !== 0;
  if (status.gid === account.gid) return (status.mode & 0o010) !== 0;
  return (status.mode & 0o001) !== 0;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

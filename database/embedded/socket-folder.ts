import { chmod, chown, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from './account.ts';
import type { Home } from './home.ts';

/** `sun_path` of unix(7) has 108 bytes on Linux and 104 on macOS, the closing NUL included. */
const SOCKET_PATH_BYTES_MAX = 103;
/** The setting is a list with commas and quotes of its own, and pg takes only a path for a socket. */
const PLAIN = /^\/[A-Za-z0-9/._+-]*$/u;
const SOCKET_NAME = '.s.PGSQL.5432';

/**
 * Makes the private folder of the socket: inside the home where the path is short and plain, else a new one in the
 * folder for temporary files, under a name that nobody can take beforehand. Whoever adopts the server learns it
 * from postmaster.pid.
 */
export async function makeSocketFolder(home: Home, account: Account): Promise<string> {
  const near = join(home.folder, 'run');
  const folder = isUsable(near)
    ? near
    : await mkdtemp(join(isUsable(longestIn(tmpdir())) ? tmpdir() : '/tmp', 'souk-'));
  await ensureSocketFolder(folder, account);
  return folder;
}

/** Makes it again where a cleaner of temporary files took it away. */
export async function ensureSocketFolder(folder: string, account: Account): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  if (account.kind === 'user') await chown(folder, account.uid, account.gid);
}

function longestIn(folder: string): string {
  return join(folder, 'souk-XXXXXX');
}

function isUsable(folder: string): boolean {
  if (!PLAIN.test(folder)) return false;
  return Buffer.byteLength(join(folder, SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX;
}

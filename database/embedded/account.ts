/**
 * Which account of the operating system runs PostgreSQL, which refuses to run as root.
 *
 * - `self`: we are not root, so PostgreSQL is ours.
 * - `namespace`: we are root and may make a user namespace (user_namespaces(7)). Inside it the process sees itself
 *   as an ordinary user and has no capability outside; files keep their owner, so every folder that we can open
 *   can be opened by PostgreSQL too.
 * - `user`: we are root in a container that forbids namespaces. PostgreSQL runs as another uid, which needs its
 *   files in folders that this uid can traverse (see `home.ts`).
 */
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type Account =
  | { readonly kind: 'self' }
  | { readonly kind: 'namespace' }
  | { readonly kind: 'user'; readonly uid: number; readonly gid: number };

/** `nobody` of Debian, Alpine and Fedora: exists by number everywhere, with or without an entry in /etc/passwd. */
const NOBODY = { kind: 'user', uid: 65534, gid: 65534 } as const;

/** Any id but 0 does; nothing outside the namespace sees it. */
const NAMESPACE_ARGUMENTS = ['--user', '--map-user=1000', '--map-group=1000', '--'] as const;

/**
 * Chooses the account for a cluster folder, which may not exist yet: an existing one stays with its owner.
 *
 * @param clusterFolder the PGDATA folder
 * @param namespaces `allowed`, or `forbidden` as containers with a strict seccomp profile do
 */
export async function chooseAccount(
  clusterFolder: string,
  namespaces: 'allowed' | 'forbidden' = 'allowed',
): Promise<Account> {
  if (process.getuid?.() !== 0) return { kind: 'self' };
  const owner = await stat(clusterFolder).catch(() => undefined);
  if (owner && owner.uid !== 0) return { kind: 'user', uid: owner.uid, gid: owner.gid };
  return namespaces === 'allowed' && (await canUnshare()) ? { kind: 'namespace' } : NOBODY;
}

async function canUnshare(): Promise<boolean> {
  return run('unshare', [...NAMESPACE_ARGUMENTS, 'true']).then(
    () => true,
    () => false,
  );
}

/** A program and its arguments, as the account has to start it. */
export type Invocation = {
  readonly file: string;
  readonly arguments: readonly string[];
  readonly identity: { uid?: number; gid?: number };
};

/** Says how `account` starts the program at `path`. */
export function invocation(account: Account, path: string, programArguments: readonly string[]): Invocation {
  switch (account.kind) {
    case 'self':
      return { file: path, arguments: programArguments, identity: {} };
    case 'namespace':
      return {
        file: 'unshare',
        arguments: [...NAMESPACE_ARGUMENTS, path, ...programArguments],
        identity: {},
      };
    case 'user':
      return {
        file: path,
        arguments: programArguments,
        identity: { uid: account.uid, gid: account.gid },
      };
  }
}

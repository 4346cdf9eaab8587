/**
 * Which account of the operating system runs PostgreSQL, which refuses to run as root and, when it makes its files,
 * as a uid that /etc/passwd does not know.
 *
 * - `self`: an ordinary user; PostgreSQL is ours.
 * - `namespace`: root, or a uid without a name as containers hand them out. A user namespace (user_namespaces(7))
 *   shows PostgreSQL an ordinary user; outside it has no capability, and files keep their owner, so every folder
 *   that is ours can be opened by PostgreSQL too.
 * - `user`: root in a container that forbids namespaces. PostgreSQL runs as another uid, which needs its files in
 *   folders that this uid can traverse (see `home.ts`).
 */
import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type Account =
  | { readonly kind: 'self' }
  /** The ids as PostgreSQL sees them. */
  | { readonly kind: 'namespace'; readonly uid: number; readonly gid: number }
  | { readonly kind: 'user'; readonly uid: number; readonly gid: number };

type Ids = { readonly uid: number; readonly gid: number };

/** `nobody` of Debian, Alpine and Fedora. */
const NOBODY: Ids = { uid: 65534, gid: 65534 };

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
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && hasName()) return { kind: 'self' };
  const owner = await stat(clusterFolder).catch(() => undefined);
  if (isRoot && owner && owner.uid !== 0) return { kind: 'user', uid: owner.uid, gid: owner.gid };
  const ordinary = await ordinaryIds();
  if (namespaces === 'allowed' && (await canUnshare(ordinary))) return { kind: 'namespace', ...ordinary };
  return isRoot ? { kind: 'user', ...ordinary } : { kind: 'self' };
}

/** getpwuid(3) knows the uid of this process. */
function hasName(): boolean {
  try {
    return userInfo().uid !== 0;
  } catch {
    return false;
  }
}

/** The ids of `nobody`, or of the first user that is not root. */
async function ordinaryIds(): Promise<Ids> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n');
  const known = lines
    .map((line) => line.split(':'))
    .map((fields) => ({ uid: Number(fields[2]), gid: Number(fields[3]) }))
    .filter(({ uid, gid }) => Number.isInteger(uid) && uid > 0 && Number.isInteger(gid) && gid > 0);
  return known.find(({ uid }) => uid === NOBODY.uid) ?? known[0] ?? NOBODY;
}

async function canUnshare(ids: Ids): Promise<boolean> {
  return run('unshare', [...namespaceArguments(ids), 'true']).then(
    () => true,
    () => false,
  );
}

function namespaceArguments({ uid, gid }: Ids): string[] {
  return ['--user', `--map-user=${uid}`, `--map-group=${gid}`, '--'];
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
        arguments: [...namespaceArguments(account), path, ...programArguments],
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

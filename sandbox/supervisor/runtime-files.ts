/**
 * What a runner needs on disk and in its first frame, made from the sources at start: the runner as one script next to
 * the engine's native file, and the code of guests in memory.
 *
 * The folder is made anew for each start and is readable by any user, because runners run as another one, who could
 * not get at a clone that lies in a private home folder.
 */
import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { Fault } from '../../spec/refusal.ts';
import { bundleGuest } from '../guest/bundle.ts';
import { findAddon } from '../runner/addon.ts';

export type RuntimeFiles = {
  /** Folder that holds everything below; the only one a runner may read. */
  readonly folder: string;
  readonly nodePath: string;
  readonly runnerPath: string;
  readonly addonPath: string;
  /** `GuestCode` as JSON. */
  readonly guestSource: string;
  remove(): void;
};

const HERE = dirname(fileURLToPath(import.meta.url));

/** @param dataDir folder in which the runtime folder is made, where another user could get at it */
export async function createRuntimeFiles(dataDir: string | undefined): Promise<RuntimeFiles> {
  const [runnerSource, guestCode] = await Promise.all([
    bundleRunner(),
    bundleGuest(join(HERE, '../guest/main.ts')),
  ]);
  const folder = makeFolder(dataDir);
  const runnerPath = join(folder, 'runner.cjs');
  const addonPath = join(folder, 'engine.node');
  writeFileSync(runnerPath, runnerSource, { mode: 0o644 });
  copyFileSync(findAddon(), addonPath);
  chmodSync(addonPath, 0o755);
  return {
    folder,
    nodePath: placeNode(folder),
    runnerPath,
    addonPath,
    guestSource: JSON.stringify(guestCode),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const isRoot = (): boolean => process.getuid?.() === 0;

/** The name holds our process id, by which a later start knows what a killed server left behind. */
function makeFolder(dataDir: string | undefined): string {
  if (dataDir !== undefined) mkdirSync(dataDir, { recursive: true });
  const parent = dataDir !== undefined && (!isRoot() || isOpenToAll(dataDir)) ? dataDir : tmpdir();
  removeLeftovers(parent);
  const folder = mkdtempSync(join(parent, `${FOLDER_PREFIX}${process.pid}-`));
  chmodSync(folder, 0o755);
  return folder;
}

const FOLDER_PREFIX = 'souk-runtime-';

function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    const owner = Number(
      name.startsWith(FOLDER_PREFIX) ? name.slice(FOLDER_PREFIX.length).split('-')[0] : NaN,
    );
    if (Number.isInteger(owner) && !isAlive(owner)) removeOurs(join(parent, name));
  }
}

/** A folder for temporary files is everybody's: what another account left there is not ours to remove. */
function removeOurs(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** @returns whether any user can get to this path: every folder above it lets others pass */
function isOpenToAll(path: string): boolean {
  const OTHERS_PASS = 0o001;
  const parent = dirname(path);
  return (statSync(path).mode & OTHERS_PASS) !== 0 && (parent === path || isOpenToAll(parent));
}

/**
 * The Node that runners run. Where they have another user than ours, it must not lie in a private folder: a second name
 * for it costs nothing, and only another file system needs a copy.
 */
function placeNode(folder: string): string {
  if (!isRoot() || isOpenToAll(process.execPath)) return process.execPath;
  const path = join(folder, 'node');
  try {
    linkSync(process.execPath, path);
  } catch {
    copyFileSync(process.execPath, path);
    chmodSync(path, 0o755);
  }
  return path;
}

async function bundle(options: Parameters<typeof build>[0]): Promise<string> {
  const result = await build({
    ...options,
    bundle: true,
    write: false,
    legalComments: 'none',
    logLevel: 'silent',
  });
  const text = result.outputFiles?.[0]?.text;
  if (text === undefined) throw new Fault('the bundle of the sandbox came out empty');
  return text;
}

function bundleRunner(): Promise<string> {
  return bundle({
    entryPoints: [join(HERE, '../runner/main.ts')],
    platform: 'node',
    format: 'cjs',
    target: 'node26',
  });
}

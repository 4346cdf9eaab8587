/**
 * What a runner needs on disk and in its first frame, made from the sources at start: the runner as one script next to
 * the engine's native file, and the guest runtime as one script in memory.
 *
 * The folder is made anew for each start and is readable by any user, because runners run as another one, who could
 * not get at a clone that lies in a private home folder.
 */
import { chmodSync, copyFileSync, linkSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { Fault } from '../../spec/refusal.ts';
import { bundleGuest } from '../guest/bundle.ts';

export type RuntimeFiles = {
  /** Folder that holds everything below; the only one a runner may read. */
  readonly folder: string;
  readonly nodePath: string;
  readonly runnerPath: string;
  readonly addonPath: string;
  readonly guestSource: string;
  remove(): void;
};

const HERE = dirname(fileURLToPath(import.meta.url));

/** @param parent folder in which the runtime folder is made; the system's temporary folder where absent */
export async function createRuntimeFiles(parent: string = tmpdir()): Promise<RuntimeFiles> {
  const [runnerSource, guestSource] = await Promise.all([
    bundleRunner(),
    bundleGuest(join(HERE, '../guest/main.ts')),
  ]);
  const folder = mkdtempSync(join(parent, 'souk-runtime-'));
  chmodSync(folder, 0o755);
  const runnerPath = join(folder, 'runner.cjs');
  const addonPath = join(folder, 'engine.node');
  const nodePath = join(folder, 'node');
  writeFileSync(runnerPath, runnerSource, { mode: 0o644 });
  copyFileSync(findAddon(), addonPath);
  chmodSync(addonPath, 0o755);
  placeNode(nodePath);
  return {
    folder,
    nodePath,
    runnerPath,
    addonPath,
    guestSource,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A second name for the Node binary costs nothing; another file system needs a copy. */
function placeNode(path: string): void {
  try {
    linkSync(process.execPath, path);
  } catch {
    copyFileSync(process.execPath, path);
    chmodSync(path, 0o755);
  }
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

/** @returns the native file of the engine that fits this Node, this processor and this C library */
function findAddon(): string {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('isolated-vm/package.json'));
  const locate = require('node-gyp-build') as { path(folder: string): string };
  return locate.path(folder);
}

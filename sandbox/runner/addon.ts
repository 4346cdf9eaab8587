/** Where the engine's native file lies in the installed packages. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/** @returns the file that fits this Node, this processor and this C library */
export function findAddon(): string {
  const manifest = createRequire(import.meta.url).resolve('isolated-vm/package.json');
  const locate = createRequire(manifest)('node-gyp-build') as { path(folder: string): string };
  return locate.path(dirname(manifest));
}

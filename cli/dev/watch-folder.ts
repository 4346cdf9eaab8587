/** Tells when something in a plugin folder was saved. */
import { watch } from 'node:fs';
import { sep } from 'node:path';
import { DEV_VALUES_FILE } from './dev-values.ts';

/** Editors write a file in several steps; they are over when nothing has happened for this long. */
const QUIET_MS = 60;

/**
 * @param onSave called after the last of a group of changes
 * @returns a function that ends it
 */
export function watchFolder(folder: string, onSave: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(folder, { recursive: true }, (_event, name) => {
    if (name !== null && isIgnored(name)) return;
    clearTimeout(timer);
    timer = setTimeout(onSave, QUIET_MS);
  });
  // A folder that goes away takes the watch with it; what was loaded goes on.
  watcher.on('error', () => {});
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}

/** What no package holds: installed packages, and names that begin with a dot but for the values. */
function isIgnored(name: string): boolean {
  if (name === DEV_VALUES_FILE) return false;
  return name.split(sep).some((part) => part === 'node_modules' || part.startsWith('.'));
}

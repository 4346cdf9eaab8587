/** Tells when something in a plugin folder was saved, or a source outside it that is bundled with it. */
import { existsSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname, relative, sep } from 'node:path';
import { fileRefusal } from '../files.ts';
import { isLeftOut } from '../plugin-folder.ts';
import { DEV_VALUES_FILE } from './dev-values.ts';

/** Editors write a file in several steps; they are over when nothing has happened for this long. */
const QUIET_MS = 60;

export type FolderWatch = {
  /** Watches these sources as well, and no others outside the folder. @param sources absolute paths */
  follow(sources: readonly string[]): void;
  stop(): void;
};

/**
 * @param folder an absolute path
 * @param onSave called after the last of a group of changes
 * @throws Refusal `file_unwatchable`
 */
export function watchFolder(folder: string, onSave: () => void): FolderWatch {
  let timer: NodeJS.Timeout | undefined;
  const saved = (): void => {
    clearTimeout(timer);
    timer = setTimeout(onSave, QUIET_MS);
  };
  const inside = openWatch(folder, 'deep', (name) => {
    if (!isIgnored(name)) saved();
  });
  const outside = new Map<string, FSWatcher>();
  let followed: ReadonlySet<string> = new Set();
  const watchBeside = (place: string): FSWatcher =>
    openWatch(place, 'flat', (name) => {
      if (name === null || followed.has(`${place}${sep}${name}`)) saved();
    });
  return {
    follow: (sources) => {
      followed = new Set(sources.filter((source) => isOutside(folder, source)));
      const places = new Set([...followed].map((source) => dirname(source)).filter(existsSync));
      for (const [place, watcher] of outside)
        if (!places.has(place)) {
          watcher.close();
          outside.delete(place);
        }
      for (const place of places) if (!outside.has(place)) outside.set(place, watchBeside(place));
    },
    stop: () => {
      clearTimeout(timer);
      for (const watcher of [inside, ...outside.values()]) watcher.close();
    },
  };
}

/** Folders are watched, not files: an editor that replaces a file takes the watch on the old one with it. */
function openWatch(place: string, depth: 'deep' | 'flat', changed: (name: string | null) => void): FSWatcher {
  const watcher = begin(place, depth, changed);
  // A folder that goes away takes the watch with it; what was loaded goes on.
  watcher.on('error', () => {});
  return watcher;
}

function begin(place: string, depth: 'deep' | 'flat', changed: (name: string | null) => void): FSWatcher {
  try {
    return watch(place, { recursive: depth === 'deep' }, (_event, name) => changed(name));
  } catch (error) {
    throw fileRefusal('file_unwatchable', basename(place), error);
  }
}

/** Installed packages do not change while one writes. */
function isOutside(folder: string, source: string): boolean {
  return relative(folder, source).startsWith('..') && !source.split(sep).includes('node_modules');
}

/** What no package holds, but for the values. A log of `souk dev` itself would otherwise bring the next reload. */
function isIgnored(name: string | null): boolean {
  if (name === null || name === DEV_VALUES_FILE) return false;
  return name.split(sep).some(isLeftOut);
}

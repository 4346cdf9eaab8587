/** The files of a plugin folder that belong into its package. */
import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PRIVATE_KEY_MARK } from '../signing/index.ts';
import { PACKAGE_LIMITS } from '../spec/limits.ts';
import { Refusal } from '../spec/refusal.ts';
import { fileRefusal } from './files.ts';
import type { Io } from './io.ts';

/** Content by path inside the package, with forward slashes. */
export type PluginFiles = ReadonlyMap<string, Uint8Array>;

const LEFT_OUT_NAMES: ReadonlySet<string> = new Set(['node_modules', 'Thumbs.db', 'desktop.ini']);
const LEFT_OUT_ENDINGS = ['.zip', '.dsse.json', '.tmp', '.log', '.test.ts'];

/** Dot files, installed dependencies, logs, tests in TypeScript, and what `pack` and `sign` wrote themselves. */
export function isLeftOut(name: string): boolean {
  return (
    name.startsWith('.') ||
    LEFT_OUT_NAMES.has(name) ||
    LEFT_OUT_ENDINGS.some((ending) => name.endsWith(ending))
  );
}

/**
 * Reads a plugin folder.
 * @throws Refusal `file_unreadable`, `pack_entry_irregular`, `pack_private_key`, `archive_too_many_entries` or
 *   `archive_content_too_large`
 */
export async function readPluginFolder(io: Io, folder: string): Promise<PluginFiles> {
  const root = resolve(io.cwd, folder);
  const files = new Map<string, Uint8Array>();
  let contentBytes = 0;
  for (const path of await listFiles(root, '')) {
    if (files.size >= PACKAGE_LIMITS.entriesMax)
      throw new Refusal('archive_too_many_entries', {
        detail: `${folder} has more than ${files.size} files.`,
      });
    contentBytes += await sizeOf(root, path);
    if (contentBytes > PACKAGE_LIMITS.contentBytesMax)
      throw new Refusal('archive_content_too_large', {
        detail: `${folder} has more than ${PACKAGE_LIMITS.contentBytesMax} bytes.`,
      });
    files.set(path, await readPart(root, path));
  }
  return files;
}

async function listFiles(root: string, folder: string): Promise<string[]> {
  const entries = await readEntries(root, folder);
  const lists = entries
    .filter((entry) => !isLeftOut(entry.name))
    .map((entry) => listEntry(root, entry, folder === '' ? entry.name : `${folder}/${entry.name}`));
  return (await Promise.all(lists)).flat();
}

async function readEntries(root: string, folder: string): Promise<Dirent[]> {
  try {
    return await readdir(join(root, folder), { withFileTypes: true });
  } catch (error) {
    throw fileRefusal('file_unreadable', folder === '' ? 'The plugin folder' : folder, error);
  }
}

/** A link would put a file from elsewhere into the package, or another one on another machine. */
async function listEntry(root: string, entry: Dirent, path: string): Promise<string[]> {
  if (entry.isDirectory()) return listFiles(root, path);
  if (entry.isFile()) return [path];
  throw new Refusal('pack_entry_irregular', { detail: `${path} is a link, a device or the like.` });
}

async function sizeOf(root: string, path: string): Promise<number> {
  try {
    return (await stat(join(root, path))).size;
  } catch (error) {
    throw fileRefusal('file_unreadable', path, error);
  }
}

async function readPart(root: string, path: string): Promise<Uint8Array> {
  try {
    const content = await readFile(join(root, path));
    if (content.subarray(0, PRIVATE_KEY_MARK.length).toString('latin1') !== PRIVATE_KEY_MARK)
      return new Uint8Array(content);
  } catch (error) {
    throw fileRefusal('file_unreadable', path, error);
  }
  throw new Refusal('pack_private_key', { detail: `${path} begins with ${PRIVATE_KEY_MARK}.` });
}

/** Reading and writing for verbs: failures of the file system become refusals that name the path as it was given. */
import { existsSync, openAsBlob } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  parsePrivateKeyFile,
  parsePublicKeyFile,
  type PrivateKey,
  type PublicKey,
} from '../signing/index.ts';
import type { ErrorCode } from '../spec/error-codes.ts';
import { Refusal } from '../spec/refusal.ts';
import type { Io } from './io.ts';

/** @returns the refusal for a failure of the file system, saying its code (such as ENOENT) and no stack. */
export function fileRefusal(code: ErrorCode, path: string, cause: unknown): Refusal {
  const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
  return new Refusal(code, { detail: `${path}: ${reason}.`, cause });
}

/**
 * @param path as given on the command line
 * @param bytesMax largest file that is read; a bigger one is not opened
 * @throws Refusal `file_unreadable`
 */
export async function readInput(io: Io, path: string, bytesMax: number): Promise<Uint8Array> {
  const full = resolve(io.cwd, path);
  try {
    const { size } = await stat(full);
    if (size <= bytesMax) return new Uint8Array(await readFile(full));
  } catch (error) {
    throw fileRefusal('file_unreadable', path, error);
  }
  throw new Refusal('file_unreadable', { detail: `${path}: it has more than ${bytesMax} bytes.` });
}

/** A file that is read while it is sent, not before. @throws Refusal `file_unreadable` */
export async function openInput(io: Io, path: string): Promise<Blob> {
  try {
    return await openAsBlob(resolve(io.cwd, path));
  } catch (error) {
    throw fileRefusal('file_unreadable', path, error);
  }
}

/** Writes a file whole or not at all, over an older one. */
export async function replaceOutput(io: Io, path: string, content: Uint8Array | string): Promise<void> {
  const full = resolve(io.cwd, path);
  const temporary = `${full}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, content, { flag: 'wx' });
    await rename(temporary, full);
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileRefusal('file_unwritable', path, error);
  }
}

/**
 * Writes a new file, never over an older one, and makes its folder where it is missing.
 * @param mode permission bits, also against a umask that would allow less or more
 * @throws Refusal `file_exists` or `file_unwritable`
 */
export async function createOutput(io: Io, path: string, content: string, mode: number): Promise<void> {
  const full = resolve(io.cwd, path);
  try {
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, content, { flag: 'wx', mode });
    await chmod(full, mode);
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw exists
      ? new Refusal('file_exists', { detail: `${path} exists.`, cause: error })
      : fileRefusal('file_unwritable', path, error);
  }
}

/**
 * Writes a new file as its content comes, whole or not at all.
 * @throws Refusal `file_exists`, `file_unwritable`, or what the source throws
 */
export async function streamOutput(
  io: Io,
  path: string,
  source: AsyncIterable<Uint8Array>,
  mode: number,
): Promise<void> {
  await createOutput(io, path, '', mode);
  const full = resolve(io.cwd, path);
  try {
    await writeFile(full, source);
  } catch (error) {
    await rm(full, { force: true });
    throw error instanceof Refusal ? error : fileRefusal('file_unwritable', path, error);
  }
}

/** @throws Refusal `file_exists` */
export function requireAbsent(io: Io, path: string): void {
  if (existsSync(resolve(io.cwd, path))) throw new Refusal('file_exists', { detail: `${path} exists.` });
}

/** Key files are below 200 bytes; anything larger is something else. */
const KEY_FILE_BYTES_MAX = 4_096;
const OTHERS_MASK = 0o077;

/** @throws Refusal `file_unreadable`, `key_file_exposed`, or as `parsePrivateKeyFile` */
export async function readPrivateKey(io: Io, path: string): Promise<PrivateKey> {
  const bytes = await readInput(io, path, KEY_FILE_BYTES_MAX);
  const key = parsePrivateKeyFile(bytes);
  const { mode } = await stat(resolve(io.cwd, path));
  // Windows has no such bits; Node makes them up there.
  if (process.platform !== 'win32' && (mode & OTHERS_MASK) !== 0)
    throw new Refusal('key_file_exposed', { detail: `${path} has the mode ${(mode & 0o777).toString(8)}.` });
  return key;
}

/** @throws Refusal `file_unreadable`, or as `parsePublicKeyFile` */
export async function readPublicKey(io: Io, path: string): Promise<PublicKey> {
  return parsePublicKeyFile(await readInput(io, path, KEY_FILE_BYTES_MAX));
}

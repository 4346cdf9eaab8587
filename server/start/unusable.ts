/** What the system says of folders that Souk may not use, as an operator reads it. */
import { access, constants, mkdir } from 'node:fs/promises';
import { Refusal } from '../../spec/refusal.ts';

const REASONS: ReadonlyMap<string | undefined, string> = new Map([
  ['EACCES', 'this account may not'],
  ['EPERM', 'this account may not'],
  ['EROFS', 'its file system is read-only'],
  ['ENOSPC', 'its disk is full'],
  ['EDQUOT', 'its quota is used up'],
  ['EEXIST', 'something else has that name'],
  ['ENOTDIR', 'a part of its path is no folder'],
  ['ELOOP', 'its links lead in a circle'],
]);

/** Makes the folder where it is missing, for this account alone, and sees that it takes files. */
export async function makeDataFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
}

/** @returns the refusal that stands for a file or folder that cannot be used, else the error itself */
export function explainUnusable(error: unknown): unknown {
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  const reason = REASONS.get(code);
  if (!(error instanceof Error) || !reason || !path || syscall?.startsWith('spawn')) return error;
  return new Refusal('data_folder_unusable', { detail: `${path}: ${reason}.`, cause: error });
}

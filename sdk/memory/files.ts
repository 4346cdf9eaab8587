/** Files that are handed to runs, in memory. */
import { createHash, randomUUID } from 'node:crypto';
import { checkFileName } from '../../spec/host/file-checks.ts';
import type { FileReader } from '../../spec/host/files.ts';
import { FILE_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { RunFile } from '../../spec/run.ts';

export type MemoryFiles = FileReader & {
  /**
   * @param given text is taken as UTF-8
   * @throws Refusal `file_name_invalid`, `file_too_large`, `files_quota_exceeded`
   */
  take(given: Iterable<readonly [name: string, content: string | Uint8Array]>): RunFile[];
  /** Forgets files that nothing reads any more. */
  release(files: readonly RunFile[]): void;
};

export function createMemoryFiles(): MemoryFiles {
  const contents = new Map<string, Uint8Array>();
  const takeOne = (name: string, content: string | Uint8Array): RunFile => {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content.slice();
    const file = describe(checkFileName(name), bytes);
    requireFileRoom(bytes.byteLength, [...contents.values()]);
    contents.set(file.id, bytes);
    return file;
  };
  return {
    take: (given) => [...given].map(([name, content]) => takeOne(name, content)),
    release: (files) => {
      for (const { id } of files) contents.delete(id);
    },
    readPiece: async (_orgId, fileId, piece) => {
      const bytes = contents.get(fileId);
      if (!bytes) throw new Refusal('file_not_found', { detail: 'The file is gone.' });
      const at = piece * FILE_LIMITS.pieceBytesMax;
      return at < bytes.byteLength ? bytes.subarray(at, at + FILE_LIMITS.pieceBytesMax) : null;
    },
  };
}

function describe(name: string, content: Uint8Array): RunFile {
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { id: randomUUID(), name, bytes: content.byteLength, sha256 };
}

function requireFileRoom(bytes: number, held: readonly Uint8Array[]): void {
  const { fileBytesMax, orgBytesMax } = FILE_LIMITS;
  if (bytes > fileBytesMax)
    throw new Refusal('file_too_large', { detail: `A file has at most ${fileBytesMax} bytes.` });
  if (held.reduce((sum, { byteLength }) => sum + byteLength, bytes) <= orgBytesMax) return;
  throw new Refusal('files_quota_exceeded', {
    detail: `The files of an organization have at most ${orgBytesMax} bytes together.`,
  });
}

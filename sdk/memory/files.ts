/** Files that are handed to runs, in memory. */
import { createHash, randomUUID } from 'node:crypto';
import { checkFileName } from '../../spec/host/file-checks.ts';
import type { FileReader } from '../../spec/host/files.ts';
import { FILE_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { RunFile } from '../../spec/run.ts';

export type MemoryFiles = FileReader & {
  /** @param given text is taken as UTF-8. @throws Refusal `file_name_invalid`, `file_too_large` */
  take(given: Iterable<readonly [name: string, content: string | Uint8Array]>): RunFile[];
};

export function createMemoryFiles(): MemoryFiles {
  const contents = new Map<string, Uint8Array>();
  const takeOne = (name: string, content: string | Uint8Array): RunFile => {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content.slice();
    if (bytes.byteLength > FILE_LIMITS.fileBytesMax)
      throw new Refusal('file_too_large', {
        detail: `A file has at most ${FILE_LIMITS.fileBytesMax} bytes.`,
      });
    const id = randomUUID();
    contents.set(id, bytes);
    return {
      id,
      name: checkFileName(name),
      bytes: bytes.byteLength,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    };
  };
  return {
    take: (given) => [...given].map(([name, content]) => takeOne(name, content)),
    readPiece: async (_orgId, fileId, piece) => {
      const bytes = contents.get(fileId) ?? new Uint8Array();
      const at = piece * FILE_LIMITS.pieceBytesMax;
      return at < bytes.byteLength ? bytes.subarray(at, at + FILE_LIMITS.pieceBytesMax) : null;
    },
  };
}

/** `host.files`: its calls, and who answers them. It shows the files that were handed to this very run, and no other. */
import type { RunFile } from '../run.ts';
import { FILE_LIMITS } from '../limits.ts';
import { Refusal } from '../refusal.ts';
import type { Capability } from './capability.ts';

export type FileReader = {
  /**
   * @param piece from 0; each has FILE_LIMITS.pieceBytesMax bytes, but for the last
   * @returns null beyond the last. @throws Refusal `file_not_found`
   */
  readPiece(orgId: string, fileId: string, piece: number): Promise<Uint8Array | null>;
};

export type FileCallContext = {
  readonly guest: { readonly org: { readonly id: string } };
  readonly files: readonly RunFile[];
};

/**
 * `files.list()` → `{ id, name, bytes, sha256 }` of each · `files.stream(nameOrId)` → a `ReadableStream` of its bytes,
 * which the guest makes of pieces that it asks for one after the other, as binary strings.
 */
export function fileCapabilities(files: FileReader): Capability<FileCallContext>[] {
  return [
    {
      name: 'files.list',
      requires: () => null,
      argumentSchema: { type: 'object', additionalProperties: false },
      act: async (_args, context) => context.files.map((file) => ({ ...file })),
    },
    {
      name: 'files.stream',
      parameters: ['file', 'piece'],
      requires: () => null,
      argumentSchema: {
        type: 'object',
        required: ['file', 'piece'],
        additionalProperties: false,
        properties: {
          file: { type: 'string', maxLength: FILE_LIMITS.nameBytesMax },
          piece: { type: 'integer', minimum: 0, maximum: FILE_LIMITS.fileBytesMax },
        },
      },
      act: async ({ file, piece }, context) => {
        const { id } = requireHanded(context.files, String(file));
        const part = await files.readPiece(context.guest.org.id, id, Number(piece));
        return part === null ? null : Buffer.from(part).toString('latin1');
      },
    },
  ];
}

/** By id, or by name where that is of one file alone. */
function requireHanded(files: readonly RunFile[], wanted: string): RunFile {
  const byId = files.find(({ id }) => id === wanted);
  const [byName, another] = files.filter(({ name }) => name === wanted);
  const found = byId ?? (another ? undefined : byName);
  if (found) return found;
  throw new Refusal('file_not_found', {
    detail: another ? 'Several files of this run have this name.' : 'This run was not handed such a file.',
    hint: 'host.files.list() has those that it was handed; take them by id.',
  });
}

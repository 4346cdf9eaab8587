/** Refusals of the ZIP gate: all name the entry, and none can be used to write control characters to a terminal. */
import type { ARCHIVE_ERRORS } from '../../spec/errors/archive.ts';
import { Refusal } from '../../spec/refusal.ts';

export type ArchiveErrorCode = keyof typeof ARCHIVE_ERRORS;

const NAME_CHARS_SHOWN = 120;

/**
 * Refuses the archive as a whole.
 * @param found what was found, as one sentence; made of constants and numbers only
 */
export function refuseArchive(code: ArchiveErrorCode, found: string): never {
  throw new Refusal(code, { detail: found });
}

/**
 * Refuses the archive for one of its entries.
 * @param name the name of the entry as read, however hostile
 * @param found what was found, without the name
 */
export function refuseEntry(code: ArchiveErrorCode, name: string, found: string): never {
  const shown = quoteName(name);
  throw new Refusal(code, {
    detail: `Entry ${shown}: ${found}`,
    violations: [{ pointer: shown, message: found }],
  });
}

/** Writes a name in quotes, shortened, with everything escaped that is invisible or moves the cursor. */
export function quoteName(name: string): string {
  const short = name.length > NAME_CHARS_SHOWN ? `${name.slice(0, NAME_CHARS_SHOWN)}…` : name;
  return JSON.stringify(short.toWellFormed()).replace(
    /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

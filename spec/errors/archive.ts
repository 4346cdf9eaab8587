import { ARCHIVE_ENTRY_ERRORS } from './archive-entries.ts';
import { ARCHIVE_NAME_ERRORS } from './archive-names.ts';
import { ARCHIVE_STRUCTURE_ERRORS } from './archive-structure.ts';

/** Codes of the ZIP gate, one for each rule of docs/formats/package.md. */
export const ARCHIVE_ERRORS = {
  ...ARCHIVE_STRUCTURE_ERRORS,
  ...ARCHIVE_ENTRY_ERRORS,
  ...ARCHIVE_NAME_ERRORS,
} as const;

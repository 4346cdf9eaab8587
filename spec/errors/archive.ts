import type { ErrorCodeEntry } from './entry.ts';

export const ARCHIVE_ERRORS = {} as const satisfies Record<string, ErrorCodeEntry>;

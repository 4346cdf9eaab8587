import type { ErrorCodeEntry } from './entry.ts';

export const MANIFEST_ERRORS = {} as const satisfies Record<string, ErrorCodeEntry>;

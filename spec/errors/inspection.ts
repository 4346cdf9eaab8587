import type { ErrorCodeEntry } from './entry.ts';

export const INSPECTION_ERRORS = {} as const satisfies Record<string, ErrorCodeEntry>;

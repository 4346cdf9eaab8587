import type { ErrorCodeEntry } from './entry.ts';

export const SIGNING_ERRORS = {} as const satisfies Record<string, ErrorCodeEntry>;

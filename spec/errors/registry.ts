import type { ErrorCodeEntry } from './entry.ts';

export const REGISTRY_ERRORS = {} as const satisfies Record<string, ErrorCodeEntry>;

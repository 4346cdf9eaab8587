import type { ErrorCodeEntry } from './entry.ts';

/** Codes of modules, records and imports. */
export const RECORD_ERRORS = {
  name_ambiguous: {
    status: 409,
    kind: 'state',
    title: 'Several plugins claim this name.',
    hint: 'Use the qualified name: publisher.name.word.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;

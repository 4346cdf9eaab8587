import type { ErrorCodeEntry } from './entry.ts';

/** Codes of manifest.json, and of any JSON document that a stranger's package brings. */
export const MANIFEST_ERRORS = {
  manifest_missing: {
    status: 422,
    kind: 'input',
    title: 'The package has no manifest.json.',
    hint: 'Put manifest.json, in lower case, at the top of the archive and not inside a folder.',
  },
  manifest_too_large: {
    status: 422,
    kind: 'limit',
    title: 'manifest.json is too large.',
    hint: 'Keep it below 256 KiB; move data into files of its own.',
  },
  manifest_not_json: {
    status: 422,
    kind: 'input',
    title: 'manifest.json is not strict JSON.',
    hint: 'Write UTF-8 without a byte order mark, comments, trailing commas, duplicate keys or the key __proto__.',
  },
  manifest_invalid: {
    status: 422,
    kind: 'input',
    title: 'manifest.json breaks its schema.',
    hint: 'Mend each violation listed; /spec/manifest-v1.schema.json has the rules.',
  },
  contribution_not_supported: {
    status: 422,
    kind: 'input',
    title: 'The manifest uses something that this version of Souk cannot run.',
    hint: 'Remove it, or publish to a Souk that has it; nothing in a manifest is ever silently ignored.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;

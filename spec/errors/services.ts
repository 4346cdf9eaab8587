import type { ErrorCodeEntry } from './entry.ts';

/** Codes of the services that plugins use at run time; a guest sees them as the code of the error it catches. */
export const SERVICE_ERRORS = {
  kv_key_invalid: {
    status: 422,
    kind: 'input',
    title: 'This is no key of the key-value store.',
    hint: 'Use text of 1 to 512 bytes in UTF-8 without U+0000 and without halves of surrogate pairs.',
  },
  kv_value_too_large: {
    status: 413,
    kind: 'limit',
    title: 'The value is larger than the key-value store takes.',
    hint: 'Store at most 64 KiB of JSON under one key.',
  },
  kv_quota_exceeded: {
    status: 413,
    kind: 'limit',
    title: 'The key-value store of this installation is full.',
    hint: 'Delete keys, or give entries a time to live.',
  },
  kv_request_invalid: {
    status: 422,
    kind: 'input',
    title: 'The key-value store does not take these arguments.',
    hint: 'Compare with the types in the SDK.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;

import type { ErrorCodeEntry } from './entry.ts';

/** Codes of publishing, catalogue, review and publishers' keys. */
export const REGISTRY_ERRORS = {
  upload_empty: {
    status: 400,
    kind: 'input',
    title: 'The upload has no archive.',
    hint: 'Send the ZIP archive of the package as the part "archive".',
  },
  envelope_missing: {
    status: 422,
    kind: 'policy',
    title: 'The package is not signed.',
    hint: 'Sign it with souk sign and send the envelope beside the archive.',
  },
  publisher_other_org: {
    status: 403,
    kind: 'access',
    title: 'The publisher does not belong to this organization.',
    hint: 'Use the id of a publisher that your organization owns.',
  },
  publisher_keys_missing: {
    status: 422,
    kind: 'state',
    title: 'The publisher has registered no keys.',
    hint: 'Register a key document with souk keys register, then publish again.',
  },
  availability_refused: {
    status: 409,
    kind: 'policy',
    title: 'The plugin cannot be offered this way.',
    hint: 'Publish signed versions and reject the unsigned ones, or leave the plugin private.',
  },
  version_not_revocable: {
    status: 409,
    kind: 'state',
    title: 'Only a version that was offered can be revoked.',
    hint: 'Reject a version that waits for review.',
  },
  version_exists: {
    status: 409,
    kind: 'state',
    title: 'This version exists with other content; a version never changes.',
    hint: 'Raise the version in manifest.json, pack and sign again.',
  },
  visibility_differs: {
    status: 409,
    kind: 'state',
    title: 'The plugin exists with another visibility.',
    hint: 'Publish to the registry in which the plugin began, or choose another name.',
  },
  first_package_denied: {
    status: 403,
    kind: 'policy',
    title: 'This instance takes no first package of a publisher that it does not know.',
    hint: 'Ask an administrator of the instance to admit the publisher.',
  },
  permissions_grew: {
    status: 403,
    kind: 'policy',
    title: 'The package asks for more than the version before it, which this instance does not take.',
    hint: 'Ask for no new permission, or ask an administrator of the instance.',
  },
  dependency_missing: {
    status: 422,
    kind: 'evidence',
    title: 'A required dependency cannot be had.',
    hint: 'Depend on a plugin and a range that are offered to everyone who can see this package.',
  },
  replacement_unknown: {
    status: 422,
    kind: 'input',
    title: 'The replacement is not a plugin that can be seen.',
    hint: 'Name a plugin of the catalogue, such as kelompok/csv-import, other than the deprecated one.',
  },
  reason_invalid: {
    status: 400,
    kind: 'input',
    title: 'The reason is empty or too long.',
    hint: 'Say why in 1 to 500 characters.',
  },
  version_not_held: {
    status: 409,
    kind: 'state',
    title: 'The version does not wait for review.',
    hint: 'Look at its state; a decision is made once.',
  },
  plugin_not_private: {
    status: 409,
    kind: 'state',
    title: 'The plugin is public, so nobody needs a grant to see it.',
    hint: 'Grant private plugins only.',
  },
  search_invalid: {
    status: 400,
    kind: 'input',
    title: 'The search cannot be understood.',
    hint: 'Mend the parameter named; /openapi.json has their form.',
  },
  cursor_invalid: {
    status: 400,
    kind: 'input',
    title: 'The cursor is not one of this list.',
    hint: 'Begin again without a cursor, with the same filters on every page.',
  },
  key_document_exists: {
    status: 409,
    kind: 'state',
    title: 'The publisher has a key document already.',
    hint: 'Send the next version of it, signed by the keys in force.',
  },
  key_challenge_unknown: {
    status: 409,
    kind: 'state',
    title: 'There is no such challenge, or it has been answered or has expired.',
    hint: 'Ask for a new challenge; each is answered once.',
  },
  idempotency_key_invalid: {
    status: 400,
    kind: 'input',
    title: 'The Idempotency-Key cannot be used.',
    hint: 'Use 1 to 255 printable ASCII characters, such as a UUID.',
  },
  idempotency_key_reused: {
    status: 422,
    kind: 'input',
    title: 'The Idempotency-Key was used for another request.',
    hint: 'Use a new key for each new request.',
  },
  idempotency_key_in_use: {
    status: 409,
    kind: 'state',
    title: 'A request with this Idempotency-Key is still at work.',
    hint: 'Wait for its answer, then send it again.',
    retryAfterSeconds: 2,
  },
} as const satisfies Record<string, ErrorCodeEntry>;

import type { ErrorCodeEntry } from './entry.ts';

/** Codes of the services that plugins use at run time; a guest sees them as the code of the error it catches. */
export const SERVICE_ERRORS = {
  limits_invalid: {
    status: 422,
    kind: 'input',
    title: 'These are no limits that an organization can have.',
    hint: 'Give whole numbers within the bounds listed, or null for the limit of the instance.',
  },
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
  permission_denied: {
    status: 403,
    kind: 'policy',
    title: 'The plugin was not granted this.',
    hint: 'Ask for the permission in the manifest, and an administrator for the grant.',
  },
  egress_url_invalid: {
    status: 422,
    kind: 'input',
    title: 'This is no address that a plugin can send a request to.',
    hint: 'Use an absolute http or https URL without user information, control characters or spaces.',
  },
  egress_request_invalid: {
    status: 422,
    kind: 'input',
    title: 'This is no request that a plugin can send.',
    hint: 'Use header names and values as RFC 9110 has them, and no body with GET or HEAD.',
  },
  egress_failed: {
    status: 502,
    kind: 'state',
    title: 'The request could not be made.',
    hint: 'The address may not exist, not answer, or be one that this instance does not let plugins reach.',
  },
  egress_response_too_large: {
    status: 502,
    kind: 'limit',
    title: 'The answer is larger than a plugin may be given.',
    hint: 'Ask for less: at most 512 KiB of body after decoding and 16 KiB of headers are taken.',
  },
  egress_busy: {
    status: 429,
    kind: 'limit',
    title: 'Too many requests are in flight.',
    hint: 'Await some of them first: 6 of one run and 20 of one installation may be in flight.',
  },
  secret_unknown: {
    status: 422,
    kind: 'input',
    title: 'No version of the plugin declares this secret.',
    hint: 'Use a name that the manifest lists under "secrets".',
  },
  secret_invalid: {
    status: 422,
    kind: 'input',
    title: 'This is no value of a secret.',
    hint: 'Use text of 1 byte to 16 KiB in UTF-8 without U+0000 and without halves of surrogate pairs.',
  },
  secret_not_found: {
    status: 404,
    kind: 'state',
    title: 'The secret is not set.',
    hint: 'List the secrets of the installation.',
  },
  secret_missing: {
    status: 422,
    kind: 'state',
    title: 'A secret that the plugin needs is not set.',
    hint: 'An administrator sets it: PUT /api/v1/orgs/{org}/plugins/{publisher}/{name}/secrets/{secret}.',
  },
  mail_not_configured: {
    status: 409,
    kind: 'state',
    title: 'The organization has no mail server.',
    hint: 'An administrator sets it: PUT /api/v1/orgs/{org}/mail.',
  },
  mail_server_invalid: {
    status: 422,
    kind: 'input',
    title: 'These are no settings of a mail server.',
    hint: 'Give host, port, security (tls, starttls, none), from, and username with password where the server asks for them.',
  },
  mail_message_invalid: {
    status: 422,
    kind: 'input',
    title: 'This is no message that can be sent.',
    hint: 'Give to, subject, and text or html; addresses as ada@example.org or Ada <ada@example.org>.',
  },
  mail_quota_exceeded: {
    status: 429,
    kind: 'limit',
    title: 'Too much mail was sent today.',
    hint: 'The count begins anew at midnight UTC.',
  },
  mail_server_unreachable: {
    status: 502,
    kind: 'state',
    title: 'The mail server cannot be reached.',
    hint: 'Compare host, port and security with what your mail provider says; private addresses need SOUK_EGRESS_ALLOW.',
  },
  mail_server_refused: {
    status: 502,
    kind: 'state',
    title: 'The mail server refused.',
    hint: 'Compare user name, password and security with what your mail provider says.',
  },
  mail_recipients_rejected: {
    status: 502,
    kind: 'state',
    title: 'The mail server took no recipient.',
    hint: 'Look at the addresses, and whether the server lets the sender write to them.',
  },
  master_key_invalid: {
    status: 500,
    kind: 'state',
    title: 'The master key cannot be read.',
    hint: 'Give 32 random bytes in base64url, as "openssl rand -base64 32" makes them; earlier keys follow, one a line.',
  },
  master_key_unknown: {
    status: 500,
    kind: 'state',
    title: 'The database holds secrets under a master key that this server does not have.',
    hint: 'Give this server the master key of the others, or that of the backup (SOUK_MASTER_KEY_FILE).',
  },
} as const satisfies Record<string, ErrorCodeEntry>;

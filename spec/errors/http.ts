import type { ErrorCodeEntry } from './entry.ts';

/** Codes of the HTTP edge itself. */
export const HTTP_ERRORS = {
  not_found: {
    status: 404,
    kind: 'state',
    title: 'There is nothing at this address.',
    hint: 'Check the address; what you may not see is answered like what does not exist.',
  },
  method_not_allowed: {
    status: 405,
    kind: 'input',
    title: 'This address does not take this method.',
    hint: 'Use a method of the Allow header.',
  },
  request_invalid: {
    status: 400,
    kind: 'input',
    title: 'The request does not fit its schema.',
    hint: 'Mend each violation listed; /openapi.json has the schema.',
  },
  request_malformed: {
    status: 400,
    kind: 'input',
    title: 'The bytes that came are no request of HTTP/1.1.',
    hint: 'Look at method, address, headers and the length of the body; the connection was closed.',
  },
  request_too_slow: {
    status: 408,
    kind: 'limit',
    title: 'The request took too long to arrive.',
    hint: 'Send it again, without pauses.',
  },
  headers_too_large: {
    status: 431,
    kind: 'limit',
    title: 'The address and the headers of the request are too large.',
    hint: 'Send fewer or shorter headers and cookies, and what is long in the body.',
  },
  body_not_json: {
    status: 400,
    kind: 'input',
    title: 'The body is not valid JSON.',
    hint: 'Send UTF-8 JSON without duplicate keys and a Content-Type of application/json.',
  },
  body_too_large: {
    status: 413,
    kind: 'limit',
    title: 'The body is larger than this address takes.',
    hint: 'Send less.',
  },
  body_incomplete: {
    status: 400,
    kind: 'input',
    title: 'The body ended before all of it had arrived.',
    hint: 'Send the request again.',
  },
  media_type_unsupported: {
    status: 415,
    kind: 'input',
    title: 'The body has a type that this address does not take.',
    hint: 'Use a Content-Type named in /openapi.json.',
  },
  rate_limited: {
    status: 429,
    kind: 'limit',
    title: 'Too many requests.',
    hint: 'Wait as long as Retry-After says.',
  },
  uploads_too_many: {
    status: 503,
    kind: 'limit',
    title: 'Too many large requests at once.',
    hint: 'Try again when the others have been taken in.',
    retryAfterSeconds: 5,
  },
  draining: {
    status: 503,
    kind: 'state',
    title: 'This server is shutting down.',
    hint: 'Try again; another server, or this one once restarted, will answer.',
    retryAfterSeconds: 1,
  },
  database_unavailable: {
    status: 503,
    kind: 'state',
    title: 'The database cannot be reached.',
    hint: 'Try again shortly; nothing was changed.',
    retryAfterSeconds: 2,
  },
  storage_full: {
    status: 507,
    kind: 'state',
    title: 'The package store has no room.',
    hint: 'Tell the operator of this server; nothing was changed.',
  },
  publisher_unknown: {
    status: 404,
    kind: 'state',
    title: 'There is no publisher of this name.',
    hint: 'An admin of your organization registers it with POST /api/v1/orgs/{org}/publishers.',
  },
  publisher_not_yours: {
    status: 403,
    kind: 'access',
    title: 'The publisher belongs to an organization in which you may not do this.',
    hint: 'Use a publisher of your own organization, or ask one of its admins.',
  },
  settings_invalid: {
    status: 500,
    kind: 'input',
    title: 'A setting of the server is wrong.',
    hint: 'docs/settings.md lists every setting with its values.',
  },
  data_folder_unusable: {
    status: 500,
    kind: 'state',
    title: 'The server cannot use a folder that it needs.',
    hint: 'Let the account that runs Souk own the folders of SOUK_DATA and SOUK_BLOBS, on a disk that takes writes.',
  },
  listen_failed: {
    status: 500,
    kind: 'state',
    title: 'The server cannot listen on its address.',
    hint: 'Stop the other process, or set SOUK_PORT and SOUK_HOST to an address that is free and yours.',
  },
  internal_error: {
    status: 500,
    kind: 'fault',
    title: 'Souk failed.',
    hint: 'Tell the operator the request id.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;

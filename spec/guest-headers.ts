/**
 * What headers cross between callers and guests.
 *
 * Towards the guest: no hop-by-hop headers (RFC 9110, section 7.6.1), no cookies of this origin, nothing that a proxy
 * in front of the server said about the caller, and no token of Souk. Towards the caller: nothing that would speak for
 * this origin, because what a plugin answers is not ours.
 */

/** Name, in lower case unless said otherwise, and value. */
export type Header = readonly [string, string];

const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

const NOT_TO_GUEST: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'content-length',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'via',
  'x-real-ip',
  'idempotency-key',
]);

const NOT_FROM_GUEST: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'alt-svc',
  'clear-site-data',
  'content-length',
  'content-security-policy',
  'content-security-policy-report-only',
  'cross-origin-opener-policy',
  'nel',
  'public-key-pins',
  'report-to',
  'reporting-endpoints',
  'server',
  'service-worker-allowed',
  'set-cookie',
  'set-cookie2',
  'sourcemap',
  'strict-transport-security',
  'x-content-type-options',
  'x-frame-options',
  'x-request-id',
]);

/** RFC 9110, section 5.6.2 (token) and 5.5 (field-value, as visible ASCII, obs-text, space and tab). */
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/u;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/u;

/** The tokens that Souk makes; anything else in Authorization is the plugin's business. */
const SOUK_TOKEN = /^bearer\s+souk_/iu;

/** The value of a header, or null; of several with one name their list (RFC 9110, section 5.3). */
export function headerOf(headers: readonly Header[], wanted: string): string | null {
  let found: string | null = null;
  for (const [name, value] of headers)
    if (name === wanted) found = found === null ? value : `${found}, ${value}`;
  return found;
}

export function headersForGuest(headers: readonly Header[]): Header[] {
  const named = namedByConnection(headerOf(headers, 'connection'));
  return headers.filter(
    ([name, value]) =>
      !NOT_TO_GUEST.has(name) &&
      !named?.has(name) &&
      !name.startsWith('x-forwarded-') &&
      !name.startsWith('x-souk-') &&
      !(name === 'authorization' && SOUK_TOKEN.test(value)),
  );
}

/** A sender may make any header hop-by-hop by naming it in Connection (RFC 9110, section 7.6.1). */
function namedByConnection(value: string | null): ReadonlySet<string> | null {
  if (value === null || value === 'keep-alive' || value === 'close') return null;
  return new Set(value.split(',').map((name) => name.trim().toLowerCase()));
}

/**
 * @returns the headers that reach the caller, or null when the guest tried one that no message can carry (CR, LF,
 * NUL, characters beyond ISO 8859-1, a name that is no token)
 */
export function headersFromGuest(headers: readonly Header[]): Header[] | null {
  const lowered = headers.map(([name, value]) => [name.toLowerCase(), value] as const);
  if (!lowered.every(([name, value]) => FIELD_NAME.test(name) && FIELD_VALUE.test(value))) return null;
  return lowered.filter(([name]) => !NOT_FROM_GUEST.has(name) && !name.startsWith('x-souk-'));
}

/** On every answer of a plugin: it is shown, if at all, as a document of no origin that may run nothing. */
export const GUEST_ANSWER_HEADERS: readonly Header[] = [
  ['content-security-policy', 'sandbox'],
  ['x-content-type-options', 'nosniff'],
];

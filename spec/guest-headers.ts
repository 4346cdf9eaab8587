/**
 * What headers cross between callers and guests.
 *
 * Towards the guest: no hop-by-hop headers (RFC 9110, section 7.6.1), no cookies of this origin, nothing that a proxy
 * in front of the server said about the caller, and no token of Souk. Towards the caller: nothing that would speak for
 * this origin, because what a plugin answers is not ours, and nothing that a proxy in front of the server would obey.
 */
import type { JsonObject } from './json.ts';

/** Name, in lower case unless said otherwise, and value. */
export type Header = readonly [string, string];

/** A `Header` among the arguments of a host call. */
export const HEADER_SCHEMA: JsonObject = {
  type: 'array',
  minItems: 2,
  maxItems: 2,
  prefixItems: [{ type: 'string' }, { type: 'string' }],
  items: false,
};

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

/** What proxies say of the caller: its address, and the certificate that it showed them (RFC 9440). */
const SAID_BY_PROXIES = [
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'client-cert',
  'client-cert-chain',
  'fastly-client-ip',
  'forwarded',
  'true-client-ip',
  'via',
  'x-client-cert',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-forwarded',
  'x-original-forwarded-for',
  'x-real-ip',
  'x-ssl-client-cert',
];

const NOT_TO_GUEST: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  ...SAID_BY_PROXIES,
  'content-length',
  'cookie',
  'expect',
  'host',
  'idempotency-key',
]);

/**
 * What a proxy in front of the server obeys and does not pass on: files of its own in place of the answer (nginx,
 * Apache, lighttpd, LiteSpeed, Perlbal), its own requests for what the body names (Edge Side Includes), whether this
 * server is well (Envoy).
 */
const OBEYED_BY_PROXIES = [
  'edge-control',
  'surrogate-capability',
  'surrogate-control',
  'x-sendfile',
  'x-sendfile-temporary',
];
const PREFIXES_OBEYED_BY_PROXIES = ['x-accel-', 'x-envoy-', 'x-lighttpd-', 'x-litespeed-', 'x-reproxy-'];

/** What browsers remember of all of an origin, whichever document said it. */
const KEPT_FOR_THE_ORIGIN = [
  'accept-ch',
  'accept-ch-lifetime',
  'critical-ch',
  'expect-ct',
  'public-key-pins-report-only',
  'secure-session-registration',
  'sec-session-registration',
  'set-login',
  'use-as-dictionary',
];

const NOT_FROM_GUEST: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  ...OBEYED_BY_PROXIES,
  ...KEPT_FOR_THE_ORIGIN,
  'alt-svc',
  'clear-site-data',
  'content-length',
  'content-security-policy',
  'content-security-policy-report-only',
  'cross-origin-opener-policy',
  // When an answer was made is this server's to say (RFC 9110, section 6.6.1): caches reckon by it.
  'date',
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

/** The tokens that Souk makes, under whatever scheme; anything else in Authorization is the plugin's business. */
const SOUK_TOKEN = /souk_/iu;

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
 * @param headers which HTTP allows, as every `GuestResponse` has them
 * @returns those that reach the caller, with names in lower case
 */
export function headersFromGuest(headers: readonly Header[]): Header[] {
  const passed: Header[] = [];
  for (const [name, value] of headers) {
    const lowered = name.toLowerCase();
    if (!NOT_FROM_GUEST.has(lowered) && !isReserved(lowered)) passed.push([lowered, value]);
  }
  return passed;
}

function isReserved(name: string): boolean {
  // Few names begin so, and every answer comes by here.
  if (!name.startsWith('x-')) return false;
  return name.startsWith('x-souk-') || PREFIXES_OBEYED_BY_PROXIES.some((prefix) => name.startsWith(prefix));
}

/** On every answer of a plugin: it is shown, if at all, as a document of no origin that may run nothing. */
export const GUEST_ANSWER_HEADERS: readonly Header[] = [
  ['content-security-policy', 'sandbox'],
  ['x-content-type-options', 'nosniff'],
];

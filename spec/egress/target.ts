/** Where a request goes: a URL, parsed once. Everything after looks at the parts, never at the text. */
import { isIP } from 'node:net';
import { EGRESS_LIMITS } from '../limits.ts';
import { HTTP_METHODS, type HttpMethod, type Permission } from '../permission.ts';
import { Refusal } from '../refusal.ts';
import { matchesUrlPattern, parseUrlPattern } from '../url-pattern.ts';

declare const checked: unique symbol;
/** An http(s) URL without user information, fragment and final dot, whose host is a name or an address. */
export type Target = URL & { readonly [checked]: 'target' };

/**
 * The URL parser drops tabs and newlines, trims spaces, takes backslashes for slashes, and reads full-width digits and
 * decimal, octal and hexadecimal addresses (WHATWG URL, section 3.5). What it drops is refused, so that a person who
 * reads the text and we mean the same; what it reads is judged by what it means.
 * @throws Refusal `egress_url_invalid`
 */
export function parseTarget(text: string): Target {
  if (text.length > EGRESS_LIMITS.urlCharsMax) {
    throw invalid(`The URL has ${text.length} characters; at most ${EGRESS_LIMITS.urlCharsMax} are taken.`);
  }
  if (/[\p{Cc}\s\\]/u.test(text)) throw invalid('The URL holds a control character, a space or a backslash.');
  const [, authority = ''] = AUTHORITY.exec(text) ?? [];
  if (authority.length > AUTHORITY_CHARS_MAX) throw invalid('The host of the URL is longer than any name.');
  if (!URL.canParse(text)) throw invalid('The text is no absolute URL.');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw invalid('The scheme is not http or https.');
  if (url.username !== '' || url.password !== '') throw invalid('The URL holds user information.');
  url.hash = '';
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.slice(0, -1);
  requireHost(url.hostname);
  requireOpenPath(url.pathname);
  return url as Target;
}

/** What the URL parser takes for it in http and https, however many slashes there are (URL section 4.4). */
const AUTHORITY = /^[^:]*:\/*([^/?#]*)/u;
/** RFC 1035 section 2.3.4 allows 255 bytes. To write letters as ASCII takes the square of their number (RFC 3492). */
const AUTHORITY_CHARS_MAX = 1_024;

/**
 * The parser has resolved the dot segments that it knows. Servers know more of them, behind an encoded slash, encoded
 * twice, or with a parameter (RFC 3986, section 3.3): there the path would leave the place that was granted.
 */
function requireOpenPath(pathname: string): void {
  const decoded = pathname.replace(/%(?:25)+/gu, '%').replace(/%2e/giu, '.');
  const segments = decoded.split(/\/|\\|%2f|%5c/iu);
  if (segments.some((segment) => /^\.{1,2}(?:;|%3b|$)/iu.test(segment)))
    throw invalid('The path holds dot segments that are hidden by their encoding.');
}

/** getaddrinfo reads names of digits, such as 127.1, as addresses: a name has a letter in its last label. */
function requireHost(hostname: string): void {
  if (isIP(bareHost(hostname)) !== 0) return;
  const labels = hostname.split('.');
  if (labels.includes('') || !/[a-z]/u.test(labels.at(-1) ?? '')) {
    throw invalid('The host of the URL is neither a name nor an address.');
  }
}

/** The host of a URL without the brackets of IPv6 and the dot at the end of a full name. */
export function bareHost(hostname: string): string {
  if (hostname.startsWith('[')) return hostname.slice(1, -1);
  return hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
}

/** A place without a port means the default one of its scheme. */
export function portOf({ protocol, port }: { readonly protocol: string; readonly port: string }): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

/**
 * The permission that a request needs: a pattern that is exactly this place. Queries are no part of a pattern.
 * @throws Refusal `egress_url_invalid` for a place that is longer than any pattern
 */
export function permissionFor(method: HttpMethod, target: Target): Permission {
  // A star is the wildcard of patterns; its encoded form is compared, and `isGranted` judges the URL as it is.
  const place = `${target.protocol}//${target.host}${target.pathname.replaceAll('*', '%2A')}`;
  if (place.length > EGRESS_LIMITS.placeCharsMax) {
    throw invalid(`The path is longer than a grant can name: ${EGRESS_LIMITS.placeCharsMax} characters.`);
  }
  return { name: 'http.fetch', scope: [place], methods: [method] };
}

/** @returns whether one of the grants lets a plugin send this method there */
export function isGranted(grants: readonly Permission[], method: HttpMethod, target: Target): boolean {
  return grants.some(
    ({ name, methods, scope }) =>
      name === 'http.fetch' &&
      (methods ?? HTTP_METHODS).includes(method) &&
      (scope ?? []).some((text) => {
        const pattern = parseUrlPattern(text);
        return typeof pattern !== 'string' && matchesUrlPattern(pattern, target);
      }),
  );
}

function invalid(detail: string): Refusal {
  return new Refusal('egress_url_invalid', { detail });
}

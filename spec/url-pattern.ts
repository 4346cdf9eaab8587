/**
 * URL patterns: the scope of the permission `http.fetch`.
 *
 * Form: `scheme://host[:port]/path`, where the scheme is `https` or `http`, the host is an exact name or address,
 * or `*.` and a suffix of at least two labels (any depth below that suffix, not the suffix itself), and the path is
 * exact, or ends in one `*` that stands for any rest. No user information, query or fragment. `https://*` and a path
 * means any host on the default port, for plugins whose place to go to is the administrator's to say, such as webhooks:
 * a grant narrows it. A pattern is compared
 * with the parts of a URL that the WHATWG parser has read, never with the raw text, so every spelling of an address
 * is judged by what it means. The pattern itself has one spelling, because people judge it by what they see: a name
 * beyond ASCII is written in punycode, an address in four decimal numbers.
 *
 * Examples: `https://discord.com/api/*`, `https://*.example.org/*`, `http://127.0.0.1:8025/hook`.
 */
export type UrlPattern = {
  readonly scheme: 'https' | 'http';
  /** Lower-case host without a trailing dot; for a wildcard the suffix after `*.`, empty where any host is meant. */
  readonly host: string;
  readonly anySubdomain: boolean;
  /** Empty for the default port of the scheme, as the WHATWG parser gives it. */
  readonly port: string;
  /** The exact path, or its fixed beginning where `anyRest`. */
  readonly path: string;
  readonly anyRest: boolean;
};

const ANY_HOST = /^https:\/\/\*(?=\/)/u;
const FORM = /^(https?):\/\/(\*\.)?([^/*?#@\s\\]+)(\/[^*?#\s\\]*)(\*?)$/u;

/**
 * @param text a pattern as a manifest or a grant writes it, at most 2,048 characters
 * @returns the pattern, or a sentence that says what is wrong with it
 */
export function parseUrlPattern(text: string): UrlPattern | string {
  if (text.length > 2048) return 'is longer than 2,048 characters';
  // The parser has no word for any host; this one stands in for it and is taken out again.
  const isAnyHost = ANY_HOST.test(text);
  const parts = FORM.exec(text.replace(ANY_HOST, 'https://*.any.host'));
  if (!parts) return 'is not scheme://host/path with the scheme http or https and at most one * at the end';
  const [, scheme, wildcard, authority = '', path, rest] = parts;
  if (!URL.canParse(`${scheme}://${authority}${path}`)) return 'has a host or port that no URL can have';
  const url = new URL(`${scheme}://${authority}${path}`);
  if (wildcard && !isWideSuffix(url.hostname)) return 'has a wildcard above a registrable name';
  if (hostOf(authority) !== stripDot(url.hostname))
    return `has a host that reads as another; write ${stripDot(url.hostname)}`;
  if (url.pathname !== path) return `has a path that is not normalized; write ${url.pathname}`;
  return {
    scheme: scheme === 'https' ? 'https' : 'http',
    host: isAnyHost ? '' : stripDot(url.hostname),
    anySubdomain: Boolean(wildcard),
    port: url.port,
    path: url.pathname,
    anyRest: rest === '*',
  };
}

/** The host as it is written; in what case, and with or without the port and the dot of the root, means nothing. */
function hostOf(authority: string): string {
  return stripDot(authority.replace(/:[0-9]*$/u, '').toLowerCase());
}

/** `*.example.org` is fine; `*.org` and `*.127.0.0.1` are not. */
function isWideSuffix(hostname: string): boolean {
  const labels = stripDot(hostname).split('.');
  return labels.length >= 2 && /[a-z]/u.test(labels.at(-1) ?? '') && !hostname.startsWith('[');
}

/** @returns whether `url`, already parsed, lies inside `pattern`. */
export function matchesUrlPattern(pattern: UrlPattern, url: URL): boolean {
  if (url.protocol !== `${pattern.scheme}:` || url.port !== pattern.port) return false;
  if (url.username !== '' || url.password !== '') return false;
  const host = stripDot(url.hostname);
  const hostFits = pattern.anySubdomain ? isBelow(host, pattern.host) : host === pattern.host;
  if (!hostFits) return false;
  return pattern.anyRest ? url.pathname.startsWith(pattern.path) : url.pathname === pattern.path;
}

/** @returns whether every URL inside `narrow` is also inside `wide`. */
export function coversUrlPattern(wide: UrlPattern, narrow: UrlPattern): boolean {
  if (wide.scheme !== narrow.scheme || wide.port !== narrow.port) return false;
  const hostFits = wide.anySubdomain
    ? isBelow(narrow.host, wide.host) || (narrow.anySubdomain && narrow.host === wide.host)
    : !narrow.anySubdomain && narrow.host === wide.host;
  if (!hostFits) return false;
  return wide.anyRest ? narrow.path.startsWith(wide.path) : !narrow.anyRest && narrow.path === wide.path;
}

/** An empty suffix is that of every host. */
function isBelow(host: string, suffix: string): boolean {
  return suffix === '' ? host !== '' : host.endsWith(`.${suffix}`);
}

function stripDot(hostname: string): string {
  return hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
}

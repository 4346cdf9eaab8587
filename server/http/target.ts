/** Where a request of Node's HTTP server goes, without building a URL object where the text is plain. */
import type { IncomingMessage } from 'node:http';
import { Refusal } from '../../spec/refusal.ts';

export type RequestTarget = { readonly pathname: string; readonly search: string };

/**
 * Characters that the URL standard leaves as they are in a path (sections 1.3 and 4.4), without what begins a dot
 * segment, spelt out or percent-encoded.
 */
const PLAIN_PATH = /^(?:\/(?!\.|%2e)[\w\-~!$&'()*+,;=:@%.]*)+$/iu;
/** The same for the query of a special URL. */
const PLAIN_QUERY = /^[\w\-~!$&()*+,;=:@%./?|^`{}[\]\\]*$/u;
const HOST = /^(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/iu;

/**
 * @param text of the request line: origin form, or absolute form (RFC 9112, sections 3.2.1 and 3.2.2)
 * @returns undefined for what is neither
 */
export function readTarget(text: string): RequestTarget | undefined {
  const mark = text.indexOf('?');
  const pathname = mark < 0 ? text : text.slice(0, mark);
  const query = mark < 0 ? '' : text.slice(mark + 1);
  if (PLAIN_PATH.test(pathname) && PLAIN_QUERY.test(query))
    return { pathname, search: query === '' ? '' : `?${query}` };
  return normalizeTarget(text);
}

function normalizeTarget(text: string): RequestTarget | undefined {
  const whole = text.startsWith('/') ? `http://host${text}` : text;
  if (!/^https?:\/\//iu.test(whole) || !URL.canParse(whole)) return undefined;
  const { pathname, search } = new URL(whole);
  return { pathname, search };
}

/** Hosts as they were written, and as a URL writes them; null for what only looks like one. Callers name few. */
const HOSTS_MAX = 100;
const hosts = new Map<string, string | null>();

/**
 * The origin as the caller addressed it, as a URL has it: a guest makes a URL of it. HTTP/1.0 may leave it open, as
 * balancers do that ask how a server is; it is then the address that the connection came in at (RFC 9112, section 3.3).
 * @throws Refusal `request_invalid` for a Host that names none (RFC 9112, section 3.2)
 */
export function originOf(incoming: IncomingMessage, host: string | null): string {
  const origin = findOrigin(incoming, host ?? ownAddress(incoming));
  if (origin !== null) return origin;
  throw new Refusal('request_invalid', {
    detail:
      host === null
        ? 'The request has no Host header.'
        : `The Host header is ${JSON.stringify(host.slice(0, HOST_CHARS_SHOWN))}, which names no host.`,
    hint: 'Send one Host header: a name or an address, and the port where it is not the usual one.',
  });
}

const HOST_CHARS_SHOWN = 80;

function ownAddress({ httpVersionMinor, socket }: IncomingMessage): string | null {
  const { localAddress, localPort } = socket;
  if (httpVersionMinor > 0 || localAddress === undefined) return null;
  return localAddress.includes(':') ? `[${localAddress}]:${localPort}` : `${localAddress}:${localPort}`;
}

/** Whether `originOf` would find one. */
export function isOriginNamed(incoming: IncomingMessage, host: string): boolean {
  return findOrigin(incoming, host) !== null;
}

function findOrigin(incoming: IncomingMessage, host: string | null): string | null {
  const scheme = 'encrypted' in incoming.socket ? 'https' : 'http';
  return host === null ? null : originFrom(`${scheme}://${host}`, host);
}

function originFrom(text: string, host: string): string | null {
  const known = hosts.get(text);
  if (known !== undefined) return known;
  const origin = HOST.test(host) && URL.canParse(text) ? new URL(text).origin : null;
  if (hosts.size >= HOSTS_MAX) hosts.clear();
  hosts.set(text, origin);
  return origin;
}

/**
 * @returns Refusal `request_invalid` for a body that is coded otherwise than in chunks, which is all that is undone here,
 *   or in a request of HTTP/1.0, whose framing is then not to be trusted (RFC 9112, section 6.1)
 */
export function framingFault({ rawHeaders, httpVersionMinor }: IncomingMessage): Refusal | undefined {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length !== TRANSFER_ENCODING.length || name.toLowerCase() !== TRANSFER_ENCODING) continue;
    const coding = (rawHeaders[at + 1] as string).trim().toLowerCase();
    if (coding === 'chunked' && httpVersionMinor > 0) continue;
    return new Refusal('request_invalid', {
      detail: `The Transfer-Encoding is ${JSON.stringify(coding.slice(0, 80))} in HTTP/1.${httpVersionMinor}.`,
      hint: 'Send the body with a Content-Length, or in HTTP/1.1 with the Transfer-Encoding chunked alone.',
    });
  }
  return undefined;
}

const TRANSFER_ENCODING = 'transfer-encoding';

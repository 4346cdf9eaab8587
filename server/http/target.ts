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

/**
 * The origin as the caller addressed it.
 * @throws Refusal `request_invalid` for a Host that names none (RFC 9112, section 3.2)
 */
export function originOf(incoming: IncomingMessage, host: string | null): string {
  if (host === null || !HOST.test(host))
    throw new Refusal('request_invalid', { detail: 'The Host header does not name a host.' });
  const scheme = 'encrypted' in incoming.socket ? 'https' : 'http';
  const port = scheme === 'http' ? ':80' : ':443';
  const name = host.toLowerCase();
  return `${scheme}://${name.endsWith(port) ? name.slice(0, -port.length) : name}`;
}

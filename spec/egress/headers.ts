/** Header fields of requests that plugins send and of the answers that they get. */
import { EGRESS_LIMITS } from '../limits.ts';
import { Refusal } from '../refusal.ts';

export type HeaderList = readonly (readonly [string, string])[];

declare const checked: unique symbol;
/** Fields that may be sent as they are: sound in form, within the limits, none that is ours to set. */
export type SendableHeaders = HeaderList & { readonly [checked]: 'headers' };

/**
 * Left out without a word, as fetch does with its forbidden names: what frames the message (RFC 9110, section 7.6.1;
 * request smuggling), names the host, chooses the encoding that we decode, speaks to proxies, or opens the metadata
 * services of clouds.
 */
const WITHHELD: ReadonlySet<string> = new Set([
  'accept-charset',
  'accept-encoding',
  'connection',
  'content-length',
  'cookie2',
  'date',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-forwarded',
  'x-real-ip',
]);
const WITHHELD_PREFIXES = ['proxy-', 'sec-', 'x-forwarded-', 'metadata', 'x-aws-ec2-', 'x-google-metadata'];

/** RFC 9110, section 5.6.2 (token) and 5.5 (field-value): no CR, LF or NUL can end a field early. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/u;
const VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/u;

/** @throws Refusal `egress_request_invalid` */
export function sendableHeaders(list: HeaderList): SendableHeaders {
  if (list.length > EGRESS_LIMITS.headersMax) {
    throw invalid(
      `The request has ${list.length} header fields; at most ${EGRESS_LIMITS.headersMax} are sent.`,
    );
  }
  let bytes = 0;
  const kept: [string, string][] = [];
  for (const [name, value] of list) {
    if (!NAME.test(name)) throw invalid('A header name is not a token.');
    const lower = name.toLowerCase();
    if (!VALUE.test(value))
      throw invalid(`The header ${lower} holds a control character or one beyond Latin-1.`);
    bytes += name.length + value.length;
    if (!isWithheld(lower)) kept.push([lower, value]);
  }
  if (bytes > EGRESS_LIMITS.headerBytesMax) {
    throw invalid(`The headers have ${bytes} bytes; at most ${EGRESS_LIMITS.headerBytesMax} are sent.`);
  }
  return kept as unknown as SendableHeaders;
}

function isWithheld(name: string): boolean {
  return WITHHELD.has(name) || WITHHELD_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** What goes to another origin: any other field may be a key, under a name that we cannot know. */
const PORTABLE: ReadonlySet<string> = new Set(['accept', 'accept-language', 'user-agent']);
const BODY_FIELDS: ReadonlySet<string> = new Set(['content-type', 'content-language', 'content-encoding']);

export function withoutKeys(headers: SendableHeaders): SendableHeaders {
  return headers.filter(
    ([name]) => PORTABLE.has(name) || BODY_FIELDS.has(name),
  ) as unknown as SendableHeaders;
}

export function withoutBodyFields(headers: SendableHeaders): SendableHeaders {
  return headers.filter(([name]) => !BODY_FIELDS.has(name)) as unknown as SendableHeaders;
}

/** @returns the fields as they go out, with who sends them */
export function fieldsToSend(headers: SendableHeaders): [string, string][] {
  const fields = headers.map(([name, value]): [string, string] => [name, value]);
  return headers.some(([name]) => name === 'user-agent') ? fields : [...fields, ['user-agent', 'souk']];
}

/** The body has been decoded: what said how it travelled is no longer true. */
const TRAVEL_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-connection',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** @returns the fields of an answer that a guest is given */
export function answerHeaders(fields: Iterable<readonly [string, string]>): HeaderList {
  return [...fields].filter(([name]) => !TRAVEL_FIELDS.has(name));
}

function invalid(detail: string): Refusal {
  return new Refusal('egress_request_invalid', { detail });
}

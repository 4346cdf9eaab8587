/**
 * A request of a plugin to the outside, from its arguments to its answer: each hop inside the grant, secrets where the
 * grant leads. Who sends it, and to which addresses, is the host's.
 */
import { HEADER_SCHEMA } from '../guest-headers.ts';
import type { JsonObject } from '../json.ts';
import { EGRESS_LIMITS } from '../limits.ts';
import { HTTP_METHODS, type HttpMethod, type Permission } from '../permission.ts';
import { Refusal } from '../refusal.ts';
import { egressFailed } from './failure.ts';
import { sendableHeaders, withoutKeys, type HeaderList } from './headers.ts';
import type { Hop } from './hop.ts';
import { isRedirect, redirected } from './redirect.ts';
import { fillReferences, withoutReferences } from './secret-reference.ts';
import { isGranted, parseTarget, permissionFor } from './target.ts';

type Redirect = 'follow' | 'error' | 'manual';

/** Bodies are text with one character for each byte. */
export const FETCH_ARGUMENTS: JsonObject = {
  type: 'object',
  required: ['method', 'url'],
  additionalProperties: false,
  properties: {
    method: { enum: [...HTTP_METHODS] },
    url: { type: 'string' },
    headers: {
      type: 'array',
      items: HEADER_SCHEMA,
    },
    body: { type: ['string', 'null'] },
    redirect: { enum: ['follow', 'error', 'manual'] },
  },
};

/**
 * @param args that fit `FETCH_ARGUMENTS`
 * @returns the permission that the request needs
 * @throws Refusal `egress_url_invalid`
 */
export function fetchPermission({ method, url }: JsonObject): Permission {
  return permissionFor(method as HttpMethod, parseTarget(String(url)));
}

/** @throws Refusal `egress_url_invalid`, `egress_request_invalid` */
export function firstHop(args: JsonObject): Hop {
  const method = args['method'] as HttpMethod;
  const text = (args['body'] ?? null) as string | null;
  if (text !== null && (method === 'GET' || method === 'HEAD')) {
    throw new Refusal('egress_request_invalid', { detail: `A ${method} request has no body.` });
  }
  const body = text === null ? null : Buffer.from(text, 'latin1');
  if (body !== null && body.toString('latin1') !== text) {
    throw new Refusal('egress_request_invalid', { detail: 'The body holds a character that is no byte.' });
  }
  const headers = sendableHeaders((args['headers'] ?? []) as unknown as HeaderList);
  const portable = withoutReferences(withoutKeys(headers));
  return { method, target: parseTarget(String(args['url'])), headers, portable, body };
}

/** @returns what the request does where it is sent elsewhere */
export function redirectOf(args: JsonObject): Redirect {
  return (args['redirect'] ?? 'follow') as Redirect;
}

/** The head of an answer, as far as it says where to go on. */
type Head = { readonly status: number; readonly headers: { get(name: string): string | null } };

export type HopPorts<Answer extends Head> = {
  readonly grants: readonly Permission[];
  /** Answers null for a secret that is not set. */
  readonly readSecret: (name: string) => Promise<string | null>;
  /** Told of each hop before it is judged. */
  readonly begin: (hop: Hop) => void;
  /** Sends one request; redirects are answers like any other. */
  readonly send: (hop: Hop) => Promise<Answer>;
  /** Lets go of an answer that nobody reads. */
  readonly drop: (answer: Answer) => Promise<void>;
};

/**
 * @returns the last answer, from where it came, and after how many redirects
 * @throws Refusal `permission_denied` for a place outside of the grants, `secret_missing`, `egress_request_invalid`,
 *   `egress_failed` for a redirect that is not followed
 */
export async function followHops<Answer extends Head>(
  first: Hop,
  redirect: Redirect,
  { grants, readSecret, begin, send, drop }: HopPorts<Answer>,
): Promise<{ readonly answer: Answer; readonly hop: Hop; readonly hops: number }> {
  requireGrant(grants, first);
  let hop: Hop = { ...first, headers: await fillReferences(first.headers, readSecret) };
  for (let hops = 0; ; hops += 1) {
    begin(hop);
    requireGrant(grants, hop);
    const answer = await send(hop);
    const location = answer.headers.get('location');
    if (redirect === 'manual' || !isRedirect(answer.status, location)) return { answer, hop, hops };
    await drop(answer);
    if (redirect === 'error' || hops === EGRESS_LIMITS.redirectsMax) throw egressFailed('redirect');
    hop = redirected(hop, answer.status, location);
  }
}

/** A redirect must lead to where the plugin could have gone itself. @throws Refusal `permission_denied` */
function requireGrant(grants: readonly Permission[], { method, target }: Hop): void {
  if (isGranted(grants, method, target)) return;
  throw new Refusal('permission_denied', {
    detail: `${method} ${target.origin} lies outside of what http.fetch was granted for`,
  });
}

/** One request, and the head of its answer. */
import { fetch, type Dispatcher, type Response } from 'undici';
import type { HttpMethod } from '../../spec/permission.ts';
import { toEgressRefusal } from './failure.ts';
import type { SendableHeaders } from './headers.ts';
import type { Target } from './target.ts';

export type Hop = {
  readonly method: HttpMethod;
  readonly target: Target;
  readonly headers: SendableHeaders;
  /** Those that may go along to another origin: no keys, and none that a secret was filled into. */
  readonly portable: SendableHeaders;
  readonly body: Uint8Array | null;
};

export type HopPorts = { readonly dispatcher: Dispatcher; readonly signal: AbortSignal };

const USER_AGENT = 'souk';

/**
 * Sends one request. Redirects are answers like any other.
 * @throws Refusal `egress_failed`
 */
export async function send(
  { method, target, headers, body }: Hop,
  { dispatcher, signal }: HopPorts,
): Promise<Response> {
  const isNamed = headers.some(([name]) => name === 'user-agent');
  try {
    return await fetch(target.href, {
      method,
      headers: [...headers.map(([name, value]): [string, string] => [name, value]), ...(isNamed ? [] : [UA])],
      body,
      redirect: 'manual',
      signal,
      dispatcher,
    });
  } catch (error) {
    throw toEgressRefusal(error, signal);
  }
}

const UA: [string, string] = ['user-agent', USER_AGENT];

/** Lets go of a body that nobody reads, and of its connection. */
export async function dropBody({ body }: Response): Promise<void> {
  await body?.cancel().catch(() => undefined);
}

/** One request, and the head of its answer. */
import { fetch, type Dispatcher, type Response } from 'undici';
import { toEgressRefusal } from '../../spec/egress/failure.ts';
import { fieldsToSend } from '../../spec/egress/headers.ts';
import type { Hop } from '../../spec/egress/hop.ts';

export type SendPorts = { readonly dispatcher: Dispatcher; readonly signal: AbortSignal };

/**
 * Sends one request. Redirects are answers like any other.
 * @throws Refusal `egress_failed`
 */
export async function send(
  { method, target, headers, body }: Hop,
  { dispatcher, signal }: SendPorts,
): Promise<Response> {
  try {
    return await fetch(target.href, {
      method,
      headers: fieldsToSend(headers),
      body,
      redirect: 'manual',
      signal,
      dispatcher,
    });
  } catch (error) {
    throw toEgressRefusal(error, signal);
  }
}

/** Lets go of a body that nobody reads, and of its connection. */
export async function dropBody({ body }: Response): Promise<void> {
  await body?.cancel().catch(() => undefined);
}

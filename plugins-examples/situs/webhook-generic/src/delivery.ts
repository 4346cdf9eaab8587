import type { Host, Json } from 'souk/sdk';
import { signatureHeaders } from './signature.ts';

/** What `webhook@1` calls a delivery. */
export type Outgoing = {
  readonly id: string;
  readonly event: string;
  readonly data: Json;
  readonly emittedAt: string;
};

/** An error with one of the codes of the contract. */
export class DeliveryError extends Error {
  readonly code: 'target_refused' | 'target_unavailable';

  constructor(code: DeliveryError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Answers by which the other side says "never": all of 4xx but those that ask to come again. */
const COME_AGAIN = new Set([408, 409, 425, 429]);

/** @throws DeliveryError; `target_unavailable` may be delivered once more under the same id */
export async function deliver(outgoing: Outgoing, host: Host): Promise<{ status: number }> {
  const { url } = host.config as { url?: string };
  if (!url)
    throw new DeliveryError('target_unavailable', 'no address is set: enter "url" in the configuration');
  const answer = await post(url, outgoing, host);
  await answer.body?.cancel();
  if (answer.ok) return { status: answer.status };
  const isFinal = answer.status < 500 && !COME_AGAIN.has(answer.status);
  throw new DeliveryError(
    isFinal ? 'target_refused' : 'target_unavailable',
    `the address answered ${answer.status}`,
  );
}

async function post(url: string, { id, event, data, emittedAt }: Outgoing, host: Host): Promise<Response> {
  const body = JSON.stringify({ type: event, timestamp: emittedAt, data });
  const timestamp = Math.floor(Date.now() / 1000);
  try {
    return await fetch(url, {
      method: 'POST',
      // Whoever is sent elsewhere has entered the wrong address.
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        ...(await signatureHeaders({ id, timestamp, body }, await keyOf(host))),
      },
      body,
    });
  } catch (error) {
    throw new DeliveryError('target_unavailable', (error as Error).message);
  }
}

async function keyOf(host: Host): Promise<string> {
  const key = await host.secrets.get('signingKey');
  if (key === null) throw new DeliveryError('target_unavailable', 'the secret signingKey is not set');
  return key;
}

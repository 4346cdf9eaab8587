/**
 * The signature of a delivery, in the manner of Standard Webhooks 1.0.0 ("Signature scheme"): HMAC-SHA256 over
 * `id.timestamp.body`, in base64 after `v1,`, beside the headers `webhook-id` and `webhook-timestamp` (seconds). The other
 * side computes it again, compares in constant time, and refuses times that are more than five minutes away.
 */

export type Delivery = { readonly id: string; readonly timestamp: number; readonly body: string };

export async function signatureHeaders(delivery: Delivery, key: string): Promise<Record<string, string>> {
  const { id, timestamp } = delivery;
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${await sign(delivery, key)}`,
  };
}

async function sign({ id, timestamp, body }: Delivery, key: string): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', encoder.encode(key), algorithm, false, ['sign']);
  const mac = await crypto.subtle.sign('HMAC', imported, encoder.encode(`${id}.${timestamp}.${body}`));
  return btoa(String.fromCharCode(...new Uint8Array(mac)));
}

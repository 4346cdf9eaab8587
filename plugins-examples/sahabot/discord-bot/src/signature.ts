/**
 * The signature of an interaction, as Discord's documentation has it ("Interactions Overview", "Validating Security Request
 * Headers"): Ed25519 over the timestamp and the raw body. A request that fails it is answered with 401; Discord sends
 * such requests on purpose, and takes the address away from an application that does not refuse them.
 */

/** A captured request cannot be sent again after this long. */
const AGE_SECONDS_MAX = 300;

/** The headers and the raw body of a request whose signature was checked. */
export type Signed = { readonly signature: string; readonly timestamp: string; readonly body: string };

/** @param publicKey of the application, in hex. @returns null where the request is not from Discord */
export async function checkSignature(request: Request, publicKey: string): Promise<Signed | null> {
  const signature = request.headers.get('x-signature-ed25519') ?? '';
  const timestamp = request.headers.get('x-signature-timestamp') ?? '';
  const body = await request.text();
  const [key, bytes] = [bytesOf(publicKey, 32), bytesOf(signature, 64)];
  if (!key || !bytes || !isFresh(timestamp)) return null;
  const imported = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify']);
  const message = new TextEncoder().encode(timestamp + body);
  return (await crypto.subtle.verify('Ed25519', imported, bytes, message))
    ? { signature, timestamp, body }
    : null;
}

function isFresh(timestamp: string): boolean {
  if (!/^\d{1,15}$/u.test(timestamp)) return false;
  return Math.abs(Date.now() / 1000 - Number(timestamp)) <= AGE_SECONDS_MAX;
}

function bytesOf(hex: string, length: number): Uint8Array<ArrayBuffer> | null {
  if (hex.length !== length * 2 || !/^[0-9a-f]+$/iu.test(hex)) return null;
  return Uint8Array.from({ length }, (_, index) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16));
}

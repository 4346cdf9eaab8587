/**
 * Base64 of RFC 4648, section 4, in its one canonical spelling: padded, no line breaks, unused bits zero. A second
 * spelling of the same bytes is no base64 here, because a document would then have two forms for one meaning.
 */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** @returns the bytes, or undefined where `text` is not canonical base64. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? new Uint8Array(bytes) : undefined;
}

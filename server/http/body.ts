/** Reading request bodies: bounded before they are held, and refused by a code of their own when they break off. */
import { MIMEType } from 'node:util';
import type { JsonValue } from '../../spec/json.ts';
import { HTTP_LIMITS, PACKAGE_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import { parseStrictJson } from '../../spec/strict-json.ts';

/**
 * @param bytesMax largest body in bytes; a stated Content-Length above it is refused before a byte is read
 * @throws Refusal `body_too_large` or `body_incomplete`
 */
export async function readBody(request: Request, bytesMax: number): Promise<Uint8Array> {
  const stated = request.headers.get('content-length');
  if (stated !== null && Number(stated) > bytesMax) throw bodyTooLarge(bytesMax);
  try {
    // With a Content-Length the HTTP parser itself ends the body there (RFC 9112, section 6.3).
    if (stated !== null) return new Uint8Array(await request.arrayBuffer());
    return await readChunks(request, bytesMax);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw bodyIncomplete(error);
  }
}

async function readChunks(request: Request, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > bytesMax) throw bodyTooLarge(bytesMax);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

export function bodyTooLarge(bytesMax: number): Refusal {
  return new Refusal('body_too_large', { detail: `At most ${bytesMax} bytes are taken here.` });
}

export function bodyIncomplete(cause: unknown): Refusal {
  return new Refusal('body_incomplete', { detail: 'The connection ended inside the body.', cause });
}

/** A request has a body when it says how long it is (RFC 9112, section 6.3). */
export function hasNoBody({ headers }: Request): boolean {
  return !headers.has('transfer-encoding') && Number(headers.get('content-length') ?? 0) === 0;
}

/** @throws Refusal `media_type_unsupported`, `body_too_large`, `body_incomplete` or `body_not_json` */
export async function readJson(request: Request): Promise<JsonValue> {
  requireMediaType(request, 'application/json');
  const json = parseStrictJson(
    await readBody(request, HTTP_LIMITS.jsonBytesMax),
    PACKAGE_LIMITS.manifestDepthMax,
  );
  if (json.kind === 'value') return json.value;
  const [first] = json.faults;
  throw new Refusal('body_not_json', {
    detail: `The body ${first?.pointer ? `at ${first.pointer}: ` : ''}${first?.message}.`,
    violations: json.faults,
  });
}

/** The type and subtype of a request's Content-Type, in lower case. */
export function mediaType(request: Request): string {
  return (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

function requireMediaType(request: Request, expected: string): void {
  const found = mediaType(request);
  if (found === expected) return;
  throw new Refusal('media_type_unsupported', {
    detail: found === '' ? 'The request has no Content-Type.' : `The Content-Type is ${found}.`,
    hint: `Send ${expected}.`,
  });
}

/** A package as it came in: the archive's own bytes, and the envelope that travelled beside it. */
export type Upload = { readonly archive: Uint8Array; readonly envelope: Uint8Array | null };

/**
 * Reads an upload: `multipart/form-data` with the parts `archive` and `envelope` (RFC 7578), or a bare
 * `application/zip` without an envelope.
 */
export async function readUpload(request: Request): Promise<Upload> {
  const type = mediaType(request);
  if (type === 'application/zip') {
    return { archive: await readBody(request, PACKAGE_LIMITS.archiveBytesMax), envelope: null };
  }
  requireMediaType(request, 'multipart/form-data');
  const body = await readBody(request, HTTP_LIMITS.uploadBytesMax);
  const form = await parseForm(body, request.headers.get('content-type') ?? '');
  refuseUnknownParts(form);
  const archive = await partBytes(form, 'archive');
  if (!archive) throw new Refusal('request_invalid', { detail: 'The upload has no part named archive.' });
  return { archive, envelope: await partBytes(form, 'envelope') };
}

/** An archive, an envelope, and some strange parts, of which the refusal names the first. */
const UPLOAD_PARTS_MAX = 16;

async function parseForm(body: Uint8Array, contentType: string): Promise<FormData> {
  requireFewParts(body, boundaryOf(contentType));
  try {
    return await new Response(body as Uint8Array<ArrayBuffer>, {
      headers: { 'content-type': contentType },
    }).formData();
  } catch (error) {
    throw notAForm(error);
  }
}

function notAForm(cause?: unknown): Refusal {
  return new Refusal('request_invalid', {
    detail: 'The body is not multipart/form-data as its Content-Type says.',
    cause,
  });
}

/** An object is made of every part, and nobody else is served meanwhile: seconds, with a part in each sixty bytes. */
function requireFewParts(body: Uint8Array, boundary: string): void {
  const delimiter = `--${boundary}`;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  let parts = 0;
  for (let at = bytes.indexOf(delimiter); at >= 0; at = bytes.indexOf(delimiter, at + delimiter.length))
    // The last delimiter is the end.
    if (++parts > UPLOAD_PARTS_MAX + 1) {
      throw new Refusal('request_invalid', {
        detail: `The upload has more than ${UPLOAD_PARTS_MAX} parts.`,
        hint: 'Send one part archive and one part envelope.',
      });
    }
}

/** What has no boundary that can be read has parts that cannot be counted. @throws Refusal `request_invalid` */
function boundaryOf(contentType: string): string {
  try {
    const boundary = new MIMEType(contentType).params.get('boundary');
    if (boundary) return boundary;
  } catch (error) {
    throw notAForm(error);
  }
  throw notAForm();
}

function refuseUnknownParts(form: FormData): void {
  const names = [...form.keys()];
  const strange = names.find(
    (name, index) => !['archive', 'envelope'].includes(name) || names.indexOf(name) < index,
  );
  if (strange === undefined) return;
  throw new Refusal('request_invalid', {
    detail: `The part ${JSON.stringify(strange.slice(0, 80))} is unknown or stands twice.`,
    hint: 'Send one part archive and one part envelope.',
  });
}

async function partBytes(form: FormData, name: string): Promise<Uint8Array | null> {
  const part = form.get(name);
  if (part === null) return null;
  return typeof part === 'string' ? new TextEncoder().encode(part) : new Uint8Array(await part.arrayBuffer());
}

/** Bodies of endpoints against the schemas that a manifest declares for them. */
import { headerOf, type Header } from './guest-headers.ts';
import type { GuestValidator } from './guest-validator.ts';
import type { JsonValue } from './json.ts';
import { Refusal } from './refusal.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Fields of the request as they were sent, or null. */
export type BodyFields = { readonly contentType: string | null; readonly contentEncoding: string | null };

/** @param headers with names in lower case */
export function bodyFieldsOf(headers: readonly Header[]): BodyFields {
  return {
    contentType: headerOf(headers, 'content-type'),
    contentEncoding: headerOf(headers, 'content-encoding'),
  };
}

/**
 * @param contentEncoding the field as it was sent, or null
 * @throws Refusal `media_type_unsupported` for a body that is compressed, which nobody here undoes (RFC 9110, section
 *   15.5.16): what it would be taken for is not what was sent
 */
export function requireUncoded(contentEncoding: string | null): void {
  const found = contentEncoding?.trim().toLowerCase() ?? '';
  if (found === '' || found === 'identity') return;
  throw new Refusal('media_type_unsupported', {
    detail: `The Content-Encoding is ${found.slice(0, 40)}.`,
    hint: 'Send the body as it is, without a Content-Encoding.',
  });
}

/**
 * @throws Refusal `media_type_unsupported`, `body_not_json` or `request_invalid` with every violation
 */
export function checkRequestBody(
  check: GuestValidator,
  { contentType, contentEncoding }: BodyFields,
  body: Uint8Array | null,
): void {
  const found = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  requireUncoded(contentEncoding);
  if (found !== 'application/json' && !found.endsWith('+json')) {
    throw new Refusal('media_type_unsupported', {
      detail: `The Content-Type is ${found || 'missing'}.`,
      hint: 'Send application/json.',
    });
  }
  const violations = check(parseJson(body));
  if (violations.length === 0) return;
  const [first] = violations;
  throw new Refusal('request_invalid', {
    detail: `The body at ${first?.pointer || '/'}: ${first?.message}.`,
    hint: 'The manifest of the plugin has the schema of this endpoint.',
    violations,
  });
}

/**
 * Whether an answer has content for the endpoint's schema to judge: a success does, unless it answers HEAD or says
 * that there is none (RFC 9110, sections 9.3.2, 15.3.5 and 15.3.6).
 */
export function isJudgedAnswer(method: string, status: number): boolean {
  return status < 300 && status !== 204 && status !== 205 && method !== 'HEAD';
}

/** @returns what is wrong with the content of a guest's answer, or null */
export function responseFault(check: GuestValidator, body: Uint8Array | null): string | null {
  try {
    const [first] = check(parseJson(body));
    return first ? `the answer at ${first.pointer || '/'}: ${first.message}` : null;
  } catch {
    return 'the answer is not JSON';
  }
}

function parseJson(body: Uint8Array | null): JsonValue {
  try {
    return JSON.parse(body ? utf8.decode(body) : '') as JsonValue;
  } catch {
    throw new Refusal('body_not_json', { detail: 'The body is not JSON in UTF-8.' });
  }
}

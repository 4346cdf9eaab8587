/** Refusals as problem details over HTTP: RFC 9457, media type `application/problem+json`. */
import type { JsonObject } from '../../spec/json.ts';
import { ERROR_CODES } from '../../spec/error-codes.ts';
import { Refusal } from '../../spec/refusal.ts';

export const PROBLEM_TYPE_BASE = 'https://souk.dev/problems/';

/** @returns the problem document of a refusal, members as RFC 9457 section 3 and our `code`, `hint`, `violations` */
export function problemOf(refusal: Refusal, requestId: string): JsonObject {
  return {
    type: `${PROBLEM_TYPE_BASE}${refusal.code}`,
    title: refusal.entry.title,
    status: refusal.entry.status,
    code: refusal.code,
    detail: refusal.message,
    hint: refusal.hint,
    requestId,
    ...(refusal.violations.length > 0
      ? { violations: refusal.violations.map((violation) => ({ ...violation })) }
      : {}),
    ...refusal.extensions,
  };
}

export function problemResponse(refusal: Refusal, requestId: string): Response {
  return new Response(JSON.stringify(problemOf(refusal, requestId)), {
    status: refusal.entry.status,
    headers: problemHeaders(refusal),
  });
}

export function problemHeaders(refusal: Refusal): Record<string, string> {
  return {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...headersOf(refusal),
  };
}

function headersOf(refusal: Refusal): Record<string, string> {
  const { retryAfterSeconds = refusal.entry.retryAfterSeconds, allow } = refusal.extensions;
  return {
    ...(refusal.entry.status === 401 ? { 'www-authenticate': 'Bearer realm="souk"' } : {}),
    ...(typeof retryAfterSeconds === 'number'
      ? { 'retry-after': String(Math.max(1, Math.ceil(retryAfterSeconds))) }
      : {}),
    ...(typeof allow === 'string' ? { allow } : {}),
  };
}

/** What a caller learns of anything that is no refusal: nothing but the request id. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  return new Refusal('internal_error', { detail: ERROR_CODES.internal_error.title, cause: error });
}

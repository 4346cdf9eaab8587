/** Problem documents of the server (RFC 9457), as the refusals that it made. */
import type { JsonObject, JsonValue } from '../spec/json.ts';
import { ERROR_CODES, type ErrorCode } from '../spec/error-codes.ts';
import { Refusal, type Violation } from '../spec/refusal.ts';

/** The refusal that an answer with this status and body is. */
export function refusalFrom(status: number, text: string): Refusal {
  const json = parseObject(text);
  return json ? refusalOf(status, json) : unknownAnswer(status, 'no document that is known');
}

/** @returns null for what is no JSON object */
export function parseObject(text: string): JsonObject | null {
  try {
    const json = JSON.parse(text) as JsonValue;
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? json : null;
  } catch {
    return null;
  }
}

function refusalOf(status: number, problem: JsonObject): Refusal {
  const { code, detail, hint, violations, requestId } = problem;
  if (typeof code !== 'string' || typeof detail !== 'string')
    return unknownAnswer(status, 'no document that is known');
  // A newer server has codes of its own, and says what is the matter all the same.
  if (!Object.hasOwn(ERROR_CODES, code)) return unknownAnswer(status, `the code ${code}: ${detail}`);
  if (code === 'authentication_required')
    return new Refusal('not_logged_in', { detail: 'The server asks who you are.' });
  return new Refusal(code as ErrorCode, {
    detail,
    ...(typeof hint === 'string' ? { hint } : {}),
    violations: Array.isArray(violations) ? violations.filter(isViolation) : [],
    extensions: typeof requestId === 'string' ? { requestId } : {},
  });
}

function isViolation(value: unknown): value is Violation {
  const { pointer, message, hint = '' } = (value ?? {}) as Partial<Record<keyof Violation, unknown>>;
  return [pointer, message, hint].every((member) => typeof member === 'string');
}

function unknownAnswer(status: number, what: string): Refusal {
  return new Refusal('server_answer_unknown', {
    detail: `It answered with the status ${status} and ${what}.`,
  });
}

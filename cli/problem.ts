/** Problem documents of the server (RFC 9457), as the refusals that it made. */
import type { JsonObject, JsonValue } from '../spec/json.ts';
import { ERROR_CODES, type ErrorCode } from '../spec/error-codes.ts';
import { Refusal, type Violation } from '../spec/refusal.ts';

/** The refusal that an answer with this status and body is. */
export function refusalFrom(status: number, text: string): Refusal {
  const json = parseObject(text);
  return json ? refusalOf(json) : unknownAnswer(status);
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

function refusalOf(problem: JsonObject): Refusal {
  const code = problem['code'];
  if (typeof code !== 'string' || !Object.hasOwn(ERROR_CODES, code))
    return unknownAnswer(Number(problem['status']));
  if (code === 'authentication_required')
    return new Refusal('not_logged_in', { detail: 'The server asks who you are.' });
  const { detail, hint, violations } = problem;
  return new Refusal(code as ErrorCode, {
    detail: String(detail),
    hint: String(hint),
    violations: Array.isArray(violations) ? (violations as Violation[]) : [],
  });
}

function unknownAnswer(status: number): Refusal {
  return new Refusal('server_answer_unknown', {
    detail: `It answered with the status ${status} and no document that is known.`,
  });
}

/** The end of a run as an HTTP answer. */
import { OUTCOME_RESPONSES, type FailedOutcome } from '../../spec/outcome.ts';
import type { Completion, GuestResponse } from '../../sandbox/ports.ts';
import { PROBLEM_TYPE_BASE } from '../http/problem.ts';
import { GUEST_ANSWER_HEADERS, headersFromGuest } from './headers.ts';

/** Statuses that never carry a body (RFC 9110, sections 15.2.2, 15.3.5, 15.3.6, 15.4.5). */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** @returns what the caller gets; a guest answer that no HTTP message can carry counts as its exception */
export function answerOf(completion: Completion, requestId: string): Response {
  if (completion.outcome !== 'ok')
    return failureResponse(completion.outcome, requestId, completion.retryAfterMs);
  const response = completion.response ? guestResponse(completion.response, requestId) : null;
  return response ?? failureResponse('exception', requestId);
}

function guestResponse(answer: GuestResponse, requestId: string): Response | null {
  const headers = headersFromGuest(answer.headers);
  if (!headers || answer.status < 200 || answer.status > 599) return null;
  const body = WITHOUT_BODY.has(answer.status) ? null : (answer.body as Uint8Array<ArrayBuffer> | null);
  return new Response(body, {
    status: answer.status,
    headers: [...headers, ...GUEST_ANSWER_HEADERS, ['x-request-id', requestId]] as [string, string][],
  });
}

/** Problem details (RFC 9457) with the outcome as a member; the guest's own error stays in the log of the plugin. */
export function failureResponse(outcome: FailedOutcome, requestId: string, retryAfterMs?: number): Response {
  const { status, title } = OUTCOME_RESPONSES[outcome];
  const problem = {
    type: `${PROBLEM_TYPE_BASE}plugin_run_failed`,
    title,
    status,
    code: 'plugin_run_failed',
    outcome,
    detail: title,
    hint: 'An administrator of the organization finds more in the log of the plugin, by the request id.',
    requestId,
  };
  const headers = new Headers([
    ['content-type', 'application/problem+json'],
    ['cache-control', 'no-store'],
    ['x-request-id', requestId],
  ]);
  for (const [name, value] of GUEST_ANSWER_HEADERS) headers.set(name, value);
  if (retryAfterMs !== undefined)
    headers.set('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
  return new Response(JSON.stringify(problem), { status, headers });
}

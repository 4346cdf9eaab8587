/** The end of a run as an HTTP answer. */
import { OUTCOME_RESPONSES, type FailedOutcome } from '../../spec/outcome.ts';
import type { ByteSource, Completion, GuestResponse } from '../../sandbox/ports.ts';
import { PROBLEM_TYPE_BASE } from '../http/problem.ts';
import { GUEST_ANSWER_HEADERS, headersFromGuest, type Header } from '../../spec/guest-headers.ts';

/** Statuses that never carry a body (RFC 9110, sections 15.2.2, 15.3.5, 15.3.6, 15.4.5). */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** What the caller gets, not yet tied to a transport. */
export type GatewayAnswer = {
  readonly status: number;
  /** Names in lower case; without those that the transport writes itself. */
  readonly headers: readonly Header[];
  readonly body: Uint8Array | string | ByteSource | null;
};

/** @returns what the caller gets */
export function answerOf(completion: Completion, requestId: string): GatewayAnswer {
  if (completion.outcome !== 'ok')
    return failureAnswer(completion.outcome, requestId, completion.retryAfterMs);
  return completion.response ? guestAnswer(completion.response) : failureAnswer('exception', requestId);
}

function guestAnswer(answer: GuestResponse): GatewayAnswer {
  const headers = headersFromGuest(answer.headers);
  headers.push(...GUEST_ANSWER_HEADERS);
  return { status: answer.status, headers, body: WITHOUT_BODY.has(answer.status) ? null : answer.body };
}

/** Problem details (RFC 9457) with the outcome as a member; the guest's own error stays in the log of the plugin. */
export function failureAnswer(
  outcome: FailedOutcome,
  requestId: string,
  retryAfterMs?: number,
): GatewayAnswer {
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
  const headers: Header[] = [
    ['content-type', 'application/problem+json'],
    ['cache-control', 'no-store'],
    ...GUEST_ANSWER_HEADERS,
  ];
  if (retryAfterMs !== undefined)
    headers.push(['retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1000)))]);
  return { status, headers, body: JSON.stringify(problem) };
}

/** Reads what a runner answered. A runner may be in the hands of its guest, so nothing about it is taken for granted. */
import type { JsonValue } from '../../spec/json.ts';
import { OUTCOMES } from '../../spec/outcome.ts';
import { Fault } from '../../spec/refusal.ts';
import type { GuestResponse } from '../ports.ts';
import type { Frame } from '../protocol/frame.ts';
import { withAdvice } from './missing-name.ts';
import type { Failure, Run } from './run.ts';

export type Answer =
  | { readonly outcome: 'ok'; readonly response: GuestResponse | null; readonly value: JsonValue }
  | Failure;

type BegunAnswer = { readonly outcome: 'ok'; readonly response: GuestResponse; readonly value: JsonValue };

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/u;
/** RFC 9110, section 5.5, without obs-text beyond Latin-1: no CR, LF or NUL, which would split the response. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/u;
/** Statuses that never have a body: RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);
/** What an error may have as its code. */
const CODE = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/u;
const HEADERS_MAX = 200;
/** All names and values together; what proxies in front of a server commonly take. */
const HEADER_CHARS_MAX = 32_768;
const VALUE_DEPTH_MAX = 64;

/** @throws Fault when the frame is not one that our runner would send */
export function readAnswer(run: Run, frame: Frame): Answer {
  const outcome = OUTCOMES[frame.code];
  if (outcome === undefined) throw new Fault('a run ended with an unknown outcome');
  if (outcome !== 'ok') return { outcome, ...readFailure(frame.head) };
  if (run.outflow) return readLastPiece(frame);
  if (frame.body.byteLength > run.limits.responseBytesMax || frame.head.length > run.limits.responseBytesMax)
    return { outcome: 'exceededOutput', reason: 'the answer is larger than it may be' };
  const head = parseObject(frame.head.slice(1));
  if (run.invocation.trigger.kind !== 'endpoint') return readValue(head['value']);
  return readResponse(head, frame.head.startsWith('+') ? frame.body : null);
}

/**
 * Reads the beginning of an answer whose body comes in pieces.
 * @throws Fault when the frame is not one that our runner would send
 */
export function readAnswerHead(frame: Frame): BegunAnswer | Failure {
  const answer = readResponse(parseObject(frame.head), null);
  if (answer.outcome !== 'ok') return answer;
  if (!WITHOUT_BODY.has(answer.response.status)) return answer;
  return {
    outcome: 'exception',
    reason: `the response has a body, and its status ${answer.response.status} none`,
  };
}

/** The body has been sent: what ends it has neither head nor body of its own. */
function readLastPiece(frame: Frame): Answer {
  if (frame.body.byteLength > 0) throw new Fault('an answer in pieces ended with a body');
  return { outcome: 'ok', response: null, value: null };
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Fault('the head of an answer is not JSON');
  }
  if (typeof value !== 'object' || value === null) throw new Fault('the head of an answer is no object');
  return value as Record<string, unknown>;
}

function readResponse(head: Record<string, unknown>, body: Buffer | null): BegunAnswer | Failure {
  const { status, headers } = head;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599)
    return { outcome: 'exception', reason: 'the response has no status from 200 to 599' };
  if (!Array.isArray(headers) || headers.length > HEADERS_MAX || !headers.every(isHeader))
    return { outcome: 'exception', reason: 'the response has headers that HTTP does not allow' };
  const pairs = headers as [string, string][];
  if (pairs.reduce((sum, [name, value]) => sum + name.length + value.length, 0) > HEADER_CHARS_MAX)
    return {
      outcome: 'exceededOutput',
      reason: `the headers have more than ${HEADER_CHARS_MAX} characters`,
    };
  const response = {
    status,
    headers: pairs,
    body: WITHOUT_BODY.has(status) ? null : body,
  };
  return { outcome: 'ok', response, value: null };
}

function isHeader(entry: unknown): boolean {
  if (!Array.isArray(entry) || entry.length !== 2) return false;
  const [name, value] = entry as unknown[];
  return typeof name === 'string' && TOKEN.test(name) && typeof value === 'string' && FIELD_VALUE.test(value);
}

function readValue(value: unknown): Answer {
  if (isNestedDeeper(value, VALUE_DEPTH_MAX))
    return {
      outcome: 'exceededOutput',
      reason: `the answer is nested deeper than ${VALUE_DEPTH_MAX} levels`,
    };
  return { outcome: 'ok', response: null, value: (value ?? null) as JsonValue };
}

/** Each answer comes by here, of up to a third of a million values: none of them is copied for it. */
function isNestedDeeper(value: unknown, levelsMax: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levelsMax === 0) return true;
  if (Array.isArray(value)) return value.some((child: unknown) => isNestedDeeper(child, levelsMax - 1));
  for (const name in value)
    if (isNestedDeeper((value as Record<string, unknown>)[name], levelsMax - 1)) return true;
  return false;
}

/** Reads the head of a failure, of which every member may be missing. */
export function readFailure(text: string): Omit<Failure, 'outcome'> {
  const head = parseObject(text);
  const reason = withAdvice(textOf(head['reason'], 500));
  const message = withAdvice(textOf(head['message'], 500));
  if (message === '') return { reason };
  const code = textOf(head['code'], 100);
  const stack = withAdvice(textOf(head['stack'], 4_000));
  return { reason, guestError: { message, stack, ...(CODE.test(code) ? { code } : {}) } };
}

function textOf(value: unknown, charsMax: number): string {
  return typeof value === 'string' ? value.slice(0, charsMax) : '';
}

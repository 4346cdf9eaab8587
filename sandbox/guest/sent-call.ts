/** Host calls that can be given up while they are on their way: `fetch`, and calls of other plugins. */
import type { BoundCall, BoundRequest, BoundResponse } from './bindings.ts';
import type { CallSite } from './error-text.ts';
import { callService, giveUpCall, type Service } from './host.ts';
import { openAnswer, type Inflow } from './inflow.ts';
import type { SentCall } from './plugin-call.ts';
import { promiseThen } from './primordials.ts';

/** What the broker answers: where the body is to be pulled, how much of it may be read whole. */
type HostAnswer = Omit<BoundResponse, 'body'> & {
  readonly body: string | null;
  readonly pulledBytesMax?: number;
};

const FETCH: Service = { name: 'http.fetch', parameters: [] };
/** The broker has the true limit; this one only bounds what is turned into text here. */
const FETCH_CHARS_MAX = 1_048_576;

/** Sends a request to the outside, for the run that the isolate is in. */
export function sendFetch(request: BoundRequest, site: CallSite): BoundCall {
  const sent: SentCall = { run: 0, call: 0, site };
  let body: Inflow | undefined;
  const answered = callService(0, FETCH, [request], FETCH_CHARS_MAX, undefined, sent) as Promise<HostAnswer>;
  const answer = promiseThen(answered, (head): BoundResponse => {
    if (head.pulledBytesMax === undefined) return head;
    body = openAnswer(sent.run, sent.call, head.pulledBytesMax);
    return { ...head, body };
  });
  const abort = (reason: unknown): void => {
    if (!body) return giveUpCall(sent, reason);
    body.fail(reason);
    body.drop();
  };
  return { answer, abort };
}

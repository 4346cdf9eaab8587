/** fetch (Fetch section 5.6): the request goes to the broker whole; of the answer the body may be pulled. */
import type { BoundCall, BoundRequest, BoundResponse } from '../bindings.ts';
import { callSite } from '../error-text.ts';
import type { AbortSignal } from './abort.ts';
import { bound } from './bound.ts';
import { binaryBody, isBodyTooLarge, pulledBody, takeBinary, type Body } from './body.ts';
import { arrayPush, promiseThen, SafePromise, stringIndexOf, stringSlice } from './intrinsics.ts';
import { trustedList } from './headers.ts';
import { dataUrlPart, integrityPart } from './lazy.ts';
import { headerListOf, Request, requestState, type RequestInit } from './request.ts';
import { responseState, wrapResponse, type Response } from './response.ts';
import type { URL } from './url.ts';
import { requireArguments } from './web-idl.ts';

/** What takes a request away and brings the answer: the broker's `http.fetch`, or a call to another plugin. */
export type Carrier = (request: BoundRequest) => BoundCall;

export async function fetch(input: Request | URL | string, init?: Partial<RequestInit>): Promise<Response> {
  const site = callSite();
  requireArguments(arguments.length, 1, 'fetch');
  const request = new Request(input, init);
  const { source, url, integrity } = requestState(request);
  // Here as well as in `carry`, whose promise would take three turns more to tell.
  source?.throwIfAborted();
  if (stringSlice(url, 0, 5) !== 'data:') return carry(request, (sent) => bound().fetch(sent, site));
  const answer = answerData(request, url);
  return integrity === '' ? answer : verified(answer, request);
}

/** Fetch section 4.2, "scheme fetch": whatever the method, and without asking anybody. */
function answerData(request: Request, url: string): Response {
  const { source, method } = requestState(request);
  const { type, binary } = dataUrlPart.use().readDataUrl(url);
  return wrapResponse({
    type: 'basic',
    status: 200,
    statusText: 'OK',
    url: withoutFragment(url),
    redirected: false,
    list: [['content-type', type]],
    body: method === 'HEAD' ? null : bodyOf(binary, source ?? undefined),
  });
}

function withoutFragment(url: string): string {
  const hash = stringIndexOf(url, '#');
  return hash < 0 ? url : stringSlice(url, 0, hash);
}

/** What one host call carries at most, as bytes: a stream that does not end is given up there. */
const REQUEST_BYTES_MAX = 262_144;

/** Sends a request through a carrier; once its signal is aborted it rejects at once, and so does its body. */
export function carry(request: Request, carrier: Carrier): Promise<Response> {
  return requestState(request).integrity === ''
    ? deliver(request, carrier)
    : verified(deliver(request, carrier), request);
}

async function deliver(request: Request, carrier: Carrier): Promise<Response> {
  const { source } = requestState(request);
  if (source === null) return fromHost(await carrier(await bind(request)).answer);
  source.throwIfAborted();
  return carryUntil(source, request, carrier);
}

/** Fetch section 4.1, "main fetch", step 22: an answer that is to be of one integrity is read before it is handed on. */
async function verified(answer: Response | Promise<Response>, request: Request): Promise<Response> {
  const { integrity, source } = requestState(request);
  const state = responseState(await answer);
  const binary = state.body === null ? '' : await takeBinary(state.body, Infinity);
  if (!(await integrityPart.use().hasIntegrity(binary, integrity)))
    throw new TypeError('fetch: the body of the answer has none of the digests that "integrity" expects.');
  const body = state.body === null ? null : bodyOf(binary, source ?? undefined);
  return wrapResponse({ ...state, body });
}

function carryUntil(signal: AbortSignal, request: Request, carrier: Carrier): Promise<Response> {
  return new SafePromise<Response>((resolve, reject) => {
    let call: BoundCall | undefined;
    const onAbort = (): void => {
      reject(signal.reason);
      call?.abort(signal.reason);
    };
    const send = async (): Promise<Response> => {
      const bindable = await bind(request);
      signal.throwIfAborted();
      call = carrier(bindable);
      const answer = await call.answer;
      // A body that is pulled ends with the signal as well.
      if (answer.body === null || typeof answer.body === 'string')
        signal.removeEventListener('abort', onAbort);
      return fromHost(answer, signal);
    };
    signal.addEventListener('abort', onAbort);
    void promiseThen(send(), resolve, (error) => {
      signal.removeEventListener('abort', onAbort);
      reject(error);
    });
  });
}

async function bind(request: Request): Promise<BoundRequest> {
  const state = requestState(request);
  const { method, url, redirect, body } = state;
  const headers: [string, string][] = [];
  for (const [name, value] of headerListOf(state)) arrayPush(headers, [name, value]);
  return { method, url, headers, body: body === null ? null : await wholeBody(body), redirect };
}

/** A body goes out whole, also one that is a stream. */
async function wholeBody(body: Body): Promise<string> {
  try {
    return await takeBinary(body, REQUEST_BYTES_MAX);
  } catch (error) {
    if (!isBodyTooLarge(error)) throw error;
    const text = `fetch: the body of a request goes out whole, and has at most ${REQUEST_BYTES_MAX} bytes.`;
    throw new TypeError(text, { cause: error });
  }
}

function fromHost(answer: BoundResponse, signal?: AbortSignal): Response {
  return wrapResponse({
    type: 'basic',
    status: answer.status,
    statusText: answer.statusText,
    url: answer.url,
    redirected: answer.redirected,
    list: trustedList(answer.headers),
    body: bodyOf(answer.body, signal),
  });
}

function bodyOf(body: BoundResponse['body'], abortedBy?: AbortSignal): Body | null {
  if (body === null) return null;
  if (typeof body !== 'string') return pulledBody(body);
  return abortedBy === undefined ? binaryBody(body) : { ...binaryBody(body), abortedBy };
}

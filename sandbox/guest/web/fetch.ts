/** fetch (Fetch section 5.6): the request goes to the broker whole, and the answer comes whole. */
import type { BoundRequest, BoundResponse } from '../bindings.ts';
import { bound } from './bound.ts';
import { binaryBody, takeBinary } from './body.ts';
import { arrayPush, SafePromise } from './intrinsics.ts';
import { trustedList } from './headers.ts';
import { Request, requestState, type RequestInit } from './request.ts';
import { wrapResponse, type Response } from './response.ts';
import type { URL } from './url.ts';
import { requireArguments } from './web-idl.ts';

/** What takes a request away and brings the answer: the broker's `http.fetch`, or a call to another plugin. */
export type Carrier = (request: BoundRequest) => Promise<BoundResponse>;

export async function fetch(input: Request | URL | string, init?: Partial<RequestInit>): Promise<Response> {
  requireArguments(arguments.length, 1, 'fetch');
  return carry(new Request(input, init), (request) => bound().fetch(request));
}

/** Sends a request through a carrier; an aborted one rejects at once, whatever becomes of the call. */
export async function carry(request: Request, carrier: Carrier): Promise<Response> {
  const { signal } = request;
  signal.throwIfAborted();
  return new SafePromise<Response>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort);
    send(request, carrier)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}

async function send(request: Request, carrier: Carrier): Promise<Response> {
  const { method, url, list, redirect, body } = requestState(request);
  const binary = body === null ? null : await takeBinary(body, Infinity);
  const headers: [string, string][] = [];
  for (const [name, value] of list) arrayPush(headers, [name, value]);
  return fromHost(await carrier({ method, url, headers, body: binary, redirect }));
}

function fromHost(answer: BoundResponse): Response {
  return wrapResponse({
    type: 'basic',
    status: answer.status,
    statusText: answer.statusText,
    url: answer.url,
    redirected: answer.redirected,
    list: trustedList(answer.headers),
    body: answer.body === null ? null : binaryBody(answer.body),
  });
}

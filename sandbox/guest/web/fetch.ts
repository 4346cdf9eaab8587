/** fetch (Fetch section 5.6): the request goes to the broker whole, and the answer comes whole. */
import type { BoundResponse } from '../bindings.ts';
import { bound } from './bound.ts';
import { binaryBody, takeBinary } from './body.ts';
import { arrayPush, SafePromise } from './intrinsics.ts';
import { trustedList } from './headers.ts';
import { Request, requestState, type RequestInit } from './request.ts';
import { wrapResponse, type Response } from './response.ts';
import type { URL } from './url.ts';
import { requireArguments } from './web-idl.ts';

export async function fetch(input: Request | URL | string, init?: Partial<RequestInit>): Promise<Response> {
  requireArguments(arguments.length, 1, 'fetch');
  const request = new Request(input, init);
  const { signal } = request;
  signal.throwIfAborted();
  return new SafePromise<Response>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort);
    send(request)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}

async function send(request: Request): Promise<Response> {
  const { method, url, list, redirect, body } = requestState(request);
  const binary = body === null ? null : await takeBinary(body, Infinity);
  const headers: [string, string][] = [];
  for (const [name, value] of list) arrayPush(headers, [name, value]);
  return fromHost(await bound().fetch({ method, url, headers, body: binary, redirect }));
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

/** A request of a plugin, judged as on a server and sent by the `fetch` of the test. */
import { isUtf8 } from 'node:buffer';
import { toEgressRefusal } from '../../spec/egress/failure.ts';
import { answerHeaders, fieldsToSend } from '../../spec/egress/headers.ts';
import type { Hop } from '../../spec/egress/hop.ts';
import { firstHop, followHops, redirectOf } from '../../spec/egress/request.ts';
import type { JsonObject } from '../../spec/json.ts';
import { ISOLATE_LIMITS } from '../../spec/limits.ts';
import type { Permission } from '../../spec/permission.ts';

type Fetch = typeof globalThis.fetch;

export type OutsidePorts = {
  readonly outside: Fetch;
  readonly grants: readonly Permission[];
  readonly readSecret: (name: string) => Promise<string | null>;
  readonly signal: AbortSignal;
};

/** @returns the arguments of `http.fetch`. @throws TypeError for a body that is too large */
export async function fetchArguments(request: Request): Promise<JsonObject> {
  const { method, url, redirect } = request;
  const body = request.body === null ? null : Buffer.from(await request.arrayBuffer());
  const { callCharsMax } = ISOLATE_LIMITS;
  if (body !== null && body.byteLength > callCharsMax)
    throw new TypeError(
      `fetch: the body of a request goes out whole, and has at most ${callCharsMax} bytes.`,
    );
  const headers = [...request.headers].map(([name, value]) => [name, value]);
  return { method, url, headers, body: body === null ? null : body.toString('latin1'), redirect };
}

/**
 * Each hop inside the grant, secrets filled in. To which addresses it goes is not judged: the test's own server, which
 * answers in the place of the Internet, is on this machine.
 * @throws Refusal as `followHops` and `firstHop`, `egress_failed`; what `signal` was aborted with
 */
export async function fetchOutside(args: JsonObject, ports: OutsidePorts): Promise<Response> {
  const { answer, hop, hops } = await followHops<Response>(firstHop(args), redirectOf(args), {
    ...ports,
    begin: () => undefined,
    send: (next) => send(next, ports),
    drop: async ({ body }) => body?.cancel().catch(() => undefined),
  });
  return asAnswered(answer, hop, hops);
}

async function send({ method, target, headers, body }: Hop, ports: OutsidePorts): Promise<Response> {
  const answer = await answerOf(ports, target.href, {
    method,
    headers: fieldsToSend(headers),
    body: bodyToSend(headers, body),
    redirect: 'manual',
    signal: ports.signal,
  });
  if (answer instanceof Response) return answer;
  throw new TypeError('what stands in the place of fetch answered something that is no Response');
}

async function answerOf({ outside, signal }: OutsidePorts, ...request: Parameters<Fetch>): Promise<Response> {
  try {
    return await outside(...request);
  } catch (error) {
    throw toEgressRefusal(error, signal);
  }
}

/** Text where it is text and its type is said, so that a mock can read what the plugin wrote. */
function bodyToSend(
  headers: Hop['headers'],
  body: Uint8Array | null,
): string | Uint8Array<ArrayBuffer> | null {
  if (body === null) return null;
  const isTyped = headers.some(([name]) => name === 'content-type');
  return isTyped && isUtf8(body) ? Buffer.from(body).toString('utf8') : new Uint8Array(body);
}

function asAnswered(answer: Response, { target }: Hop, hops: number): Response {
  const { status, statusText, headers } = answer;
  const fields = answerHeaders(headers).map(([name, value]): [string, string] => [name, value]);
  const response = new Response(answer.body, { status, statusText, headers: fields });
  const own = { url: target.href, redirected: hops > 0, type: 'basic' };
  for (const [key, value] of Object.entries(own)) Object.defineProperty(response, key, { value });
  return response;
}

/**
 * The capability `http.fetch`: a request of a plugin to the outside. A place inside the grant → a slot → headers that
 * may be sent → each hop inside the grant, through the guard → an answer whose body comes with it or is pulled.
 */
import type { Response } from 'undici';
import { HEADER_SCHEMA } from '../../spec/guest-headers.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { EGRESS_LIMITS } from '../../spec/limits.ts';
import { HTTP_METHODS, type HttpMethod, type Permission } from '../../spec/permission.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { Capability, HostBody } from '../../spec/host/capability.ts';
import type { EgressAllow } from './allow-list.ts';
import { StreamedBody, type BodyEnd } from './streamed-body.ts';
import { dropBody, send, type Hop } from './exchange.ts';
import { egressFailed, reasonOf, type EgressFailure } from './failure.ts';
import { connectTo, guardedConnector, type GuardPorts } from './guard.ts';
import { answerHeaders, sendableHeaders, withoutKeys, type HeaderList } from './headers.ts';
import { createPools, type Pools } from './pools.ts';
import { isRedirect, redirected } from './redirect.ts';
import { createResolve } from './resolver.ts';
import { fillReferences, withoutReferences } from './secret-reference.ts';
import { createSlots, type Slots } from './slots.ts';
import { isGranted, parseTarget, permissionFor } from './target.ts';

/** The run that asks, from the supervisor's own record. */
export type EgressContext = {
  readonly guest: {
    readonly installationId: string;
    readonly org: { readonly id: string };
    readonly plugin: { readonly id: string };
    readonly grants: readonly Permission[];
  };
  readonly requestId: string;
  /** Milliseconds of `performance.now()` by which the call must have settled. */
  readonly deadline: number;
  /** Aborted when nobody wants the answer any more, or more of its body. */
  readonly signal: AbortSignal;
  /** Hands over the body of the answer, for the guest to pull. */
  giveBody(body: HostBody): void;
};

/** How a request ended: with an answer, for a reason of the network, or refused by one of our rules. */
export type EgressResult = 'answered' | EgressFailure | 'refused';

/** Told of each request when it has ended. Must not throw. */
export type EgressObserver = (
  context: EgressContext,
  request: {
    readonly method: string;
    /** Of the last hop; the path and the query may hold what is nobody's business. */
    readonly origin: string;
    readonly result: EgressResult;
    readonly status: number | null;
    readonly bytesIn: number;
    readonly bytesOut: number;
    readonly elapsedMs: number;
  },
) => void;

export type EgressOptions = {
  readonly allow: EgressAllow;
  /** Answers null for a secret that is not set. */
  readonly readSecret: (context: EgressContext, name: string) => Promise<string | null>;
  readonly observe: EgressObserver;
  /** How names are looked up and connections made; the real ways where absent. */
  readonly network?: Pick<GuardPorts, 'resolve' | 'connectTo'>;
};

export type Egress = {
  readonly capability: Capability<EgressContext>;
  /** Ends every connection. */
  close(): Promise<void>;
};

type Redirect = 'follow' | 'error' | 'manual';
type Parts = { readonly pools: Pools; readonly slots: Slots; readonly options: EgressOptions };

/** Bodies are text with one character for each byte. */
const ARGUMENTS: JsonObject = {
  type: 'object',
  required: ['method', 'url'],
  additionalProperties: false,
  properties: {
    method: { enum: [...HTTP_METHODS] },
    url: { type: 'string' },
    headers: {
      type: 'array',
      items: HEADER_SCHEMA,
    },
    body: { type: ['string', 'null'] },
    redirect: { enum: ['follow', 'error', 'manual'] },
  },
};

export function openEgress(options: EgressOptions): Egress {
  const network = options.network ?? { resolve: createResolve('configured'), connectTo };
  const pools = createPools(guardedConnector({ allow: options.allow, ...network }));
  const parts: Parts = { pools, slots: createSlots(), options };
  return {
    capability: {
      name: 'http.fetch',
      argumentSchema: ARGUMENTS,
      requires: ({ method, url }) => permissionFor(method as HttpMethod, parseTarget(String(url))),
      act: (args, context) => carryOut(parts, args, context),
    },
    close: () => pools.close(),
  };
}

function slotOf({ guest, requestId }: EgressContext): { installationId: string; requestId: string } {
  return { installationId: guest.installationId, requestId };
}

/** What is known of a request, and to be done once when it has ended, whichever way it does. */
type Progress = { hop: Hop; status: number | null; end(result: EgressResult, bytesIn: number): void };

async function carryOut(parts: Parts, args: JsonObject, context: EgressContext): Promise<JsonValue> {
  const release = parts.slots.take(slotOf(context));
  let progress: Progress | undefined;
  try {
    const first = readRequest(args);
    progress = beginProgress(parts, first, context, release);
    return await follow(
      parts,
      { first, redirect: (args['redirect'] ?? 'follow') as Redirect },
      context,
      progress,
    );
  } catch (error) {
    progress?.end(reasonOf(error) ?? 'refused', 0);
    release();
    throw error;
  }
}

function beginProgress(parts: Parts, first: Hop, context: EgressContext, release: () => void): Progress {
  const startedMs = performance.now();
  let isOver = false;
  const progress: Progress = {
    hop: first,
    status: null,
    end: (result, bytesIn) => {
      if (isOver) return;
      isOver = true;
      release();
      const { hop, status } = progress;
      const size = { bytesIn, bytesOut: first.body?.byteLength ?? 0 };
      const place = { method: hop.method, origin: hop.target.origin };
      const elapsedMs = performance.now() - startedMs;
      parts.options.observe(context, { ...place, result, status, ...size, elapsedMs });
    },
  };
  return progress;
}

/** @throws Refusal `egress_url_invalid`, `egress_request_invalid` */
function readRequest(args: JsonObject): Hop {
  const method = args['method'] as HttpMethod;
  const text = (args['body'] ?? null) as string | null;
  if (text !== null && (method === 'GET' || method === 'HEAD')) {
    throw new Refusal('egress_request_invalid', { detail: `A ${method} request has no body.` });
  }
  const body = text === null ? null : Buffer.from(text, 'latin1');
  if (body !== null && body.toString('latin1') !== text) {
    throw new Refusal('egress_request_invalid', { detail: 'The body holds a character that is no byte.' });
  }
  const headers = sendableHeaders((args['headers'] ?? []) as unknown as HeaderList);
  const portable = withoutReferences(withoutKeys(headers));
  return { method, target: parseTarget(String(args['url'])), headers, portable, body };
}

async function follow(
  { pools, options }: Parts,
  { first, redirect }: { readonly first: Hop; readonly redirect: Redirect },
  context: EgressContext,
  progress: Progress,
): Promise<JsonValue> {
  const deadline = startDeadline(context);
  const ports = { dispatcher: pools.of(context.guest.installationId), signal: deadline.signal };
  try {
    requireGrant(context, first);
    const headers = await fillReferences(first.headers, (name) => options.readSecret(context, name));
    let hop: Hop = { ...first, headers };
    for (let hops = 0; ; hops += 1) {
      progress.hop = hop;
      requireGrant(context, hop);
      const response = await send(hop, ports);
      progress.status = response.status;
      const location = response.headers.get('location');
      if (redirect === 'manual' || !isRedirect(response.status, location))
        return {
          ...headOf(response, hop, hops),
          ...(await takeBody(response, ports.signal, context, progress)),
        };
      await dropBody(response);
      if (redirect === 'error' || hops === EGRESS_LIMITS.redirectsMax) throw egressFailed('redirect');
      hop = redirected(hop, response.status, location);
    }
  } finally {
    deadline.lift();
  }
}

/**
 * @returns the body where it is small and there at once; else how much of it the guest may read whole, and it is pulled
 * @throws Refusal when it breaks off at once
 */
async function takeBody(
  response: Response,
  signal: AbortSignal,
  context: EgressContext,
  progress: Progress,
): Promise<JsonObject> {
  if (!response.body) {
    progress.end('answered', 0);
    return { body: null };
  }
  const onEnd = (end: BodyEnd, bytes: number): void => progress.end(resultOf(end, context), bytes);
  const body = new StreamedBody(response.body as ReadableStream<Uint8Array>, signal, onEnd);
  const size = sizeOf(response);
  const whole =
    size === 'large' ? undefined : await body.whole(size === 'small' ? 'asLongAsItTakes' : 'aMoment');
  if (whole) return { body: whole.toString('latin1') };
  context.giveBody(body);
  return { body: null, pulledBytesMax: EGRESS_LIMITS.wholeBytesMax };
}

/** What an answer says of its body itself. Of one that is encoded more may come out: that shows when it does. */
function sizeOf({ headers }: Response): 'small' | 'large' | 'unknown' {
  if ((headers.get('content-type') ?? '').startsWith('text/event-stream')) return 'large';
  const length = headers.get('content-length');
  if (length === null) return 'unknown';
  return Number(length) > EGRESS_LIMITS.replyBytesMax ? 'large' : 'small';
}

/** Who wanted no more of a body had his answer. */
function resultOf(end: BodyEnd, { signal }: EgressContext): EgressResult {
  return end === 'ended' || signal.aborted ? 'answered' : (reasonOf(end) ?? 'refused');
}

/** A redirect must lead to where the plugin could have gone itself. @throws Refusal `permission_denied` */
function requireGrant({ guest }: EgressContext, { method, target }: Hop): void {
  if (isGranted(guest.grants, method, target)) return;
  throw new Refusal('permission_denied', {
    detail: `${method} ${target.origin} lies outside of what http.fetch was granted for`,
  });
}

/** Time for the head of the answer; lifted when that is there, since a body may take as long as its run. */
function startDeadline({ signal, deadline }: EgressContext): { signal: AbortSignal; lift(): void } {
  const leftMs = Math.max(0, Math.min(EGRESS_LIMITS.totalMsMax, Math.floor(deadline - performance.now())));
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(egressFailed('timeout')), leftMs);
  return { signal: AbortSignal.any([signal, late.signal]), lift: () => clearTimeout(timer) };
}

function headOf({ status, statusText, headers }: Response, { target }: Hop, hops: number): JsonObject {
  return {
    status,
    statusText,
    url: target.href,
    redirected: hops > 0,
    headers: answerHeaders(headers).map(([name, value]) => [name, value]),
  };
}

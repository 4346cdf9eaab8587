/**
 * The capability `http.fetch`: a request of a plugin to the outside. A place inside the grant → a slot → headers that
 * may be sent → each hop inside the grant, through the guard → an answer whose body comes with it or is pulled.
 */
import type { Response } from 'undici';
import { egressFailed, reasonOf, type EgressFailure } from '../../spec/egress/failure.ts';
import { answerHeaders } from '../../spec/egress/headers.ts';
import type { Hop } from '../../spec/egress/hop.ts';
import {
  FETCH_ARGUMENTS,
  fetchPermission,
  firstHop,
  followHops,
  redirectOf,
} from '../../spec/egress/request.ts';
import type { Capability, HostBody } from '../../spec/host/capability.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { EGRESS_LIMITS } from '../../spec/limits.ts';
import type { Permission } from '../../spec/permission.ts';
import type { EgressAllow } from './allow-list.ts';
import { dropBody, send } from './exchange.ts';
import { connectTo, guardedConnector, type GuardPorts } from './guard.ts';
import { createPools, type Pools } from './pools.ts';
import { createResolve } from './resolver.ts';
import { createSlots, type Slots } from './slots.ts';
import { StreamedBody, type BodyEnd } from './streamed-body.ts';

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

type Parts = { readonly pools: Pools; readonly slots: Slots; readonly options: EgressOptions };

export function openEgress(options: EgressOptions): Egress {
  const network = options.network ?? { resolve: createResolve('configured'), connectTo };
  const pools = createPools(guardedConnector({ allow: options.allow, ...network }));
  const parts: Parts = { pools, slots: createSlots(), options };
  return {
    capability: {
      name: 'http.fetch',
      argumentSchema: FETCH_ARGUMENTS,
      requires: fetchPermission,
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
    const first = firstHop(args);
    progress = beginProgress(parts, first, context, release);
    return await follow(parts, { first, redirect: redirectOf(args) }, context, progress);
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

async function follow(
  { pools, options }: Parts,
  { first, redirect }: { readonly first: Hop; readonly redirect: ReturnType<typeof redirectOf> },
  context: EgressContext,
  progress: Progress,
): Promise<JsonValue> {
  const deadline = startDeadline(context);
  const ports = { dispatcher: pools.of(context.guest.installationId), signal: deadline.signal };
  try {
    const { answer, hop, hops } = await followHops<Response>(first, redirect, {
      grants: context.guest.grants,
      readSecret: (name) => options.readSecret(context, name),
      begin: (next) => {
        progress.hop = next;
      },
      send: async (next) => {
        const response = await send(next, ports);
        progress.status = response.status;
        return response;
      },
      drop: dropBody,
    });
    const body = await takeBody(answer, ports.signal, context, progress);
    return { ...headOf(answer, hop, hops), ...body };
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

/** Puts the route table on a Hono app: access first, then the request, then the handler, then the answer. */
import type { Context, Hono } from 'hono';
import { HTTP_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { HttpMethod } from '../../spec/permission.ts';
import { getConnInfo } from '@hono/node-server/conninfo';
import { admit, readBearer, type AccessPorts, type CallerOf, type Access } from './access.ts';
import { createBodyRoom, heldBytesOf, requireRoom, type BodyRoom } from './body-room.ts';
import {
  answerOnce,
  IDEMPOTENCY_HEADER,
  type IdempotencyPorts,
  type KeptAnswer,
  type KeyedWrite,
} from './idempotency.ts';
import { clientAddress, rateClassOf, type RateLimits } from './rate-limits.ts';
import { requireUncoded } from '../../spec/endpoint-body.ts';
import type { Answer, Route } from './route.ts';
import { requireStorable } from './storable.ts';
import type { Settings } from '../settings.ts';

export type AppEnv = { Variables: { requestId: string; route: string } };

export type MountPorts = AccessPorts &
  IdempotencyPorts & { readonly rateLimits: RateLimits; readonly settings: Pick<Settings, 'proxyHops'> };

const ROOM = { allBytesMax: HTTP_LIMITS.uploadsBytesMax, ownBytesMax: HTTP_LIMITS.uploadsOfOneBytesMax };

export function mountRoutes(app: Hono<AppEnv>, routes: readonly Route[], ports: MountPorts): void {
  const room = createBodyRoom(ROOM);
  for (const route of routes)
    app.on(route.method, route.path, (context) => answerRoute(context, route, ports, room));
  for (const [path, methods] of methodsByPath(routes))
    app.all(path, (context) => refuseMethod(context, methods));
}

async function answerRoute(
  context: Context<AppEnv>,
  route: Route,
  ports: MountPorts,
  room: BodyRoom,
): Promise<Response> {
  context.set('route', route.path);
  const params = context.req.param() as Record<string, string>;
  requireStorable(params, '/path');
  const admitted = await admitClient(context, route, ports, params['org']);
  const heldBytes = hasBody(context.req.method) ? heldBytesOf(route.body, context.req.raw) : 0;
  if (heldBytes === 0) return answerAdmitted(context, route, ports, admitted);
  const owner = admitted.principal?.id ?? addressOf(context, ports.settings.proxyHops);
  const leave = requireRoom(room, owner, heldBytes);
  try {
    return await answerAdmitted(context, route, ports, admitted);
  } finally {
    leave();
  }
}

const hasBody = (method: string): boolean => method !== 'GET' && method !== 'HEAD';

async function answerAdmitted(
  context: Context<AppEnv>,
  route: Route,
  ports: MountPorts,
  admitted: CallerOf<Access>,
): Promise<Response> {
  const raw = context.req.raw;
  const requestId = context.get('requestId');
  const params = context.req.param() as Record<string, string>;
  if (hasBody(raw.method)) requireUncoded(raw.headers.get('content-encoding'));
  const { release, ...input } = await route.read(raw, params, admitted.principal);
  const caller = await admitStill(admitted, raw, { route, ports, org: params['org'], release });
  const work = (): Promise<Answer> => route.handle({ ...input, caller, requestId, raw });
  const key = rateClassOf(route) === 'write' ? raw.headers.get(IDEMPOTENCY_HEADER) : null;
  if (key === null || !caller.principal) return answerTo(raw.method, await work());
  const secret = readBearer(raw.headers.get('authorization') ?? '');
  const write = { route, key, secret, principal: caller.principal, requestId, input };
  const outcome = await answerAtMostOnce(ports, write, { work, release });
  return outcome.kind === 'fresh' ? toResponse(outcome.answer) : replayResponse(outcome.answer);
}

/** A replay, and a refusal of the key, leave the body to nobody: what was kept of it goes. */
async function answerAtMostOnce(
  ports: MountPorts,
  write: KeyedWrite,
  {
    work,
    release,
  }: { readonly work: () => Promise<Answer>; readonly release?: (() => Promise<void>) | undefined },
): ReturnType<typeof answerOnce> {
  const state = { isTaken: false };
  try {
    return await answerOnce(ports, write, () => {
      state.isTaken = true;
      return work();
    });
  } finally {
    if (!state.isTaken) await release?.();
  }
}

/** A caller that may do this, and not too often. */
async function admitClient(
  context: Context<AppEnv>,
  route: Route,
  ports: MountPorts,
  org: string | undefined,
): Promise<CallerOf<Access>> {
  const { headers } = context.req.raw;
  const address = addressOf(context, ports.settings.proxyHops);
  try {
    const caller = await admit(ports, route.access, headers.get('authorization'), org);
    await ports.rateLimits.admit(
      route,
      caller.principal,
      address,
      'org' in caller ? caller.org.id : undefined,
    );
    return caller;
  } catch (error) {
    if (error instanceof Refusal && WRONG_TOKEN.has(error.code))
      await ports.rateLimits.countWrongToken(address);
    throw error;
  }
}

type Readmission = {
  readonly route: Route;
  readonly ports: MountPorts;
  readonly org: string | undefined;
  /** Lets go of what was kept of the body. */
  readonly release?: (() => Promise<void>) | undefined;
};

/**
 * A body takes as long as its caller likes: a token or a role that was withdrawn meanwhile does nothing any more.
 * A principal that is still the same may what it might.
 */
async function admitStill(
  admitted: CallerOf<Access>,
  { method, headers }: Request,
  { route, ports, org, release }: Readmission,
): Promise<CallerOf<Access>> {
  if (!admitted.principal || !hasBody(method)) return admitted;
  const authorization = headers.get('authorization') ?? '';
  try {
    const principal = await ports.authenticator.authenticate(readBearer(authorization));
    if (principal === admitted.principal) return admitted;
    return await admit(ports, route.access, authorization, org);
  } catch (error) {
    await release?.();
    throw error;
  }
}

const WRONG_TOKEN: ReadonlySet<string> = new Set([
  'token_malformed',
  'token_unknown',
  'token_expired',
  'token_revoked',
]);

function addressOf(context: Context<AppEnv>, proxyHops: number): string {
  const peer = getConnInfo(context).remote.address ?? 'unknown';
  return clientAddress(peer, context.req.raw.headers.get('x-forwarded-for'), proxyHops);
}

/** To HEAD goes no content (RFC 9110, section 9.3.2): what was opened to be sent is let go of, since nobody reads it. */
async function answerTo(method: string, answer: Answer): Promise<Response> {
  const response = toResponse(answer);
  if (method === 'HEAD') await response.body?.cancel();
  return response;
}

function toResponse(answer: Answer): Response {
  if (answer.status === 204) return new Response(null, { status: 204 });
  if ('bytes' in answer)
    return new Response(answer.bytes as BodyInit, { status: answer.status, headers: answer.headers });
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store', ...answer.headers };
  return new Response(JSON.stringify(answer.json), { status: answer.status, headers });
}

function replayResponse({ status, json, headers }: KeptAnswer): Response {
  const body = json === null ? null : JSON.stringify(json);
  const type: Record<string, string> = body === null ? {} : { 'content-type': 'application/json' };
  const replayed = { 'idempotency-replayed': 'true', 'cache-control': 'no-store', ...type, ...headers };
  return new Response(body, { status, headers: replayed });
}

type BodyInit = ConstructorParameters<typeof Response>[0];

function methodsByPath(routes: readonly Route[]): Map<string, HttpMethod[]> {
  const methods = new Map<string, HttpMethod[]>();
  for (const { path, method } of routes) methods.set(path, [...(methods.get(path) ?? []), method]);
  return methods;
}

function refuseMethod(context: Context<AppEnv>, methods: readonly HttpMethod[]): never {
  // What answers GET answers HEAD as well (RFC 9110, section 9.3.2).
  const allow = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : method));
  throw new Refusal('method_not_allowed', {
    detail: `${context.req.method.slice(0, 20)} is not taken here.`,
    extensions: { allow: allow.join(', ') },
  });
}

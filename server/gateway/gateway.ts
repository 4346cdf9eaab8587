/**
 * The gateway: `/orgs/{org}/p/{publisher}/{name}/…` to the guest and back.
 *
 * It decides who may call and what crosses; the sandbox decides how the run ends.
 */
import { compileEndpoints, type EndpointMatch, type MatchedEndpoint } from './endpoint-table.ts';
import { answerOf, failureAnswer, type GatewayAnswer } from './answer.ts';
import { currentTurn } from './turn.ts';
import { bytesToHold, createBodyRoom, type BodyRoom } from '../http/body-room.ts';
import { headerOf, headersForGuest, type Header } from '../../spec/guest-headers.ts';
import type {
  ByteSource,
  Caller,
  CancelSignal,
  Completion,
  Guest,
  GuestRequest,
  Invocation,
} from '../../sandbox/ports.ts';
import { ORG_ROLES, type OrgRole } from '../../identity/index.ts';
import { bodyFieldsOf, checkRequestBody, isJudgedAnswer, responseFault } from '../../spec/endpoint-body.ts';
import { RUN_LIMITS, RUNNER_LIMITS, STREAM_LIMITS } from '../../spec/limits.ts';
import type { Access, Endpoint } from '../../spec/manifest.ts';
import { pluginNotActive } from '../../spec/not-active.ts';
import { isPluginId, type PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';

/** An installation as the gateway needs it; `endpoints` is the same array for as long as the version is the same. */
export type GatewayInstallation = {
  readonly guest: Guest;
  readonly endpoints: readonly Endpoint[];
  /** From which role on each right that the plugin defines is held. */
  readonly actions: ReadonlyMap<string, OrgRole>;
  readonly active: 'yes' | 'no';
  /** What people are told while safe mode keeps it from running. */
  readonly standstill: string | null;
};

export type GatewayPorts = {
  /** @returns undefined when the org has no such plugin, or does not exist; at once what is kept in memory */
  readonly find: (
    orgSlug: string,
    plugin: PluginId,
  ) => GatewayInstallation | Promise<GatewayInstallation | undefined>;
  /**
   * Who calls: anonymous without a token of Souk, else the principal with its role in the org.
   * @throws Refusal when there is a token and it is not valid
   */
  readonly identify: (authorization: string | null, orgId: string) => Caller | Promise<Caller>;
  readonly run: (invocation: Invocation) => Promise<Completion>;
  /** Called when a guest's answer broke the response schema of its own manifest. */
  readonly answerRefused: (guest: Guest, requestId: string, why: string) => void;
};

/** A request below `/orgs/`, before anything of its body has been read. */
export type GatewayRequest = {
  readonly method: string;
  /** Scheme, host and port, as the caller addressed them. */
  readonly origin: string;
  /** Normalized as the URL standard does it: no dot segments, no backslash. */
  readonly pathname: string;
  /** With its question mark, or empty. */
  readonly search: string;
  /** Names in lower case. */
  readonly headers: readonly Header[];
  /** @throws Refusal `body_too_large` or `body_incomplete` */
  readonly readBody: (bytesMax: number) => Promise<Uint8Array>;
  /**
   * The body whole where it has at most `wholeBytesMax`, else in pieces of that size up to `bytesMax`.
   * @throws Refusal `body_too_large` or `body_incomplete`
   */
  readonly openBody: (wholeBytesMax: number, bytesMax: number) => Promise<Uint8Array | RequestBody>;
  readonly signal: CancelSignal;
};

/** The body of a request in pieces. */
export type RequestBody = ByteSource & {
  /** Why it broke off, where the caller is to be told. */
  readonly refusal: Refusal | undefined;
};

export type Gateway = (request: GatewayRequest, requestId: string) => Promise<GatewayAnswer>;

export const GATEWAY_PREFIX = '/orgs/';
const tables = new WeakMap<readonly Endpoint[], (method: string, path: string) => EndpointMatch>();

type Address = {
  readonly org: string;
  readonly plugin: PluginId;
  readonly prefix: string;
  readonly path: string;
};

/** A caller that may call this endpoint, as things stood when it was asked. */
type Admitted = {
  readonly installation: GatewayInstallation;
  readonly endpoint: MatchedEndpoint;
  readonly caller: Caller;
};

/** @returns a handler that answers every request below `/orgs/`; it throws Refusals, which the caller renders */
export function createGateway(ports: GatewayPorts): Gateway {
  const room = createBodyRoom(ROOM);
  return async (request, requestId) => {
    const address = readAddress(request.pathname);
    const turn = currentTurn();
    const admitted = await enter(ports, request, address);
    if (request.method === 'GET' || request.method === 'HEAD')
      return serve(ports, request, { address, requestId, admitted, body: null });
    const leave = takeRoom(room, request, admitted);
    if (leave === 'full') return failureAnswer('loadShed', requestId, FULL_RETRY_MS);
    const open = () => openBody(request, admitted.endpoint);
    const body = await (leave ? inRoom(leave, open) : open());
    // A body takes as long as its caller likes: what was taken down, replaced or withdrawn meanwhile does not serve it.
    const still = turn === currentTurn() ? admitted : await enter(ports, request, address);
    return serve(ports, request, { address, requestId, admitted: still, body });
  };
}

async function enter(ports: GatewayPorts, request: GatewayRequest, address: Address): Promise<Admitted> {
  // Most calls find everything in memory: only what must be waited for is.
  const found = ports.find(address.org, address.plugin);
  const installation = requireActive(found instanceof Promise ? await found : found, address);
  const endpoint = matchEndpoint(installation, request.method, address.path);
  const known = ports.identify(headerOf(request.headers, 'authorization'), installation.guest.org.id);
  const caller = known instanceof Promise ? await known : known;
  admit(installation, endpoint, caller);
  return { installation, endpoint, caller };
}

type Entered = {
  readonly address: Address;
  readonly requestId: string;
  readonly admitted: Admitted;
  readonly body: Uint8Array | RequestBody | null;
};

async function serve(
  ports: GatewayPorts,
  request: GatewayRequest,
  { address, requestId, admitted, body }: Entered,
): Promise<GatewayAnswer> {
  const { installation, endpoint, caller } = admitted;
  if (endpoint.checkRequest) {
    const whole = body instanceof Uint8Array ? body : null;
    checkRequestBody(endpoint.checkRequest, bodyFieldsOf(request.headers), whole);
  }
  const invocation: Invocation = {
    guest: installation.guest,
    trigger: { kind: 'endpoint', request: requestFor(request, address, body) },
    caller,
    requestId,
    signal: request.signal,
    // What a schema is to judge must be there as a whole.
    answer: endpoint.checkResponse ? 'whole' : 'pieces',
  };
  const completion = await ports.run(invocation);
  if (completion.outcome !== 'ok' && body && 'refusal' in body && body.refusal) throw body.refusal;
  return answer(ports, endpoint, invocation, completion);
}

function readAddress(pathname: string): Address {
  const [org = '', p, publisher = '', name = '', ...rest] = pathname.slice(GATEWAY_PREFIX.length).split('/');
  const plugin = `${publisher}/${name}`;
  if (p !== 'p' || !isPluginId(plugin)) throw nothingHere();
  return { org, plugin, prefix: `${GATEWAY_PREFIX}${org}/p/${plugin}`, path: `/${rest.join('/')}` };
}

function requireActive(installation: GatewayInstallation | undefined, address: Address): GatewayInstallation {
  if (!installation) throw nothingHere();
  if (installation.active === 'yes') return installation;
  throw pluginNotActive(address.plugin, installation.standstill);
}

/** @throws Refusal `endpoint_not_found` or `method_not_allowed` */
export function matchEndpoint(
  installation: GatewayInstallation,
  method: string,
  path: string,
): MatchedEndpoint {
  const { endpoints, guest } = installation;
  let match = tables.get(endpoints);
  if (!match) tables.set(endpoints, (match = compileEndpoints(endpoints)));
  const found = match(method, path);
  switch (found.kind) {
    case 'endpoint':
      return found.endpoint;
    case 'otherMethods':
      throw new Refusal('method_not_allowed', {
        detail: `${guest.plugin.id} does not take ${method} here.`,
        extensions: { allow: found.allow.join(', ') },
      });
    case 'none':
      throw new Refusal('endpoint_not_found', {
        detail: `${guest.plugin.id} declares no endpoint for this path.`,
      });
  }
}

/** Public endpoints take anyone; the others a principal whose role in the org suffices. */
function admit({ actions }: GatewayInstallation, endpoint: MatchedEndpoint, caller: Caller): void {
  if (endpoint.access === 'public') return;
  if (caller.kind !== 'user') {
    throw new Refusal('authentication_required', { detail: 'This endpoint is not public.' });
  }
  // Someone else's token learns no more than a stranger: that there is nothing here.
  if (caller.role === null) throw nothingHere();
  const needed = roleNeeded(endpoint.access, actions);
  if (ORG_ROLES.indexOf(caller.role) <= ORG_ROLES.indexOf(needed)) return;
  throw new Refusal('role_missing', {
    detail: `This endpoint is for members whose role is ${needed} or higher.`,
    extensions: { role: needed },
  });
}

/** A right that nobody mapped, which the manifest's checks rule out, is held by the owners alone. */
export function roleNeeded(
  access: Exclude<Access, 'public'>,
  actions: ReadonlyMap<string, OrgRole>,
): OrgRole {
  if (access === 'member' || access === 'admin') return access;
  return actions.get(access.slice('action:'.length)) ?? 'owner';
}

const ROOM = {
  allBytesMax: RUNNER_LIMITS.bodiesBytesMax,
  ownBytesMax: RUNNER_LIMITS.bodiesOfOneBytesMax,
};
const FULL_RETRY_MS = 1_000;

/** A body is held before its run is taken in, for as long as its caller likes. @returns a function that gives it back */
function takeRoom(
  room: BodyRoom,
  { headers }: GatewayRequest,
  { installation, endpoint }: Admitted,
): (() => void) | 'full' | undefined {
  const bytesMax = endpoint.checkRequest ? RUN_LIMITS.endpoint.requestBytesMax : STREAM_LIMITS.pieceBytesMax;
  const isInPieces = headerOf(headers, 'transfer-encoding') !== null;
  const stated = isInPieces ? null : (headerOf(headers, 'content-length') ?? '0');
  const bytes = bytesToHold(stated, bytesMax);
  if (bytes < RUNNER_LIMITS.bodyCountedBytesMin) return undefined;
  const taken = room.take(installation.guest.installationId, bytes);
  return typeof taken === 'string' ? 'full' : taken;
}

/** Gives the room back however reading ends. */
async function inRoom<Body>(leave: () => void, read: () => Promise<Body>): Promise<Body> {
  try {
    return await read();
  } finally {
    leave();
  }
}

/** What a schema is to judge must be there as a whole. */
function openBody(
  request: GatewayRequest,
  { checkRequest }: MatchedEndpoint,
): Promise<Uint8Array | RequestBody> {
  if (checkRequest) return request.readBody(RUN_LIMITS.endpoint.requestBytesMax);
  return request.openBody(STREAM_LIMITS.pieceBytesMax, STREAM_LIMITS.requestBytesMax);
}

function requestFor(
  request: GatewayRequest,
  address: Address,
  body: Uint8Array | RequestBody | null,
): GuestRequest {
  return {
    method: request.method,
    url: request.origin + address.path + request.search,
    headers: [...headersForGuest(request.headers), ['x-forwarded-prefix', address.prefix]],
    body: body instanceof Uint8Array && body.byteLength === 0 ? null : body,
  };
}

function answer(
  ports: GatewayPorts,
  endpoint: MatchedEndpoint,
  invocation: Invocation,
  completion: Completion,
): GatewayAnswer {
  if (
    completion.outcome === 'ok' &&
    completion.response &&
    endpoint.checkResponse &&
    invocation.trigger.kind === 'endpoint' &&
    isJudgedAnswer(invocation.trigger.request.method, completion.response.status)
  ) {
    const { body } = completion.response;
    const why = responseFault(endpoint.checkResponse, body instanceof Uint8Array ? body : null);
    if (why !== null) {
      ports.answerRefused(invocation.guest, invocation.requestId, why);
      return failureAnswer('exception', invocation.requestId);
    }
  }
  return answerOf(completion, invocation.requestId);
}

function nothingHere(): Refusal {
  return new Refusal('not_found', { detail: 'No plugin answers at this address.' });
}

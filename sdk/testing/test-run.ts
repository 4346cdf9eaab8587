/** Runs of a plugin in a test's own process: declared, fitting, with a host of its own and the limits of its trigger. */
import { randomUUID } from 'node:crypto';
import { bodyFieldsOf, checkRequestBody, isJudgedAnswer, responseFault } from '../../spec/endpoint-body.ts';
import { requireDeclaredEndpoint } from '../../spec/endpoint-match.ts';
import { compileGuestSchema } from '../../spec/guest-validator.ts';
import { requireDeclaredHandler, requireFittingInput } from '../../spec/handler-checks.ts';
import {
  declaredHandlers,
  handlerInput,
  handlerPath,
  limitedAs,
  type HandlerTrigger,
} from '../../spec/handler.ts';
import type { JsonValue } from '../../spec/json.ts';
import { RUN_LIMITS, type TriggerKind } from '../../spec/limits.ts';
import type { Endpoint, Manifest } from '../../spec/manifest.ts';
import { headersForGuest } from '../../spec/guest-headers.ts';
import { Fault } from '../../spec/refusal.ts';
import type { Caller } from '../../spec/run.ts';
import type { Host, Plugin } from '../index.ts';
import { requireAccess } from '../memory/access.ts';
import type { MemoryServices } from '../memory/services.ts';
import { answered } from './answered.ts';
import { withFetch } from './fetch-stand-in.ts';
import {
  openRun,
  type LoggedLine,
  type RunContext,
  type RunStart,
  type Surroundings,
} from './host-object.ts';

/** Whose data it is. */
export const NAMESPACE = { orgId: 'test', installationId: 'test' };

/** What a test host is made of. */
export type Parts = {
  readonly services: MemoryServices;
  readonly around: Surroundings;
  readonly caller: Caller;
  readonly lines: LoggedLine[];
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
};

type Wish = Partial<Pick<RunContext, 'files' | 'caller' | 'requestId' | 'trigger'>>;

function startOf({ around, caller }: Parts, kind: TriggerKind, wish: Wish): RunStart {
  const { manifest, digest } = around;
  const context = {
    guest: {
      installationId: NAMESPACE.installationId,
      org: { id: NAMESPACE.orgId },
      plugin: { id: manifest.id, version: manifest.version },
      digest,
    },
    caller,
    requestId: randomUUID(),
    chain: [],
    files: [],
    trigger: { kind },
    deadline: performance.now() + RUN_LIMITS[kind].wallTimeMsMax,
    signal: new AbortController().signal,
    ...wish,
  };
  return { limitedAs: kind, context };
}

/** Gives `work` a host that is dead once it has ended. @returns its answer as JSON */
export async function inRun(
  parts: Parts,
  { kind = 'endpoint', ...wish }: Wish & { readonly kind?: TriggerKind },
  work: (host: Host) => unknown,
): Promise<JsonValue> {
  const run = openRun(parts.around, startOf(parts, kind, wish));
  try {
    return copyOf(await withFetch(run.fetch, () => work(run.host)));
  } finally {
    run.end();
  }
}

export type Handle = (
  plugin: Plugin,
  trigger: HandlerTrigger,
  options: Omit<Wish, 'trigger'> & { readonly check?: () => void },
) => Promise<JsonValue>;

/** As a server: declared, fitting, run with the limits of its trigger. */
export function handlerOf(parts: Parts): Handle {
  const { manifest } = parts.around;
  return async (plugin, trigger, { check, ...wish }) => {
    requireDeclaredHandler(manifest, declaredHandlers(manifest), trigger);
    check?.();
    requireFittingInput(trigger);
    const { owner, handler } = findHandler(plugin, handlerPath(trigger));
    const input = structuredClone(handlerInput(trigger));
    return inRun(parts, { kind: limitedAs(trigger), trigger, ...wish }, (host) =>
      handler.call(owner, input, host),
    );
  };
}

type Named = (input: JsonValue, host: Host) => unknown;

/** Own properties only, as the sandbox looks for it: a command may be called `constructor`. */
function findHandler(plugin: Plugin, path: readonly string[]): { owner: unknown; handler: Named } {
  let owner: unknown;
  let found: unknown = plugin;
  for (const [index, name] of path.entries()) {
    owner = found;
    const isOwn = index === 0 || Object.hasOwn(Object(owner), name);
    found = isOwn ? (owner as Record<string, unknown> | undefined)?.[name] : undefined;
  }
  if (typeof found === 'function') return { owner, handler: found as Named };
  throw new Fault(`the default export has no ${path.join(' ')}`);
}

function copyOf(value: unknown): JsonValue {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value) ?? 'null') as JsonValue);
}

/** A request to an endpoint of the manifest. */
export async function callEndpoint(parts: Parts, plugin: Plugin, request: Request): Promise<Response> {
  const { around, caller } = parts;
  const { manifest } = around;
  const endpoint = await requireEndpoint(manifest, request, caller);
  const serve = plugin.fetch?.bind(plugin);
  if (!serve) throw new Fault('the default export has no fetch');
  const run = openRun(around, startOf(parts, 'endpoint', {}));
  const within = <Answer>(work: () => Answer): Promise<Awaited<Answer>> => withFetch(run.fetch, work);
  try {
    const answer = await within(() => serve(asGuestGets(manifest, request), run.host));
    const fitting = await requireFittingAnswer(endpoint, request.method, answer);
    // Awaited here, so that whatever fails before the answer has begun ends the run.
    return await answered(fitting, { within, end: run.end });
  } catch (error) {
    run.end();
    throw error;
  }
}

/** With the headers that a server lets through, and the one that it adds. */
function asGuestGets({ id }: Manifest, request: Request): Request {
  const headers = [...headersForGuest([...request.headers]), ['x-forwarded-prefix', `/orgs/test/p/${id}`]];
  return new Request(request, { headers: headers as [string, string][] });
}

async function requireEndpoint(manifest: Manifest, request: Request, caller: Caller): Promise<Endpoint> {
  const declared = { id: manifest.id, endpoints: manifest.contributes?.endpoints ?? [] };
  const endpoint = requireDeclaredEndpoint(declared, request.method, new URL(request.url).pathname);
  requireAccess(manifest, 'endpoint', endpoint.access, caller);
  if (!endpoint.request) return endpoint;
  const body = new Uint8Array(await request.clone().arrayBuffer());
  checkRequestBody(compileGuestSchema(endpoint.request), bodyFieldsOf([...request.headers]), body);
  return endpoint;
}

async function requireFittingAnswer(
  { response }: Endpoint,
  method: string,
  answer: unknown,
): Promise<Response> {
  if (!(answer instanceof Response)) throw new TypeError('the plugin answered something that is no Response');
  if (!response) return answer;
  const body = new Uint8Array(await answer.clone().arrayBuffer());
  const { responseBytesMax } = RUN_LIMITS.endpoint;
  if (body.byteLength > responseBytesMax)
    throw new RangeError(`the response has more than ${responseBytesMax} bytes`);
  if (!isJudgedAnswer(method, answer.status)) return answer;
  const fault = responseFault(compileGuestSchema(response), body);
  if (fault !== null) throw new TypeError(`the answer breaks the response schema: ${fault}`);
  return answer;
}

/**
 * The capability `plugins.call`: a request from one plugin to an endpoint of another of the same organization.
 *
 * It takes the way of the gateway, with the calling plugin as the caller. The chain of calls is bounded and may not
 * come back to an installation that is already in it, and all of it shares the deadline of the first call.
 */
import type {
  Capability,
  Completion,
  Guest,
  GuestRequest,
  GuestResponse,
  HostCallContext,
  Invocation,
} from './ports.ts';
import { bodyFieldsOf, checkRequestBody, isJudgedAnswer, responseFault } from '../spec/endpoint-body.ts';
import { HEADER_SCHEMA, headersForGuest, type Header } from '../spec/guest-headers.ts';
import type { GuestValidator } from '../spec/guest-validator.ts';
import type { JsonObject, JsonValue } from '../spec/json.ts';
import type { Endpoint } from '../spec/manifest.ts';
import type { FailedOutcome } from '../spec/outcome.ts';
import { HTTP_METHODS } from '../spec/permission.ts';
import { isPluginId, type PluginId } from '../spec/plugin-id.ts';
import { Refusal } from '../spec/refusal.ts';
import { requireNoCircle } from './call-chain.ts';

/** An installed plugin that may be called. */
export type CallTarget = {
  readonly guest: Guest;
  readonly active: 'yes' | 'no';
  readonly endpoints: readonly Endpoint[];
};

/** The schemas of an endpoint, which hold for whoever calls it. */
export type CalledEndpoint = {
  readonly checkRequest: GuestValidator | null;
  readonly checkResponse: GuestValidator | null;
};

export type PluginCallPorts<Target extends CallTarget> = {
  /** @returns undefined when the organization has no such plugin */
  readonly find: (orgSlug: string, plugin: PluginId) => Promise<Target | undefined>;
  /** @throws Refusal `endpoint_not_found` or `method_not_allowed` */
  readonly requireEndpoint: (target: Target, method: string, pathname: string) => CalledEndpoint;
  readonly run: (invocation: Invocation) => Promise<Completion>;
  /** Called when a guest's answer broke the response schema of its own manifest. */
  readonly answerRefused: (guest: Guest, requestId: string, why: string) => void;
};

type Call = {
  readonly id: PluginId;
  /** Parsed once: what is matched with the endpoints is what the other plugin gets. */
  readonly url: URL;
  readonly method: string;
  readonly headers: readonly Header[];
  readonly body: string | null;
};

/** RFC 9110, sections 5.6.2 and 5.5: what the gateway's HTTP parser has seen to for other callers. */
const FIELD_NAME = "^[!#$%&'*+\\-.^_`|~0-9A-Za-z]+$";
const FIELD_VALUE = '^[\\t\\x20-\\x7e\\x80-\\xff]*$';

const ARGUMENTS: JsonObject = {
  type: 'object',
  required: ['id', 'path'],
  additionalProperties: false,
  properties: {
    id: { type: 'string', maxLength: 120 },
    path: { type: 'string', maxLength: 2048, pattern: '^/' },
    method: { enum: [...HTTP_METHODS] },
    headers: {
      type: 'array',
      maxItems: 100,
      items: {
        ...HEADER_SCHEMA,
        prefixItems: [
          { type: 'string', pattern: FIELD_NAME },
          { type: 'string', pattern: FIELD_VALUE },
        ],
      },
    },
    body: { type: ['string', 'null'] },
  },
};

export function pluginCallCapability<Target extends CallTarget>(ports: PluginCallPorts<Target>): Capability {
  return {
    name: 'plugins.call',
    argumentSchema: ARGUMENTS,
    parameters: ['id', 'path'],
    requires: (args) => ({ name: 'plugins.call', scope: [String(args['id'])] }),
    act: async (args, context) => {
      const call = readCall(args);
      const target = await findTarget(ports, call, context);
      // Access is not asked for: the administrator's grant of plugins.call is the answer.
      const endpoint = ports.requireEndpoint(target, call.method, call.url.pathname);
      const request = requestOf(call, endpoint);
      const completion = await ports.run({
        guest: target.guest,
        trigger: { kind: 'endpoint', request },
        caller: { kind: 'plugin', id: context.guest.plugin.id, behind: context.caller },
        requestId: context.requestId,
        deadline: context.deadline,
        chain: [...context.chain, context.guest.installationId],
        signal: context.signal,
      });
      const response = responseOf(call.id, completion);
      const why = faultOf(endpoint, call.method, response);
      if (why === null) return answerOf(response);
      ports.answerRefused(target.guest, context.requestId, why);
      throw notAnswered(call.id, 'exception');
    },
  };
}

function readCall(args: JsonObject): Call {
  const { id, path, method, headers, body } = args as Partial<Omit<Call, 'url'>> & JsonObject;
  if (id === undefined || !isPluginId(id))
    throw new Refusal('plugin_not_installed', { detail: 'This is no plugin id.' });
  // Joined, not resolved: a path of two slashes would name another host.
  const url = new URL(`http://plugin${String(path)}`);
  const lowered = (headers ?? []).map(([name, value]): Header => [name.toLowerCase(), value]);
  return { id, url, method: method ?? 'GET', headers: headersForGuest(lowered), body: body ?? null };
}

async function findTarget<Target extends CallTarget>(
  ports: PluginCallPorts<Target>,
  call: Call,
  context: HostCallContext,
): Promise<Target> {
  const { guest, chain } = context;
  if (!guest.dependencies.includes(call.id)) {
    throw new Refusal('dependency_undeclared', {
      detail: `${guest.plugin.id} does not declare ${call.id} as a dependency.`,
    });
  }
  const target = await ports.find(guest.org.slug, call.id);
  if (!target) throw new Refusal('plugin_not_installed', { detail: `${call.id} is not installed here.` });
  if (target.active !== 'yes')
    throw new Refusal('plugin_not_active', { detail: `${call.id} is not active.` });
  requireNoCircle([...chain, guest.installationId], target.guest);
  return target;
}

/** @throws Refusal `media_type_unsupported`, `body_not_json` or `request_invalid` for what the endpoint does not take */
function requestOf({ method, url, headers, body }: Call, { checkRequest }: CalledEndpoint): GuestRequest {
  const bytes = body === null || body === '' ? null : Buffer.from(body, 'latin1');
  if (checkRequest) checkRequestBody(checkRequest, bodyFieldsOf(headers), bytes);
  return { method, url: url.href, headers, body: bytes };
}

function responseOf(id: PluginId, completion: Completion): GuestResponse {
  if (completion.outcome !== 'ok') throw notAnswered(id, completion.outcome);
  if (!completion.response) throw notAnswered(id, 'exception');
  return completion.response;
}

function notAnswered(id: PluginId, outcome: FailedOutcome): Refusal {
  return new Refusal('plugin_run_failed', {
    detail: `${id} did not answer: ${outcome}.`,
    extensions: { outcome },
  });
}

function faultOf(
  { checkResponse }: CalledEndpoint,
  method: string,
  { status, body }: GuestResponse,
): string | null {
  if (!checkResponse || !isJudgedAnswer(method, status)) return null;
  return responseFault(checkResponse, body instanceof Uint8Array ? body : null);
}

function answerOf({ status, headers, body }: GuestResponse): JsonValue {
  return {
    status,
    headers: headers.map(([name, value]) => [name, value]),
    // Whole, because the invocation takes no pieces.
    body: body instanceof Uint8Array ? Buffer.from(body).toString('latin1') : null,
  };
}

/**
 * A host for unit tests of plugins: `host` as a server gives it, with data in memory, and the same checks, denials and
 * limits on its calls. The plugin itself runs in the test's own process: processor time and memory are not limited.
 *
 * ```ts
 * const souk = createTestHost({ manifest, config: { greeting: 'Halo' } });
 * const answer = await souk.fetch(plugin, '/hello/Ada');
 * ```
 */
import { randomUUID } from 'node:crypto';
import { checkRequestBody, responseFault } from '../../spec/endpoint-body.ts';
import { requireDeclaredEndpoint } from '../../spec/endpoint-match.ts';
import { compileGuestSchema } from '../../spec/guest-schema.ts';
import { requireAction } from '../../spec/contracts/compiled-action.ts';
import { requireContract } from '../../spec/contracts/binding.ts';
import {
  declaredHandlers,
  handlerInput,
  handlerPath,
  limitedAs,
  type DeliveredEvent,
  type HandlerTrigger,
} from '../../spec/handler.ts';
import {
  requireDeclaredHandler,
  requireFittingArguments,
  requireFittingInput,
} from '../../spec/handler-checks.ts';
import { contractCapabilities } from '../../spec/host/contracts.ts';
import { subscriptionOf, type Subscriber } from '../../spec/host/event-checks.ts';
import { eventCapabilities } from '../../spec/host/events.ts';
import { fileCapabilities } from '../../spec/host/files.ts';
import { jobCapabilities } from '../../spec/host/jobs.ts';
import { mailCapabilities } from '../../spec/host/mail.ts';
import { kvCapabilities } from '../../spec/host/kv.ts';
import { secretCapabilities } from '../../spec/host/secrets.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { RUN_LIMITS, type TriggerKind } from '../../spec/limits.ts';
import { parseManifest, type Endpoint, type Manifest } from '../../spec/manifest.ts';
import type { PermissionName } from '../../spec/permission.ts';
import { effectiveConfig, requireFittingConfig } from '../../spec/plugin-config.ts';
import { Fault, Refusal, type Violation } from '../../spec/refusal.ts';
import type { Caller } from '../../spec/run.ts';
import type { Event, Host, Plugin } from '../index.ts';
import { fakeDispatch, type FakeContracts } from './fake-contracts.ts';
import { createMemoryEvents, type MemoryEvents } from './memory-events.ts';
import { createMemoryFiles, type GivenFiles, type MemoryFiles } from './memory-files.ts';
import { createMemoryJobs, type MemoryJobs, type TestJob } from './memory-jobs.ts';
import { createMemoryMail, type MemoryMailServer, type SentMail } from './memory-mail.ts';
import { createMemoryKeyValueStore, type MemoryKeyValueStore } from './memory-kv.ts';
import {
  openRun,
  type LoggedLine,
  type RunContext,
  type RunStart,
  type Surroundings,
} from './host-object.ts';

export type TestHostOptions = {
  /** The content of manifest.json. */
  readonly manifest: unknown;
  /** The organization's layer of the configuration. */
  readonly config?: JsonObject;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Permissions that are not granted, though the manifest asks for them. */
  readonly deny?: readonly PermissionName[];
  /** Who calls; an owner where absent. */
  readonly caller?: Caller;
  /** What other plugins of the organization answer, by id. */
  readonly plugins?: Readonly<Record<string, (request: Request) => Response | Promise<Response>>>;
  /** What other plugins of the organization answer to `host.contracts.call`, by id; the first is who is bound. */
  readonly contracts?: FakeContracts;
  /** The organization's mail server; one that takes every recipient where absent. */
  readonly mail?: MemoryMailServer;
  /** Milliseconds since 1970, for values that end and jobs that wait. */
  readonly nowMs?: () => number;
};

/** A handler that a test calls with a host of its own run. */
export type TestHost = {
  /**
   * Sends a request to an endpoint that the manifest declares.
   * @param path with its leading slash, below the plugin's own address
   * @throws what the plugin threw; Refusal where the manifest has no such endpoint or the body breaks its schema
   */
  fetch(plugin: Plugin, path: string, init?: RequestInit): Promise<Response>;
  /** Runs any handler, such as `(host) => plugin.health(host)`. @returns its answer as JSON */
  run(handler: (host: Host) => unknown, given?: { readonly files?: GivenFiles }): Promise<JsonValue>;
  /**
   * Runs a command with its own limits. @returns its answer as JSON
   * @throws what the plugin threw; Refusal `handler_unknown`, `command_arguments_invalid`, `handler_input_too_large`
   */
  command(
    plugin: Plugin,
    name: string,
    args?: JsonObject,
    given?: { readonly files?: GivenFiles },
  ): Promise<JsonValue>;
  /**
   * Calls an action of a contract that the plugin implements.
   * @throws what the plugin threw; Refusal `contract_unknown`, `handler_unknown`, `contract_input_invalid`,
   *   `contract_output_invalid`
   */
  contract(
    plugin: Plugin,
    contract: string,
    action: string,
    input: JsonValue,
    given?: { readonly files?: GivenFiles },
  ): Promise<JsonValue>;
  /**
   * Delivers an event that the plugin subscribes to, from `core` where no emitter is named.
   * @throws what the plugin threw; Refusal `handler_unknown` where it does not hear of it
   */
  event(plugin: Plugin, event: Partial<Event> & { readonly name: string }): Promise<JsonValue>;
  /** Runs a schedule for one time, which is now where absent. @throws as `command` */
  schedule(plugin: Plugin, name: string, scheduledAt?: string): Promise<JsonValue>;
  /** Runs the jobs that are due, until none is. How each ended is in `jobs()`. */
  work(plugin: Plugin): Promise<void>;
  /** Delivers what the plugin has emitted to its own subscriptions. @throws what a handler threw: its event stays */
  deliver(plugin: Plugin): Promise<void>;
  /** What has been logged, oldest first. */
  readonly lines: readonly LoggedLine[];
  /** What has been mailed, oldest first. */
  readonly outbox: readonly SentMail[];
  /** What has been emitted, oldest first. */
  readonly emitted: readonly Event[];
  jobs(): readonly TestJob[];
  /** The key-value data, by key. */
  values(): ReadonlyMap<string, JsonValue>;
};

const NAMESPACE = { orgId: 'test', installationId: 'test' };

/** @throws Refusal `manifest_*` or `config_invalid` */
export function createTestHost(options: TestHostOptions): TestHost {
  const parts = openParts(options);
  const { around, files, jobs, events } = parts;
  const handle = handlerOf(parts);
  return {
    fetch: (plugin, path, init) =>
      callEndpoint(parts, plugin, new Request(`http://test.invalid${path}`, init)),
    run: (handler, given) => inRun(parts, { files: files.take(given?.files ?? {}) }, handler),
    command: (plugin, name, args = {}, given) => {
      const declared = around.manifest.contributes?.commands?.find((command) => command.name === name);
      const schema = { type: 'object', ...declared?.arguments };
      return handle(
        plugin,
        { kind: 'command', command: name, args },
        {
          files: files.take(given?.files ?? {}),
          check: () =>
            requireFittingArguments(
              { plugin: around.manifest.id, command: name },
              args,
              compileGuestSchema(schema),
            ),
        },
      );
    },
    contract: async (plugin, contract, action, input, given) => {
      const compiled = requireAction(requireContract(contract), action);
      const value = await handle(
        plugin,
        { kind: 'contract', contract, action, input },
        {
          files: files.take(given?.files ?? {}),
          check: () => requireFittingContract('contract_input_invalid', compiled.checkInput(input)),
        },
      );
      requireFittingContract('contract_output_invalid', compiled.checkOutput(value));
      return value;
    },
    event: async (plugin, told) => {
      const event = { ...newEvent(parts), ...told } as DeliveredEvent;
      const subscription = subscriptionOf(parts.hears, event.emitter, event.name) ?? event.name;
      return handle(plugin, { kind: 'event', subscription, event }, { caller: SYSTEM });
    },
    schedule: async (plugin, schedule, scheduledAt = new Date(parts.nowMs()).toISOString()) =>
      handle(plugin, { kind: 'schedule', schedule, tick: { scheduledAt } }, { caller: SYSTEM }),
    work: (plugin) =>
      jobs.work(({ id, command, args, caller }) =>
        handle(plugin, { kind: 'command', command, args, job: { id } }, { caller, requestId: id }),
      ),
    deliver: (plugin) =>
      events.deliver(({ event, subscription }, requestId) =>
        handle(plugin, { kind: 'event', subscription, event }, { caller: SYSTEM, requestId }),
      ),
    lines: parts.lines,
    outbox: parts.mail.outbox,
    emitted: events.emitted,
    jobs: () => jobs.all(),
    values: () => new Map(parts.values.snapshot(NAMESPACE).map(({ key, value }) => [key, value])),
  };
}

const SYSTEM = { kind: 'system' } as const;

type Parts = {
  readonly around: Surroundings;
  readonly caller: Caller;
  readonly hears: Subscriber;
  readonly values: MemoryKeyValueStore;
  readonly mail: ReturnType<typeof createMemoryMail>;
  readonly files: MemoryFiles;
  readonly jobs: MemoryJobs;
  readonly events: MemoryEvents;
  readonly lines: LoggedLine[];
  readonly nowMs: () => number;
};

function openParts(options: TestHostOptions): Parts {
  const nowMs = options.nowMs ?? Date.now;
  const manifest = parseManifest(Buffer.from(JSON.stringify(options.manifest)));
  const config = effectiveConfig(manifest, {}, options.config ?? {});
  requireFittingConfig(manifest.id, manifest, config);
  const grants = (manifest.permissions ?? []).filter(({ name }) => !options.deny?.includes(name));
  const hears = { subscribes: manifest.contributes?.events?.subscribes ?? [], grants };
  const lines: LoggedLine[] = [];
  const services = openServices(options, manifest, hears, nowMs);
  const around: Surroundings = {
    manifest,
    config,
    grants,
    plugins: new Map(Object.entries(options.plugins ?? {})),
    capabilities: services.capabilities,
    log: (line) => void lines.push(line),
  };
  const caller = options.caller ?? { kind: 'user', id: 'test', role: 'owner' };
  return { ...services, around, caller, hears, lines, nowMs };
}

function openServices(
  options: TestHostOptions,
  manifest: Manifest,
  hears: Subscriber,
  nowMs: () => number,
): Pick<Parts, 'values' | 'mail' | 'files' | 'jobs' | 'events'> & Pick<Surroundings, 'capabilities'> {
  const secrets = new Map(Object.entries(options.secrets ?? {}));
  const values = createMemoryKeyValueStore(nowMs);
  const mail = createMemoryMail(options.mail ?? {}, nowMs);
  const files = createMemoryFiles();
  const jobs = createMemoryJobs(manifest, nowMs);
  const emits = manifest.contributes?.events?.emits;
  const events = createMemoryEvents({ ...hears, plugin: manifest.id, emits }, nowMs);
  const capabilities = [
    ...kvCapabilities(values),
    ...secretCapabilities({ read: async (_owner, name) => secrets.get(name) ?? null }),
    ...mailCapabilities(mail),
    ...fileCapabilities(files),
    ...jobCapabilities(jobs),
    ...eventCapabilities(events),
    ...contractCapabilities(fakeDispatch(options.contracts ?? {})),
  ];
  return { values, mail, files, jobs, events, capabilities };
}

type Wish = Partial<Pick<RunContext, 'files' | 'caller' | 'requestId'>>;

function startOf({ around: { manifest }, caller }: Parts, kind: TriggerKind, wish: Wish): RunStart {
  const context = {
    guest: {
      installationId: NAMESPACE.installationId,
      org: { id: NAMESPACE.orgId },
      plugin: { id: manifest.id, version: manifest.version },
    },
    caller,
    requestId: randomUUID(),
    chain: [],
    files: [],
    deadline: performance.now() + RUN_LIMITS[kind].wallTimeMsMax,
    signal: new AbortController().signal,
    ...wish,
  };
  return { limitedAs: kind, context };
}

async function inRun(
  parts: Parts,
  { kind = 'endpoint', ...wish }: Wish & { readonly kind?: TriggerKind },
  work: (host: Host) => unknown,
): Promise<JsonValue> {
  const run = openRun(parts.around, startOf(parts, kind, wish));
  try {
    return copyOf(await work(run.host));
  } finally {
    run.end();
  }
}

type Handle = (
  plugin: Plugin,
  trigger: HandlerTrigger,
  options: Wish & { readonly check?: () => void },
) => Promise<JsonValue>;

/** As a server: declared, fitting, run with the limits of its trigger. */
function handlerOf(parts: Parts): Handle {
  const { manifest } = parts.around;
  return async (plugin, trigger, { check, ...wish }) => {
    requireDeclaredHandler(manifest, declaredHandlers(manifest), trigger);
    check?.();
    requireFittingInput(trigger);
    const { owner, handler } = findHandler(plugin, handlerPath(trigger));
    const input = structuredClone(handlerInput(trigger));
    return inRun(parts, { kind: limitedAs(trigger), ...wish }, (host) => handler.call(owner, input, host));
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

function requireFittingContract(
  code: 'contract_input_invalid' | 'contract_output_invalid',
  violations: readonly Violation[],
): void {
  const [first] = violations;
  if (!first) return;
  const detail = `What stands at ${first.pointer || '/'} ${first.message}.`;
  throw new Refusal(code, { detail, violations });
}

function newEvent({ nowMs }: Parts): Omit<DeliveredEvent, 'name'> {
  const emittedAt = new Date(nowMs()).toISOString();
  return { id: randomUUID(), key: null, data: null, emittedAt, emitter: 'core', attempt: 1 };
}

function copyOf(value: unknown): JsonValue {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value) ?? 'null') as JsonValue);
}

async function callEndpoint(parts: Parts, plugin: Plugin, request: Request): Promise<Response> {
  const { around } = parts;
  const { manifest } = around;
  const endpoint = await requireEndpoint(manifest, request);
  if (!plugin.fetch) throw new Fault('the default export has no fetch');
  const run = openRun(around, startOf(parts, 'endpoint', {}));
  try {
    const answer = await plugin.fetch(request, run.host);
    return await requireFittingAnswer(endpoint, answer);
  } finally {
    run.end();
  }
}

async function requireEndpoint(manifest: Manifest, request: Request): Promise<Endpoint> {
  const declared = { id: manifest.id, endpoints: manifest.contributes?.endpoints ?? [] };
  const endpoint = requireDeclaredEndpoint(declared, request.method, new URL(request.url).pathname);
  if (!endpoint.request) return endpoint;
  const body = new Uint8Array(await request.clone().arrayBuffer());
  checkRequestBody(compileGuestSchema(endpoint.request), request.headers.get('content-type'), body);
  return endpoint;
}

async function requireFittingAnswer({ response }: Endpoint, answer: unknown): Promise<Response> {
  if (!(answer instanceof Response)) throw new TypeError('the plugin answered something that is no Response');
  const body = new Uint8Array(await answer.clone().arrayBuffer());
  const { responseBytesMax } = RUN_LIMITS.endpoint;
  if (body.byteLength > responseBytesMax && response)
    throw new RangeError(`the response has more than ${responseBytesMax} bytes`);
  const fault = response && answer.status < 300 ? responseFault(compileGuestSchema(response), body) : null;
  if (fault !== null) throw new TypeError(`the answer breaks the response schema: ${fault}`);
  return answer;
}

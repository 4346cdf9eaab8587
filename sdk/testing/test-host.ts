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
import { bindingOf, notImplemented, requireContract } from '../../spec/contracts/binding.ts';
import { requireAction } from '../../spec/contracts/compiled-action.ts';
import { dispatch, type ContractAnswer } from '../../spec/contracts/dispatch.ts';
import { compileGuestSchema } from '../../spec/guest-validator.ts';
import { requireFittingArguments } from '../../spec/handler-checks.ts';
import type { DeliveredEvent } from '../../spec/handler.ts';
import type { HandlerRun } from '../../spec/handler-runs.ts';
import { contractCapabilities } from '../../spec/host/contracts.ts';
import { subscriptionOf } from '../../spec/host/event-checks.ts';
import type { ImportMode } from '../../spec/host/imports.ts';
import { endOfError, endOfRun, type AttemptEnd } from '../../spec/host/job-ending.ts';
import type { RecordView } from '../../spec/host/records.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import type { Manifest } from '../../spec/manifest.ts';
import { parseManifest } from '../../spec/parse-manifest.ts';
import type { ImportKind } from '../../spec/modules/core-modules.ts';
import type { PermissionName } from '../../spec/permission.ts';
import { effectiveConfig, requireFittingConfig } from '../../spec/plugin-config.ts';
import { importerOf } from '../../spec/records/importer-call.ts';
import { Fault, Refusal, type Violation } from '../../spec/refusal.ts';
import type { Caller, HandlerEnd } from '../../spec/run.ts';
import type { Event, Host, Plugin } from '../index.ts';
import { requireAccess } from '../memory/access.ts';
import type { MemoryImport } from '../memory/imports.ts';
import type { MemoryJob } from '../memory/jobs.ts';
import type { MemoryMailServer, SentMail } from '../memory/mail.ts';
import type { MemoryPlugin } from '../memory/plugin.ts';
import { runImport, type ImporterRun } from '../memory/run-import.ts';
import { openMemoryServices } from '../memory/services.ts';
import { endOfWork, fakeDispatch, type FakeContracts } from './fake-contracts.ts';
import type { LoggedLine, Surroundings } from './host-object.ts';
import { callEndpoint, handlerOf, inRun, NAMESPACE, type Handle, type Parts } from './test-run.ts';

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
  /** What other plugins of the organization answer, by id; one that throws is a plugin that failed. */
  readonly plugins?: Readonly<Record<string, (request: Request) => Response | Promise<Response>>>;
  /** What other plugins of the organization answer to `host.contracts.call`, by id; the first is who is bound. */
  readonly contracts?: FakeContracts;
  /** The organization's mail server; one that takes every recipient where absent. */
  readonly mail?: MemoryMailServer;
  /**
   * Records that are there before: by type, the data of each, as another plugin has said them.
   * @example `{ organization: [{ name: 'Lovelace Club' }] }`
   */
  readonly records?: Readonly<Record<string, readonly JsonObject[]>>;
  /** Milliseconds since 1970, for values that end and jobs that wait. */
  readonly nowMs?: () => number;
};

/** A handler that a test calls with a host of its own run. */
export type TestHost = {
  /**
   * Sends a request to an endpoint that the manifest declares.
   * @param path with its leading slash, below the plugin's own address
   * @returns the answer as a caller gets it: with the headers that a server passes on
   * @throws what the plugin threw; Refusal where the manifest has no such endpoint, where it is not for the caller, or
   *   where the body breaks its schema
   */
  fetch(plugin: Plugin, path: string, init?: RequestInit): Promise<Response>;
  /** Runs any handler, such as `(host) => plugin.health(host)`. @returns its answer as JSON */
  run(handler: (host: Host) => unknown, given?: { readonly files?: GivenFiles }): Promise<JsonValue>;
  /**
   * Runs a command with its own limits. @returns its answer as JSON
   * @throws what the plugin threw; Refusal `handler_unknown`, `command_arguments_invalid`, `handler_input_too_large`,
   *   `authentication_required`, `role_missing`
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
  /**
   * Lets the plugin import a file by its contract, as the API of a server does.
   * @returns the import as it ended, with what became of each row
   * @throws Refusal `contract_not_implemented`, `file_name_invalid`
   */
  importFile(plugin: Plugin, wish: ImportRequest): Promise<MemoryImport>;
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
  jobs(): readonly MemoryJob[];
  /** The records of the organization, of all types. */
  records(): readonly RecordView[];
  /** Batches of rows that were proposed, with what became of each row; oldest first. */
  imports(): readonly MemoryImport[];
  /** The key-value data, by key. */
  values(): ReadonlyMap<string, JsonValue>;
};

/** Content by name; text is taken as UTF-8. */
export type GivenFiles = Readonly<Record<string, string | Uint8Array>>;

/** A file that a person imports. */
export type ImportRequest = {
  readonly kind: ImportKind;
  readonly name: string;
  readonly content: string | Uint8Array;
  /** What the importer takes. */
  readonly options?: JsonObject;
  /** `dryRun` decides and changes nothing; `apply` where absent. */
  readonly mode?: ImportMode;
};

/** @throws Refusal `manifest_*`, `config_invalid`; `record_request_invalid` for given records that do not fit */
export function createTestHost(options: TestHostOptions): TestHost {
  const parts = openParts(options);
  const { jobs, events, records, mail, values } = parts.services;
  const handle = handlerOf(parts);
  const take = (given?: { readonly files?: GivenFiles }) =>
    parts.services.files.take(Object.entries(given?.files ?? {}));
  return {
    fetch: (plugin, path, init) =>
      callEndpoint(parts, plugin, new Request(`http://test.invalid${path}`, init)),
    run: (handler, given) => inRun(parts, { files: take(given) }, handler),
    command: async (plugin, name, args = {}, given) => {
      const check = (): void => {
        const { manifest } = parts.around;
        const declared = manifest.contributes?.commands?.find((command) => command.name === name);
        requireAccess(manifest, 'command', declared?.access, parts.caller);
        requireArguments(parts, name, args);
      };
      return handle(plugin, { kind: 'command', command: name, args }, { files: take(given), check });
    },
    contract: async (plugin, contract, action, input, given) => {
      const compiled = requireAction(requireContract(contract), action);
      const check = (): void => requireFittingContract('contract_input_invalid', compiled.checkInput(input));
      const trigger = { kind: 'contract', contract, action, input } as const;
      const value = await handle(plugin, trigger, { files: take(given), check });
      requireFittingContract('contract_output_invalid', compiled.checkOutput(value));
      return value;
    },
    event: async (plugin, told) => {
      const event = { ...newEvent(parts), ...told } as DeliveredEvent;
      const subscription = subscriptionOf(hearsOf(parts), event.emitter, event.name) ?? event.name;
      return handle(plugin, { kind: 'event', subscription, event }, { caller: SYSTEM });
    },
    schedule: async (plugin, schedule, scheduledAt = new Date(parts.nowMs()).toISOString()) =>
      handle(plugin, { kind: 'schedule', schedule, tick: { scheduledAt } }, { caller: SYSTEM }),
    importFile: (plugin, wish) => importFile(parts, handle, plugin, wish),
    work: async (plugin) => {
      for (let job = jobs.nextDue(); job; job = jobs.nextDue())
        await jobs.work(job, (begun) => attempt(() => runJob(handle, plugin, begun)));
    },
    deliver: async (plugin) => {
      for (let [next] = events.waiting(); next; [next] = events.waiting()) {
        const { subscription, event } = next;
        const trigger = { kind: 'event', subscription, event } as const;
        await events.deliver(next, (requestId) => handle(plugin, trigger, { caller: SYSTEM, requestId }));
      }
    },
    lines: parts.lines,
    outbox: mail.outbox,
    emitted: events.emitted,
    jobs: () => jobs.all(),
    records: () => records.all(),
    imports: () => records.imports(),
    values: () => new Map(values.snapshot(NAMESPACE).map(({ key, value }) => [key, value])),
  };
}

const SYSTEM = { kind: 'system' } as const;

function openParts(options: TestHostOptions): Parts {
  const nowMs = options.nowMs ?? Date.now;
  const manifest = parseManifest(Buffer.from(JSON.stringify(options.manifest)));
  const plugin = memoryPluginOf(manifest, options);
  const secrets = new Map(Object.entries(options.secrets ?? {}));
  const readSecret = async (name: string): Promise<string | null> => secrets.get(name) ?? null;
  const lines: LoggedLine[] = [];
  const services = openMemoryServices({
    plugins: () => [plugin],
    readSecret: (_owner, name) => readSecret(name),
    serverOf: () => options.mail ?? {},
    nowMs,
    ...UNHEARD,
  });
  for (const [type, rows] of Object.entries(options.records ?? {})) services.records.give(type, rows);
  const around: Surroundings = {
    ...plugin,
    plugins: new Map(Object.entries(options.plugins ?? {})),
    capabilities: [...services.capabilities, ...contractCapabilities(fakeDispatch(options.contracts ?? {}))],
    readSecret,
    log: (line) => void lines.push(line),
  };
  const caller = options.caller ?? { kind: 'user', id: 'test', role: 'owner' };
  return { services, around, caller, lines, nowMs };
}

/** What a test looks at when it wants to. */
const UNHEARD = {
  changed: () => undefined,
  told: () => undefined,
  sent: () => undefined,
  decided: () => undefined,
};

function memoryPluginOf(manifest: Manifest, { config, deny }: TestHostOptions): MemoryPlugin {
  const effective = effectiveConfig(manifest, {}, config ?? {});
  requireFittingConfig(manifest.id, manifest, effective);
  const grants = (manifest.permissions ?? []).filter(({ name }) => !deny?.includes(name));
  return { manifest, digest: 'test', grants, config: effective };
}

function hearsOf({ around: { manifest, grants } }: Parts): Parameters<typeof subscriptionOf>[0] {
  return { subscribes: manifest.contributes?.events?.subscribes ?? [], grants };
}

function requireArguments({ around: { manifest } }: Parts, command: string, args: JsonObject): void {
  const declared = manifest.contributes?.commands?.find(({ name }) => name === command);
  const schema = { type: 'object', ...declared?.arguments };
  requireFittingArguments({ plugin: manifest.id, command }, args, compileGuestSchema(schema));
}

function runJob(handle: Handle, plugin: Plugin, job: MemoryJob): Promise<JsonValue> {
  const { id, command, args, caller, files } = job;
  return handle(plugin, { kind: 'command', command, args, job: { id } }, { caller, requestId: id, files });
}

async function attempt(work: () => Promise<JsonValue>): Promise<AttemptEnd> {
  try {
    return endOfRun(await endOfWork(work), 'none');
  } catch (error) {
    return endOfError(error, 'none');
  }
}

async function importFile(
  parts: Parts,
  handle: Handle,
  plugin: Plugin,
  wish: ImportRequest,
): Promise<MemoryImport> {
  const { services, around, caller } = parts;
  const { id, version, contributes } = around.manifest;
  const { contract } = importerOf(wish.kind);
  if (!contributes?.contracts?.includes(contract)) throw notImplemented(contract, id);
  const { installationId, orgId } = NAMESPACE;
  const proposer = { installationId, plugin: { id, version }, digest: around.digest };
  const [file] = services.files.take([[wish.name, wish.content]]);
  if (!file) throw new Fault('a file was not kept');
  const run = ({ trigger, requestId, files = [] }: HandlerRun): Promise<HandlerEnd> =>
    endOfWork(() => handle(plugin, trigger, { caller, requestId, files }));
  const binding = bindingOf(contract, [{ plugin: id, active: 'yes', bound: 'no' }]);
  const call = ({ input, files, jobId }: ImporterRun): Promise<ContractAnswer> =>
    dispatch(
      { bindings: { read: async () => binding }, handlers: { run } },
      {
        orgId,
        contract,
        action: 'import',
        input,
        mode: 'one',
        caller,
        requestId: jobId,
        files,
        job: { id: jobId },
      },
    );
  const { kind, options = {}, mode = 'apply' } = wish;
  return runImport(services.records, call, { orgId, kind, proposer, file, options, mode });
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

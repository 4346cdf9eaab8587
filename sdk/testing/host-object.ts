/**
 * The `host` of one run of a test: the same errors as in the sandbox, in the same order: alive, JSON, quota, known
 * arguments, granted, done.
 */
import { format } from 'node:util';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { FETCH_ARGUMENTS, fetchPermission } from '../../spec/egress/request.ts';
import { argumentFault, deniedSentence } from '../../spec/host/call-refusal.ts';
import type { Capability } from '../../spec/host/capability.ts';
import { headersForGuest } from '../../spec/guest-headers.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { ISOLATE_LIMITS, RUN_LIMITS, type TriggerKind } from '../../spec/limits.ts';
import { coversPermission, type Permission } from '../../spec/permission.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { Host } from '../index.ts';
import type { MemoryPlugin } from '../memory/plugin.ts';
import type { ServiceContext } from '../memory/services.ts';
import { withoutGuard, type GuardedFetch } from './fetch-stand-in.ts';
import { fetchArguments, fetchOutside } from './outside-fetch.ts';

export type LoggedLine = { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly text: string };

/** What every run of a test host shares. */
export type Surroundings = MemoryPlugin & {
  readonly plugins: ReadonlyMap<string, (request: Request) => Response | Promise<Response>>;
  readonly capabilities: readonly Capability<RunContext>[];
  /** Answers null for a secret that is not set. */
  readonly readSecret: (name: string) => Promise<string | null>;
  readonly log: (line: LoggedLine) => void;
};

/** One run, as the supervisor of a server would know it. */
export type RunContext = ServiceContext & { readonly chain: readonly string[] };

/** Why it runs, which says what its limits are. */
export type RunStart = {
  readonly limitedAs: TriggerKind;
  readonly context: RunContext;
};

export type OpenRun = {
  readonly host: Host;
  /** What the plugin calls as `fetch`. */
  readonly fetch: GuardedFetch;
  end(): void;
};

type Run = RunStart & { live: boolean; calls: number; pending: number; lines: number };

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const ajv = new Ajv2020({ strict: true, allErrors: false, ownProperties: true });
const validators = new WeakMap<JsonObject, ValidateFunction>();

/** @returns a host that is dead once `end` has been called */
export function openRun(around: Surroundings, start: RunStart): OpenRun {
  const run: Run = { ...start, live: true, calls: 0, pending: 0, lines: 0 };
  const parts = new Map<string, unknown>([
    ['org', Object.freeze({ id: 'test', slug: 'test' })],
    ['plugin', Object.freeze({ id: around.manifest.id, version: around.manifest.version })],
    ['config', deepFreeze(structuredClone(around.config))],
    ['caller', deepFreeze(structuredClone(start.context.caller))],
    ['log', logOf(around, run)],
    ['plugins', Object.freeze({ call: pluginCallOf(around, run) })],
    ...servicesOf(around, run),
  ]);
  return {
    host: hostOf(parts) as Host,
    fetch: fetchOf(around, run),
    end: () => {
      run.live = false;
    },
  };
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
}

/** Asked of any object by `await`, `JSON.stringify` and string conversion. */
const PROBED = new Set(['then', 'toJSON', 'constructor', 'valueOf', 'toString']);

function hostOf(parts: ReadonlyMap<string, unknown>): object {
  const refuse = (): boolean => false;
  return new Proxy(Object.create(null) as object, {
    get: (_target, key) => {
      if (typeof key === 'string' && parts.has(key)) return parts.get(key);
      if (typeof key === 'symbol' || PROBED.has(key)) return undefined;
      throw new TypeError(
        `host.${key} does not exist here; this host has ${JSON.stringify([...parts.keys()])}`,
      );
    },
    has: (_target, key) => typeof key === 'string' && parts.has(key),
    ownKeys: () => [...parts.keys()],
    getOwnPropertyDescriptor: (_target, key) =>
      typeof key === 'string' && parts.has(key)
        ? { value: parts.get(key), enumerable: true, configurable: true }
        : undefined,
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    setPrototypeOf: refuse,
    preventExtensions: refuse,
  });
}

function logOf(around: Surroundings, run: Run): object {
  const entries = LEVELS.map((level) => {
    const write = (...parts: unknown[]): void => {
      if (!run.live || ++run.lines > RUN_LIMITS[run.limitedAs].logLinesMax) return;
      around.log({ level, text: format(...parts).slice(0, ISOLATE_LIMITS.logCharsMax) });
    };
    return [level, write] as const;
  });
  return Object.freeze(Object.fromEntries(entries));
}

function servicesOf(around: Surroundings, run: Run): [string, object][] {
  const spaces = new Map<string, Record<string, unknown>>();
  for (const capability of around.capabilities) {
    const [space = '', method = ''] = capability.name.split('.');
    const methods = spaces.get(space) ?? (Object.create(null) as Record<string, unknown>);
    spaces.set(space, methods);
    const call = (...args: unknown[]): Promise<JsonValue> =>
      callService(around, run, capability, argumentsOf(capability.parameters ?? [], args));
    methods[method] = capability.name === 'files.stream' ? fileStreamOf(call) : call;
  }
  return [...spaces].map(([space, methods]) => [space, Object.freeze(methods)]);
}

/** A stream that asks for a piece when its reader wants one. */
function fileStreamOf(
  call: (file: string, piece: number) => Promise<JsonValue>,
): (file: string) => ReadableStream<Uint8Array> {
  return (file) => {
    if (typeof file !== 'string') throw new TypeError('host.files.stream takes the name or the id of a file');
    let piece = 0;
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
      const text = await call(file, piece++);
      if (text === null) controller.close();
      else controller.enqueue(new Uint8Array(Buffer.from(String(text), 'latin1')));
    };
    return new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 });
  };
}

/** `kv.set('a', 1, { ttlMs: 5 })` with parameters key and value becomes `{ key: 'a', value: 1, ttlMs: 5 }`. */
function argumentsOf(parameters: readonly string[], args: readonly unknown[]): object {
  if (parameters.length === 0) return (args[0] as object | undefined) ?? {};
  const options = args[parameters.length];
  const isOptions = typeof options === 'object' && options !== null && !Array.isArray(options);
  const named = parameters.map((name, index) => [name, args[index]] as const);
  return { ...(isOptions ? options : {}), ...Object.fromEntries(named) };
}

async function callService(
  around: Surroundings,
  run: Run,
  capability: Capability<RunContext>,
  passed: object,
): Promise<JsonValue> {
  const text = enterCall(run, capability.name, passed);
  run.pending += 1;
  try {
    const args = readArguments(capability, text);
    const permission = capability.requires(args);
    requireGrant(around, capability.name, permission);
    const acted = withoutGuard(async () => capability.act(args, run.context));
    const answer: JsonValue = await acted.catch(deniedWhileActing(permission));
    return JSON.parse(JSON.stringify(answer ?? null)) as JsonValue;
  } catch (error) {
    throw asGuestSees(capability.name, error);
  } finally {
    run.pending -= 1;
  }
}

/** @returns the arguments as JSON. @throws what a guest gets before its call leaves the isolate */
function enterCall(run: Run, name: string, passed: object): string {
  if (!run.live) throw new Error(`the run has ended, host.${name} is no longer there`);
  const text = JSON.stringify(passed) as string | undefined;
  if (text === undefined) throw new TypeError(`the arguments of host.${name} are not JSON`);
  const { callCharsMax } = ISOLATE_LIMITS;
  if (text.length > callCharsMax)
    throw new TypeError(`the arguments of host.${name} are longer than ${callCharsMax} characters`);
  const { hostCallsMax, hostCallsPendingMax } = RUN_LIMITS[run.limitedAs];
  if (run.calls >= hostCallsMax) throw new Error(`a run may make ${hostCallsMax} host calls`);
  if (run.pending >= hostCallsPendingMax)
    throw new Error(`a run may wait for ${hostCallsPendingMax} host calls at once`);
  run.calls += 1;
  return text;
}

type Arguments = Pick<Capability<RunContext>, 'name' | 'argumentSchema'>;

function readArguments({ name, argumentSchema }: Arguments, text: string): JsonObject {
  const validate = validators.get(argumentSchema) ?? ajv.compile(argumentSchema);
  validators.set(argumentSchema, validate);
  const args = JSON.parse(text) as JsonObject;
  if (validate(args)) return args;
  throw guestError('TypeError', 'arguments_invalid', `${name}: ${argumentFault(validate.errors)}`);
}

function requireGrant({ grants }: Surroundings, name: string, permission: Permission | null): void {
  if (permission === null || grants.some((grant) => coversPermission(grant, permission))) return;
  throw guestError(
    'PermissionDenied',
    'permission_denied',
    deniedSentence(name, permission),
    permission.name,
  );
}

/** What only shows while it acts, such as where a redirect leads. */
function deniedWhileActing(permission: Permission | null): (error: unknown) => never {
  return (error) => {
    if (!permission || !(error instanceof Refusal) || error.code !== 'permission_denied') throw error;
    throw guestError('PermissionDenied', 'permission_denied', error.message, permission.name);
  };
}

const GUEST_ERRORS = new WeakSet<Error>();

function guestError(name: string, code: string, message: string, permission?: string): Error {
  const error = name === 'TypeError' ? new TypeError(message) : new Error(message);
  const members = { name, code, ...(permission === undefined ? {} : { permission }) };
  for (const [key, value] of Object.entries(members))
    Object.defineProperty(error, key, { value, configurable: true, writable: true });
  GUEST_ERRORS.add(error);
  return error;
}

/** With the members that a problem document of the same refusal has, such as `contractError`. */
function refused({ code, message, extensions, cause }: Refusal): Error {
  const error = guestError('HostError', code, message);
  if (cause !== undefined) Object.defineProperty(error, 'cause', { value: cause, configurable: true });
  for (const [key, value] of Object.entries(extensions))
    if (!Object.hasOwn(error, key))
      Object.defineProperty(error, key, { value, configurable: true, writable: true });
  return error;
}

function asGuestSees(name: string, error: unknown): unknown {
  if (error instanceof Error && GUEST_ERRORS.has(error)) return error;
  if (error instanceof Refusal) return refused(error);
  return guestError('HostError', 'internal_error', `${name} failed`);
}

function pluginCallOf(
  around: Surroundings,
  run: Run,
): (id: string, path: string, init?: RequestInit) => unknown {
  return async (id, path, init) => {
    if (typeof path !== 'string' || !path.startsWith('/'))
      throw new TypeError('the path of host.plugins.call begins with a slash');
    const whole = new Request(`http://plugin${path}`, init);
    const { signal } = whole;
    signal.throwIfAborted();
    enterCall(run, 'plugins.call', { id, path });
    const headers = headersForGuest([...whole.headers]).map(([name, value]): [string, string] => [
      name,
      value,
    ]);
    const request = new Request(whole, { headers });
    try {
      requireGrant(around, 'plugins.call', { name: 'plugins.call', scope: [String(id)] });
      const called = findPlugin(around, id);
      return await untilAborted(
        signal,
        answerOf(id, () => called(request)),
      );
    } catch (error) {
      throw error instanceof Refusal ? refused(error) : error;
    }
  };
}

/** What another plugin throws is known to its administrators alone; the test finds it as the cause. */
async function answerOf(id: string, call: () => unknown): Promise<unknown> {
  try {
    return await withoutGuard(async () => call());
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal('plugin_run_failed', {
      detail: `${id} did not answer: exception.`,
      extensions: { outcome: 'exception' },
      cause: error,
    });
  }
}

function untilAborted<Answer>(signal: AbortSignal, work: Promise<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const give = (): void => reject(signal.reason);
    signal.addEventListener('abort', give, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
  });
}

const NATIVE_FETCH = globalThis.fetch;
const FETCH: Arguments = { name: 'http.fetch', argumentSchema: FETCH_ARGUMENTS };

function fetchOf(around: Surroundings, run: Run): GuardedFetch {
  return async (outside, input, init) => {
    const request = new Request(input, init);
    const { signal } = request;
    signal.throwIfAborted();
    // Of nobody's but its own data: no grant is asked for, and no outside.
    if (request.url.startsWith('data:')) return NATIVE_FETCH(request);
    const text = enterCall(run, FETCH.name, await fetchArguments(request));
    run.pending += 1;
    try {
      const args = readArguments(FETCH, text);
      const permission = fetchPermission(args);
      requireGrant(around, FETCH.name, permission);
      const fetched = withoutGuard(() => fetchOutside(args, { ...around, outside, signal }));
      return await fetched.catch(deniedWhileActing(permission));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw error instanceof Refusal ? refused(error) : error;
    } finally {
      run.pending -= 1;
    }
  };
}

function findPlugin({ manifest, plugins }: Surroundings, id: string): (request: Request) => unknown {
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  if (!declared.includes(id))
    throw new Refusal('dependency_undeclared', {
      detail: `${manifest.id} does not declare ${id} as a dependency.`,
    });
  const found = plugins.get(id);
  if (!found) throw new Refusal('plugin_not_installed', { detail: `${id} is not installed here.` });
  return found;
}

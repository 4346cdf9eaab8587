/**
 * The `host` object of one run: null-prototype, immutable, dead once the run has been answered.
 *
 * It carries no secret and no handle: all it can do is name its run to the runner, which believes it only as far as
 * that run is alive in this very isolate.
 */
import { POST, type GuestSettings } from './bridge.ts';
import { callSite, type CallSite } from './error-text.ts';
import { errorFromHost } from './errors.ts';
import { formatLine } from './format.ts';
import {
  assign,
  create,
  ErrorConstructor,
  freeze,
  isArray,
  MapConstructor,
  mapDelete,
  mapForEach,
  mapGet,
  mapHas,
  mapSet,
  mapSize,
  ownKeys,
  parse,
  PromiseConstructor,
  ProxyConstructor,
  setPrototypeOf,
  stringIndexOf,
  stringify,
  stringSlice,
  TypeErrorConstructor,
} from './primordials.ts';
import { fileStream } from './file-stream.ts';
import { closeAnswers, closeRequest, type Inflow } from './inflow.ts';
import type { Outflow } from './outflow.ts';
import { pluginCall, type SentCall } from './plugin-call.ts';
import { post } from './post.ts';

/** One run as the guest side knows it. */
export type GuestRun = {
  readonly id: number;
  live: boolean;
  /** Bodies that come in pieces, while they do. */
  inflow: Inflow | undefined;
  outflow: Outflow | undefined;
  /** Who wants to know when the host ends the run: its caller went away, or it has used up its budget. */
  watchers: (() => void)[] | undefined;
  wasEnded: boolean;
};

type Pending = {
  readonly run: number;
  readonly site: CallSite;
  resolve(text: string): void;
  reject(error: unknown): void;
};

const pendingCalls = new MapConstructor<number, Pending>();
let lastCall = 0;

/** Settings parsed once for all runs of one revision. */
export type HostSettings = {
  readonly raw: GuestSettings;
  readonly shared: Readonly<Record<string, unknown>>;
  /** Namespace to method to the service. */
  readonly services: Map<string, Map<string, Service>>;
  /** All that the host object has. */
  readonly keys: readonly string[];
};

export type Service = { readonly name: string; readonly parameters: readonly string[] };

/** Reads what `configure` brought. */
export function readSettings(text: string): HostSettings {
  const raw = parse(text) as GuestSettings;
  const services = new MapConstructor<string, Map<string, Service>>();
  for (let index = 0; index < raw.services.length; index++) {
    const service = raw.services[index] as Service;
    const dot = stringIndexOf(service.name, '.');
    const space = stringSlice(service.name, 0, dot);
    const methods = mapGet(services, space) ?? new MapConstructor<string, Service>();
    mapSet(methods, stringSlice(service.name, dot + 1), service);
    mapSet(services, space, methods);
  }
  const shared = create(null) as Record<string, unknown>;
  shared['org'] = deepFreeze(raw.org);
  shared['plugin'] = deepFreeze(raw.plugin);
  shared['config'] = deepFreeze(parse(raw.configText));
  return { raw, shared: freeze(shared), services, keys: hostKeys(services) };
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  for (const key of ownKeys(value)) deepFreeze((value as Record<PropertyKey, unknown>)[key]);
  return freeze(value);
}

/** Asked of any object by `await`, `JSON.stringify` and string conversion: an error there would only confuse. */
function isProbedByTheLanguage(key: string): boolean {
  return (
    key === 'then' || key === 'toJSON' || key === 'constructor' || key === 'valueOf' || key === 'toString'
  );
}

/**
 * Makes the host object of one run; its parts are made when they are first read.
 * @param callerText who called, as JSON
 */
export function makeHost(run: GuestRun, settings: HostSettings, callerText: string): object {
  return new ProxyConstructor(NOTHING, new HostTraps(run, settings, callerText));
}

/** Beneath every host object: its proxy shows nothing of it, and never changes it. */
const NOTHING = create(null) as object;

/**
 * What the proxy of a host object does: shows its parts as frozen data, and answers an unknown name with an error that
 * lists them. One class for all runs, so that a run makes no functions for it.
 */
class HostTraps implements ProxyHandler<object> {
  readonly #run: GuestRun;
  readonly #settings: HostSettings;
  readonly #callerText: string;
  #parts: Map<string, unknown> | undefined;

  constructor(run: GuestRun, settings: HostSettings, callerText: string) {
    this.#run = run;
    this.#settings = settings;
    this.#callerText = callerText;
  }

  #has(key: PropertyKey): key is string {
    const { shared, services } = this.#settings;
    return (
      typeof key === 'string' && (key === 'log' || key === 'caller' || key in shared || mapHas(services, key))
    );
  }

  #read(key: string): unknown {
    const parts = (this.#parts ??= new MapConstructor<string, unknown>());
    if (!mapHas(parts, key)) mapSet(parts, key, this.#make(key));
    return mapGet(parts, key);
  }

  #make(key: string): unknown {
    const { shared } = this.#settings;
    if (key in shared) return shared[key];
    if (key === 'log') return makeLog(this.#run, this.#settings);
    if (key === 'caller') return deepFreeze(parse(this.#callerText) as unknown);
    return makeServices(this.#run, this.#settings, key);
  }

  get(_target: object, key: string | symbol): unknown {
    if (this.#has(key)) return this.#read(key);
    if (typeof key === 'symbol' || isProbedByTheLanguage(key)) return undefined;
    const { keys } = this.#settings;
    throw new TypeErrorConstructor(`host.${key} does not exist here; this host has ${stringify(keys)}`);
  }

  has(_target: object, key: string | symbol): boolean {
    return this.#has(key);
  }

  ownKeys(): string[] {
    return this.#settings.keys as string[];
  }

  getOwnPropertyDescriptor(_target: object, key: string | symbol): PropertyDescriptor | undefined {
    if (!this.#has(key)) return undefined;
    return {
      __proto__: null,
      value: this.#read(key),
      enumerable: true,
      configurable: true,
    } as PropertyDescriptor;
  }

  set(): boolean {
    return false;
  }

  defineProperty(): boolean {
    return false;
  }

  deleteProperty(): boolean {
    return false;
  }

  setPrototypeOf(): boolean {
    return false;
  }

  preventExtensions(): boolean {
    return false;
  }
}

// A trap that is not here must not be looked for where a guest could put one.
setPrototypeOf(HostTraps.prototype, null);

function hostKeys(services: HostSettings['services']): readonly string[] {
  const keys = ['log', 'caller', 'org', 'plugin', 'config'];
  mapForEach(services, (_methods, space) => {
    keys[keys.length] = space;
  });
  return freeze(keys);
}

function makeLog(run: GuestRun, settings: HostSettings): object {
  const log = create(null) as Record<string, unknown>;
  // Once the runner has dropped a line it drops all that follow: they need not even be made.
  let isFull = false;
  const levels = ['debug', 'info', 'warn', 'error'];
  for (let level = 0; level < levels.length; level++) {
    log[levels[level] as string] = (...items: unknown[]): void => {
      if (!run.live || isFull) return;
      isFull = post(POST.log, run.id, level, formatLine(items, settings.raw.logCharsMax)) !== 1;
    };
  }
  return freeze(log);
}

function makeServices(run: GuestRun, settings: HostSettings, space: string): object {
  const methods = mapGet(settings.services, space) as Map<string, Service>;
  const object = create(null) as Record<string, unknown>;
  mapForEach(methods, (service, method) => {
    const { callCharsMax } = settings.raw;
    const call = (...args: unknown[]): Promise<unknown> =>
      callService(run.id, service, args, callCharsMax, run);
    const send = (sent: SentCall, args: unknown[]): Promise<unknown> =>
      callService(run.id, service, args, callCharsMax, run, sent);
    object[method] =
      service.name === 'plugins.call' ? pluginCall(send, giveUpCall) : shaped(service.name, call);
  });
  return freeze(object);
}

/** What some services are to the guest, over their calls. */
function shaped(name: string, call: (...args: unknown[]) => Promise<unknown>): unknown {
  return name === 'files.stream' ? fileStream(call) : call;
}

/**
 * Sends one host call.
 * @param runId the run, or 0 for the one that the runner is in
 * @param sent told which call it is, where it may have to be given up
 */
export function callService(
  runId: number,
  service: Service,
  args: readonly unknown[],
  callCharsMax: number,
  run?: GuestRun,
  sent?: SentCall,
): Promise<unknown> {
  const site = sent ? sent.site : callSite();
  return new PromiseConstructor((resolve, reject) => {
    if (run && !run.live)
      throw new ErrorConstructor(`the run has ended, host.${service.name} is no longer there`);
    const text: unknown = stringify(argumentsOf(service, args));
    if (typeof text !== 'string')
      throw new TypeErrorConstructor(`the arguments of host.${service.name} are not JSON`);
    if (text.length > callCharsMax)
      throw new TypeErrorConstructor(
        `the arguments of host.${service.name} are longer than ${callCharsMax} characters`,
      );
    const call = ++lastCall;
    const accepted = post(POST.call, runId, call, service.name, text);
    if (typeof accepted !== 'number') throw new ErrorConstructor(String(accepted));
    if (sent) {
      sent.run = accepted;
      sent.call = call;
    }
    mapSet(pendingCalls, call, {
      run: accepted,
      site,
      resolve: (answer) => resolve(parse(answer)),
      reject,
    });
  });
}

/** `kv.set('a', 1, { ttl: 5 })` with parameters key and value becomes `{ key: 'a', value: 1, ttl: 5 }`. */
function argumentsOf(service: Service, args: readonly unknown[]): object {
  const { parameters } = service;
  if (parameters.length === 0) return (args[0] as object | undefined) ?? {};
  const object = create(null) as Record<string, unknown>;
  const options = args[parameters.length];
  if (typeof options === 'object' && options !== null && !isArray(options)) assign(object, options);
  for (let index = 0; index < parameters.length; index++) object[parameters[index] as string] = args[index];
  return object;
}

/** Settles a pending call; an answer for one that is gone is dropped. */
export function settleCall(call: number, failed: boolean, text: string): void {
  const pending = mapGet(pendingCalls, call);
  if (!pending) return;
  mapDelete(pendingCalls, call);
  if (failed) pending.reject(errorFromHost(text, pending.site));
  else pending.resolve(text);
}

/** Rejects a pending call with the reason and tells the host that nobody waits for it; one that was answered stays so. */
export function giveUpCall({ run, call }: SentCall, reason: unknown): void {
  const pending = mapGet(pendingCalls, call);
  if (!pending) return;
  mapDelete(pendingCalls, call);
  post(POST.drop, run, call);
  pending.reject(reason);
}

/** Ends a run's host object: nothing can be called any more, and what was called is forgotten. */
export function revoke(run: GuestRun): void {
  run.live = false;
  const { inflow, outflow } = run;
  run.inflow = undefined;
  run.outflow = undefined;
  if (mapSize(pendingCalls) > 0) forgetCalls(run.id);
  closeRequest(inflow);
  closeAnswers(run.id);
  outflow?.revoke();
}

function forgetCalls(run: number): void {
  mapForEach(pendingCalls, (pending, call) => {
    if (pending.run === run) mapDelete(pendingCalls, call);
  });
}

/** Calls back when the host ends the run before it has answered; at once where it has. */
export function watchRun(run: GuestRun, ended: () => void): void {
  if (run.wasEnded) return ended();
  if (!run.live) return;
  run.watchers ??= [];
  run.watchers[run.watchers.length] = ended;
}

/** The host has ended the run: nothing can be called any more, and who watches is told so. */
export function endByHost(run: GuestRun): void {
  run.wasEnded = true;
  const { watchers } = run;
  run.watchers = undefined;
  revoke(run);
  if (!watchers) return;
  for (let index = 0; index < watchers.length; index++) watchers[index]?.();
}

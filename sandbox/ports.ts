/**
 * The borders of the sandbox: what it is told, what it may ask of the server, and what it answers.
 *
 * The sandbox knows no database and no registry. The server hands it a `Guest` (who is to run, with what rights),
 * a `Trigger` (why), and the ports through which packages and host services come in. A guest's identity is taken
 * from the supervisor's record of the run, never from a message.
 */
import type { HandlerPath, HandlerTrigger } from '../spec/handler.ts';
import type { HostBody } from '../spec/host/capability.ts';
import type { JsonObject, JsonValue } from '../spec/json.ts';
import type { Permission } from '../spec/permission.ts';
import type { PluginId } from '../spec/plugin-id.ts';
import type { Caller, FailedRun, RunFile, RunUsage } from '../spec/run.ts';

export type { Caller, GuestError, RunFile, RunUsage } from '../spec/run.ts';

/** How much a publisher is trusted; runners never mix tiers. */
export type TrustTier = 'trusted' | 'reviewed' | 'unreviewed';

/** One installation, ready to run: the identity and the rights of its code. */
export type Guest = {
  readonly installationId: string;
  readonly org: { readonly id: string; readonly slug: string };
  readonly plugin: { readonly id: PluginId; readonly version: string };
  /** SHA-256 of the package in lower-case hex; names the code. */
  readonly digest: string;
  /** Path of the entry module inside the package. */
  readonly main: string;
  readonly tier: TrustTier;
  /** What the administrator's consent receipt grants, with parameters. The broker enforces exactly this. */
  readonly grants: readonly Permission[];
  /** Changes whenever grants or configuration change; a run in flight keeps what it began with. */
  readonly revision: string;
  /** Effective configuration. */
  readonly config: JsonObject;
  /** Declared dependencies that this guest may call, by plugin id. */
  readonly dependencies: readonly PluginId[];
  /** What its manifest declares and its default export must have, or it does not load. None where absent. */
  readonly handlers?: readonly HandlerPath[];
};

/**
 * A body in pieces. Each is asked for, so that who reads slowly is never overrun.
 * `broken`: the body ended before its end; nothing follows, as after `ended`.
 */
export type ByteSource = {
  /** @returns the next piece, never empty. Not to be called again before it has resolved; never rejects. */
  read(): Promise<Uint8Array | 'ended' | 'broken'>;
};

/** A request to the guest's `fetch`, already filtered by the gateway. */
export type GuestRequest = {
  readonly method: string;
  /** Absolute URL as the guest shall see it. */
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array | ByteSource | null;
};

export type GuestResponse = {
  /** From 200 to 599. */
  readonly status: number;
  /** As HTTP allows them: no CR, LF or NUL. */
  readonly headers: readonly (readonly [string, string])[];
  /** In pieces only where the invocation takes that. */
  readonly body: Uint8Array | ByteSource | null;
};

/** Why guest code runs. */
export type Trigger =
  | { readonly kind: 'endpoint'; readonly request: GuestRequest }
  | { readonly kind: 'lifecycle'; readonly hook: 'activate' | 'deactivate' }
  | { readonly kind: 'lifecycle'; readonly hook: 'upgrade'; readonly fromVersion: string }
  | { readonly kind: 'health' }
  | HandlerTrigger;

export { limitedAs } from '../spec/handler.ts';

export type Invocation = {
  readonly guest: Guest;
  readonly trigger: Trigger;
  readonly caller: Caller;
  /** Correlates log lines, metrics and the caller's answer. */
  readonly requestId: string;
  /** Milliseconds of `performance.now()` at which the answer is due; never later than the trigger's own limit. */
  readonly deadline?: number;
  /** Chain of installations that led here through `plugins.call`, outermost first. */
  readonly chain?: readonly string[];
  /** Files that this run may read. */
  readonly files?: readonly RunFile[];
  readonly signal?: CancelSignal;
  /** `pieces`: the caller takes the body of an answer as it comes; else it is read to its end first. */
  readonly answer?: 'whole' | 'pieces';
};

/** Tells that the caller went away. An `AbortSignal` is one; the hot path makes do with less. */
export type CancelSignal = {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options: { readonly once: true }): void;
};

/**
 * How a run ended; where the body of the answer is a `ByteSource`, how far it has come: then the run goes on until the
 * body has ended or is broken, and only the observer hears how it ended. `value` is what a hook, health test or named
 * handler answered, as JSON.
 */
export type Completion =
  | {
      readonly outcome: 'ok';
      readonly response: GuestResponse | null;
      readonly value: JsonValue;
      readonly usage: RunUsage;
    }
  | FailedRun;

/**
 * What an installation may do now, or `notActive`. Asked for host calls of runs that have lasted for a while: a grant
 * that was narrowed counts for them as well.
 */
export type GrantsOf = (guest: Guest) => Promise<readonly Permission[] | 'notActive'>;

/** Reads packages for runners. Called once per isolate that is created. */
export type PackagePort = {
  /** @returns the package's files that a guest can load, by path; undefined when the digest is unknown. */
  files(digest: string): Promise<ReadonlyMap<string, Uint8Array> | undefined>;
};

/** The run on whose behalf a host call is made; made by the supervisor. */
export type HostCallContext = {
  readonly guest: Guest;
  readonly caller: Caller;
  readonly requestId: string;
  readonly chain: readonly string[];
  /** Why the run was started. */
  readonly trigger: Trigger;
  readonly files: readonly RunFile[];
  /** `performance.now()` by which the call must have settled. */
  readonly deadline: number;
  /** Aborted with the end of the run, or when the guest does not want the answer any more, or the body that it has. */
  readonly signal: AbortSignal;
  /** Hands over a body for the guest to pull once it has the answer of this call; at most one. */
  giveBody(body: HostBody): void;
};

/**
 * One host service, as the broker sees it. The broker calls `act` only after it has checked that the capability is
 * known, that a grant covers these very arguments, the quota, and the shape of the arguments.
 */
export type Capability = {
  /** `kv.get`, `plugins.call`, … */
  readonly name: string;
  /** The permission that must be granted, computed from the checked arguments; null where none is needed. */
  readonly requires: (args: JsonObject) => Permission | null;
  /** JSON Schema 2020-12 of the arguments: always one object. */
  readonly argumentSchema: JsonObject;
  /**
   * Names of the arguments in the order in which the guest passes them: with `['key', 'value']`, the guest's
   * `host.kv.set('a', 1, { ttlMs: 5 })` asks for `{ key: 'a', value: 1, ttlMs: 5 }`. Absent: the guest passes the object.
   */
  readonly parameters?: readonly string[];
  /** Does it. A `Refusal` reaches the guest as an error with the refusal's code and detail; anything else as a fault. */
  readonly act: (args: JsonObject, context: HostCallContext) => Promise<JsonValue>;
};

/** What the sandbox tells the server about, for logs, metrics and audit. Must not throw and must not block. */
export type SandboxObserver = {
  runEnded(invocation: Invocation, completion: Completion): void;
  /** Processor time of a run that was ended without its runner, told by it afterwards. Not told of one that is killed. */
  spentAfterEnd(invocation: Invocation, cpuMs: number): void;
  guestLogged(
    guest: Guest,
    entry: { level: 'debug' | 'info' | 'warn' | 'error'; text: string; requestId: string | null },
  ): void;
  callDenied(guest: Guest, capability: string, permission: Permission | null): void;
  /** A host service failed for a reason of ours; the guest was told nothing of it. */
  callFailed(guest: Guest, capability: string, requestId: string, error: unknown): void;
  runnerEnded(runner: EndedRunner, why: string, blamed: readonly Guest[]): void;
};

/** A runner that died or was killed. `runs`: how many ended with it, of whoever they were. */
export type EndedRunner = { readonly pid: number; readonly tier: TrustTier; readonly runs: number };

/**
 * Types for authors of plugins: what a package exports, and the `host` object that it is given.
 *
 * A host object belongs to one run. After the answer it is revoked: keep what you read from it, not the object.
 */

/** Any JSON value; what crosses between a plugin and its host. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Who stands behind a run. */
export type Caller =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'user'; readonly id: string; readonly role: 'member' | 'admin' | 'owner' | null }
  | { readonly kind: 'plugin'; readonly id: string; readonly behind: Caller }
  | { readonly kind: 'system' };

/** The plugin's log, which administrators of the organization read. */
export type Log = {
  debug(...parts: unknown[]): void;
  info(...parts: unknown[]): void;
  warn(...parts: unknown[]): void;
  error(...parts: unknown[]): void;
};

/** Data of this installation; needs the permission `kv`. Keys have 1 to 512 bytes, values are JSON of at most 64 KiB. */
export type KeyValue = {
  /** @returns the value, or null when there is none or its time has passed */
  get<T extends Json = Json>(key: string): Promise<T | null>;
  /** @returns the value with its version, for `compareAndSet` */
  getEntry<T extends Json = Json>(key: string): Promise<{ value: T; version: number } | null>;
  /** @param keys up to 100. @returns a pair of key and value for each that is there; `new Map(await kv.getMany(keys))` */
  getMany<T extends Json = Json>(keys: readonly string[]): Promise<[string, T][]>;
  /** @param options.ttlMs after so long the value is gone. @returns the version that was written */
  set(key: string, value: Json, options?: { ttlMs?: number }): Promise<number>;
  /** @returns whether there was a value */
  delete(key: string): Promise<boolean>;
  /** Keys that begin with `prefix`, in order; `next` is the `after` of the next page, null on the last. */
  list(page?: {
    prefix?: string;
    after?: string;
    limit?: number;
  }): Promise<{ keys: string[]; next: string | null }>;
  /**
   * Writes only if the version is still `version`; 0 stands for a key that is not there.
   * @returns whether it was stored, and the version that is there now
   */
  compareAndSet(
    key: string,
    version: number,
    value: Json,
    options?: { ttlMs?: number },
  ): Promise<{ stored: boolean; version: number }>;
};

/** Secrets that administrators enter for this installation; needs the permission `secrets`. */
export type Secrets = {
  /** @returns the value of a secret that the manifest declares, or null while it is not set */
  get(name: string): Promise<string | null>;
};

/** A message that a plugin sends; the sender is the organization's. */
export type MailMessage = {
  /** `ada@example.org` or `Ada Lovelace <ada@example.org>`. */
  readonly to: string | readonly string[];
  readonly cc?: string | readonly string[];
  readonly replyTo?: string;
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
};

/** Mail through the server of the organization; needs the permission `mail.send`. */
export type Mail = {
  /** @returns the recipients that the server took, and those that it did not; throws where it took none */
  send(message: MailMessage): Promise<{ messageId: string; accepted: string[]; rejected: string[] }>;
  /** Greets the server and logs in; throws where that fails. */
  verify(): Promise<true>;
};

/** Calls of declared dependencies; needs the permission `plugins.call` for each. */
export type Plugins = {
  /** Sends a request to an endpoint of another plugin of this organization, such as `/hello/Ada`. */
  call(id: string, path: string, init?: RequestInit): Promise<Response>;
};

/** The files that were handed to this run, and no other. */
export type Files = {
  list(): Promise<{ id: string; name: string; bytes: number; sha256: string }[]>;
  /** @param file the id, or the name where one file alone has it */
  stream(file: string): ReadableStream<Uint8Array>;
};

/** Events of the organization; needs the permission `events.emit` for the name. */
export type Events = {
  /**
   * Tells something that the manifest declares under `contributes.events.emits`.
   * @param options.key events of one key reach each subscriber in order
   * @returns how many plugins will hear it
   */
  emit(name: string, data?: Json, options?: { key?: string }): Promise<{ id: string; subscribers: number }>;
};

/** Work in the background; `enqueue` and `get` need the permission `jobs`. */
export type Jobs = {
  /**
   * Runs a command of this plugin in the background, once its transaction has committed.
   * @param options.delayMs not before so long
   */
  enqueue(
    command: string,
    args?: { [key: string]: Json },
    options?: { delayMs?: number },
  ): Promise<{ id: string }>;
  /** A job of this plugin. */
  get(id: string): Promise<{
    id: string;
    command: string;
    state: 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled';
    attempt: number;
    progress: { done: number; total: number | null; message: string | null } | null;
    result: Json;
    failure: { code: string; message: string; outcome: string | null } | null;
  }>;
  /** Says how far the job is that calls it. */
  progress(progress: { done: number; total?: number | null; message?: string | null }): Promise<void>;
};

/** A record of the organization. Fields of plugins' extensions stand under the plugin's id. */
export type SoukRecord = {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly [field: string]: Json };
  readonly revision: number;
  readonly createdAt: string;
  readonly updatedAt: string;
};

/** One row as a plugin proposes it. */
export type ProposedRow = {
  /** Its number in the file, from 1; in the call where there is no file. */
  readonly row: number;
  /** The values as they stood in the source. They are kept as evidence, beside what was made of them. */
  readonly original: Json;
  /** Fields of the record type; your own extension's fields stand under your plugin's id. */
  readonly data: { readonly [field: string]: Json };
  /** The record that is meant, where it is known. */
  readonly id?: string;
  /** Why the row could not be read; it is rejected with these words. */
  readonly problems?: readonly string[];
};

export type RowOutcome = 'accepted' | 'merged' | 'unchanged' | 'rejected' | 'held';

/** Records: `get` and `list` need the permission `records.read` for the type, `propose` needs `records.propose`. */
export type Records = {
  get(type: string, id: string): Promise<SoukRecord | null>;
  /** @param query.filter fields with the text that they must have. @returns up to 200, and where to go on */
  list(query: {
    type: string;
    filter?: { readonly [field: string]: string };
    after?: string;
    limit?: number;
  }): Promise<{ items: SoukRecord[]; next: string | null }>;
  /**
   * Begins an import of your own, over many proposals; a job that was cut off and begins again gets the same one.
   * @param wish.file id or name of a file that was handed to this run. @param wish.dryRun decides, and changes nothing
   */
  begin(wish: { type: string; file?: string; dryRun?: boolean }): Promise<{ import: string }>;
  /** Ends it. @param end.problem what is wrong with the source as a whole */
  end(end: {
    import: string;
    problem?: string;
  }): Promise<{ [outcome in RowOutcome]: number } & { import: string }>;
  /**
   * Souk validates, normalizes and matches each row and decides what becomes of it.
   * @param proposal at most 500 rows and 256 KiB of JSON; `import` is the id that an importer was given, or that `begin` answered
   */
  propose(proposal: { type: string; import?: string; rows: readonly ProposedRow[] }): Promise<
    { [outcome in RowOutcome]: number } & {
      import: string | null;
      rows: {
        row: number;
        outcome: RowOutcome;
        record: string | null;
        reasons: { pointer: string; message: string }[];
      }[];
    }
  >;
};

/** Calls whichever plugins of the organization implement a contract; needs the permission `contracts.call` for each. */
export type Contracts = {
  /**
   * Asks the installation that the organization has bound, `options.plugin`, or in another mode several: `first` answers
   * what the first one that can answers, `pipeline` hands each the answer of the one before.
   * @param contract such as `communication@1`
   */
  call(
    contract: string,
    action: string,
    input: Json,
    options?: { mode?: 'one' | 'first' | 'pipeline'; plugin?: string },
  ): Promise<Json>;
  /** Asks all that implement it; one that fails does not disturb the others. */
  call(
    contract: string,
    action: string,
    input: Json,
    options: { mode: 'all' },
  ): Promise<{
    results: { plugin: string; output: Json }[];
    failures: { plugin: string; code: string; message: string }[];
  }>;
};

export type Host = {
  readonly org: { readonly id: string; readonly slug: string };
  readonly plugin: { readonly id: string; readonly version: string };
  /** The effective configuration: the organization's over the instance's over the defaults of the manifest. */
  readonly config: Readonly<Record<string, Json>>;
  readonly caller: Caller;
  readonly log: Log;
  readonly kv: KeyValue;
  readonly secrets: Secrets;
  readonly mail: Mail;
  readonly records: Records;
  readonly plugins: Plugins;
  readonly files: Files;
  readonly events: Events;
  readonly jobs: Jobs;
  readonly contracts: Contracts;
};

/** An event that a plugin or the core has told. */
export type Event = {
  /** The same on every attempt to deliver it. */
  readonly id: string;
  readonly name: string;
  /** Events of one key are delivered in order. */
  readonly key: string | null;
  readonly data: Json;
  /** RFC 3339. */
  readonly emittedAt: string;
  /** The plugin's id, or `core`. */
  readonly emitter: string;
  /** 1 for the first. */
  readonly attempt: number;
};

/** One time of a schedule. */
export type Tick = {
  /** RFC 3339; when it was due, which may be a while ago. */
  readonly scheduledAt: string;
};

/** A named handler. Its argument may be typed more narrowly: the manifest's schema has judged it before. */
type Handler<Input> = { handle(input: Input, host: Host): unknown }['handle'];

/** What the entry module exports as its default. */
export type Plugin = {
  /** Answers the endpoints of the manifest; the path of the request begins below the plugin's own address. */
  fetch?(request: Request, host: Host): Response | Promise<Response>;
  /** Each command of the manifest, by name. */
  readonly commands?: Readonly<Record<string, Handler<Json>>>;
  /** Each contract of the manifest, by `name@major`, with all of its actions. */
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, Handler<Json>>>>>;
  /** Each event that the manifest subscribes, by name. */
  readonly events?: Readonly<Record<string, Handler<Event>>>;
  /** Each schedule of the manifest, by name. */
  readonly schedules?: Readonly<Record<string, Handler<Tick>>>;
  activate?(host: Host): unknown;
  deactivate?(host: Host): unknown;
  upgrade?(host: Host, fromVersion: string): unknown;
  /** Throws, or answers `{ ok: false }`, when the plugin cannot do its work. */
  health?(host: Host): unknown;
};

/**
 * The plugins of one `souk dev`: loaded from their folders, run in the real sandbox, replaced when a file is saved. A
 * new load takes over when its `activate` has ended well; what is in flight ends in the load before.
 */
import { randomUUID } from 'node:crypto';
import {
  type Completion,
  createSandbox,
  createSourceMaps,
  type Invocation,
  pluginCallCapability,
  type Sandbox,
  type SandboxObserver,
  type SourceMaps,
} from '../../sandbox/index.ts';
import { requireDeclaredEndpoint } from '../../spec/endpoint-match.ts';
import { compileGuestSchema } from '../../spec/guest-validator.ts';
import { deniedSentence } from '../../spec/host/call-refusal.ts';
import { Fault } from '../../spec/refusal.ts';
import type { Io } from '../io.ts';
import type { DevLog } from './dev-log.ts';
import { type DevPlugin, loadDevPlugin } from './dev-plugin.ts';
import { type DevServices, openDevServices } from './dev-services.ts';

export type DevRun = Pick<Invocation, 'trigger' | 'caller' | 'files' | 'signal' | 'answer'>;

export type DevSession = {
  readonly io: Io;
  readonly services: DevServices;
  readonly plugins: readonly DevPlugin[];
  find(id: string): DevPlugin | undefined;
  /** Runs a plugin as it is now. Never rejects: every end is an outcome. */
  run(plugin: DevPlugin, run: DevRun): Promise<Completion>;
  /** Loads the folder again and lets it take over; what went wrong is told, and the load before stays. */
  reload(folder: string): Promise<void>;
  /** What the newest load of the folder was bundled from, as absolute paths, whether it works or not. */
  sourcesOf(folder: string): readonly string[];
  /** A text with the positions in it as the author knows them. */
  mapped(plugin: DevPlugin, text: string): string;
  close(): Promise<void>;
};

type Parts = { readonly io: Io; readonly log: DevLog; readonly dataFile: string | undefined };

/**
 * @param folders the plugin, and those that it depends on
 * @throws Refusal as `loadDevPlugin` and `openDevData`
 */
export async function openDevSession(parts: Parts, folders: readonly string[]): Promise<DevSession> {
  const session = new Session(parts);
  await session.open(folders);
  return session;
}

class Session implements DevSession {
  readonly io: Io;
  readonly #log: DevLog;
  /** By folder, in the order of the command line. */
  readonly #current = new Map<string, DevPlugin>();
  /** Every load that runs may still need, by installation. */
  readonly #loads = new Map<string, { readonly plugin: DevPlugin; inFlight: number; isRetired: boolean }>();
  readonly #sources = new Map<string, readonly string[]>();
  readonly #sourceMaps: SourceMaps = createSourceMaps();
  readonly services: DevServices;
  #sandbox: Sandbox | undefined;
  #lastLoad = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor({ io, log, dataFile }: Parts) {
    this.io = io;
    this.#log = log;
    this.services = openDevServices({
      io,
      log,
      dataFile,
      plugins: () => this.plugins,
      call: (invocation) => this.#call(invocation),
    });
  }

  get plugins(): readonly DevPlugin[] {
    return [...this.#current.values()];
  }

  async open(folders: readonly string[]): Promise<void> {
    const loaded = [];
    for (const folder of folders) loaded.push(await this.#load(folder));
    this.#sandbox = await createSandbox({
      packages: { files: async (digest) => this.#filesOf(digest) },
      capabilities: [...this.services.capabilities, this.#pluginCalls()],
      observer: this.#observer(),
      onWeakRights: 'allowUnreviewed',
    });
    for (const plugin of loaded) this.#adopt(plugin);
    // Dependencies come after the plugin that needs them on the command line, and are activated before it.
    for (const plugin of loaded.toReversed()) await this.#activate(plugin);
  }

  find(id: string): DevPlugin | undefined {
    return this.plugins.find(({ manifest }) => manifest.id === id);
  }

  run(plugin: DevPlugin, run: DevRun): Promise<Completion> {
    return this.#call({ ...run, guest: plugin.guest, requestId: randomUUID() });
  }

  /** One after the other: two saves in a row must not overtake each other. */
  reload(folder: string): Promise<void> {
    this.#turn = this.#turn.then(() =>
      this.#reload(folder).catch((error: unknown) => this.#log.fail({ event: 'refused', folder }, error)),
    );
    return this.#turn;
  }

  sourcesOf(folder: string): readonly string[] {
    return this.#sources.get(folder) ?? [];
  }

  mapped({ guest }: DevPlugin, text: string): string {
    return this.#sourceMaps.resolve(guest.digest, text);
  }

  async close(): Promise<void> {
    await this.#turn;
    try {
      await this.services.close();
    } finally {
      await this.#sandbox?.close();
    }
  }

  async #load(folder: string): Promise<DevPlugin> {
    const plugin = await loadDevPlugin(this.io, folder, ++this.#lastLoad);
    this.#loads.set(plugin.guest.installationId, { plugin, inFlight: 0, isRetired: false });
    this.#sourceMaps.keep(plugin.guest.digest, plugin.files);
    this.#sources.set(folder, plugin.sources);
    for (const { rule, pointer, message } of plugin.findings)
      this.#log.say({ event: 'finding', rule, pointer, message }, `finding  ${rule}: ${pointer}: ${message}`);
    return plugin;
  }

  async #reload(folder: string): Promise<void> {
    const startedMs = performance.now();
    const next = await this.#load(folder);
    const before = this.#current.get(folder);
    if (before?.fingerprint === next.fingerprint) return this.#retire(next);
    if (!(await this.#activate(next))) return this.#retire(next);
    this.#adopt(next);
    const { id, version } = next.manifest;
    const ms = Math.round(performance.now() - startedMs);
    this.#log.say({ event: 'reloaded', id, version, ms }, `reloaded ${id} ${version} in ${ms} ms`);
    this.services.deliveries.again(id);
  }

  #adopt(plugin: DevPlugin): void {
    const before = this.#current.get(plugin.folder);
    this.#current.set(plugin.folder, plugin);
    if (before) this.#retire(before);
  }

  async #activate(plugin: DevPlugin): Promise<boolean> {
    const trigger = { kind: 'lifecycle', hook: 'activate' } as const;
    const { outcome } = await this.run(plugin, { trigger, caller: { kind: 'system' } });
    return outcome === 'ok';
  }

  /** Its isolate goes with the last run in it. */
  #retire({ guest }: DevPlugin): void {
    const load = this.#loads.get(guest.installationId);
    if (!load) return;
    load.isRetired = true;
    if (load.inFlight > 0) return;
    this.#loads.delete(guest.installationId);
    this.#sandbox?.unload(guest.installationId);
  }

  #call(invocation: Invocation): Promise<Completion> {
    if (!this.#sandbox) throw new Fault('the sandbox is not open yet');
    const load = this.#loads.get(invocation.guest.installationId);
    if (load) load.inFlight += 1;
    return this.#sandbox.call(invocation);
  }

  #filesOf(digest: string): ReadonlyMap<string, Uint8Array> | undefined {
    const load = [...this.#loads.values()].find(({ plugin }) => plugin.guest.digest === digest);
    return load && new Map([...load.plugin.files].filter(([path]) => /\.(?:m?js|json)$/u.test(path)));
  }

  #pluginCalls(): ReturnType<typeof pluginCallCapability> {
    return pluginCallCapability({
      find: async (_org, id) => {
        const plugin = this.find(id);
        const endpoints = plugin?.manifest.contributes?.endpoints ?? [];
        return plugin && { guest: plugin.guest, active: 'yes', endpoints };
      },
      requireEndpoint: ({ guest, endpoints }, method, pathname) => {
        const { request, response } = requireDeclaredEndpoint(
          { id: guest.plugin.id, endpoints },
          method,
          pathname,
        );
        return {
          checkRequest: request ? compileGuestSchema(request) : null,
          checkResponse: response ? compileGuestSchema(response) : null,
        };
      },
      run: (invocation) => this.#call(invocation),
      answerRefused: ({ plugin }, _requestId, why) =>
        this.#log.say(
          { event: 'answerRefused', plugin: plugin.id, why },
          `refused  an answer of ${plugin.id} breaks its response schema: ${why}`,
        ),
    });
  }

  #observer(): SandboxObserver {
    const map = (digest: string, text: string): string => this.#sourceMaps.resolve(digest, text);
    return {
      runEnded: ({ guest, trigger }, completion) => {
        const load = this.#loads.get(guest.installationId);
        if (load) load.inFlight -= 1;
        if (load?.isRetired) this.#retire(load.plugin);
        if (completion.outcome === 'ok') return;
        const { outcome, guestError, reason } = completion;
        const text = map(guest.digest, guestError?.stack || guestError?.message || reason);
        const event = { event: 'failed', plugin: guest.plugin.id, trigger: trigger.kind, outcome, text };
        this.#log.say(event, `failed   ${guest.plugin.id} ${trigger.kind}: ${outcome}: ${text}`);
      },
      // Counts nothing.
      spentAfterEnd: () => undefined,
      guestLogged: ({ plugin, digest }, { level, text }) => {
        const line = map(digest, text);
        this.#log.say({ event: 'log', plugin: plugin.id, level, text: line }, `${level.padEnd(8)} ${line}`);
      },
      callDenied: ({ plugin }, capability, permission) => {
        const name = permission?.name ?? 'a permission';
        const event = { event: 'denied', plugin: plugin.id, capability, permission: name };
        this.#log.say(event, `denied   ${permission ? deniedSentence(capability, permission) : capability}`);
      },
      callFailed: (_guest, capability, _requestId, error) =>
        this.#log.fail({ event: 'hostFailed', capability }, error),
      runnerEnded: ({ pid }, why) =>
        this.#log.say({ event: 'runnerEnded', pid, why }, `runner   ended: ${why}`),
    };
  }
}

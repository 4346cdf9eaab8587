/** The sandbox as the server uses it: give it an invocation, get a completion; nothing else is promised. */
import { ISOLATE_LIMITS, RUN_LIMITS, type RunLimits, type TriggerKind } from '../../spec/limits.ts';
import { Fault } from '../../spec/refusal.ts';
import { createBroker, type Broker } from '../broker/broker.ts';
import type { GuestSettings, RunHead } from '../guest/bridge.ts';
import type { Capability, Completion, Guest, Invocation, PackagePort, SandboxObserver } from '../ports.ts';
import { nodeLaunch } from './launch.ts';
import { failRun, type Failure, type Run } from './run.ts';
import { Runner, type Isolate, type RunnerEnd } from './runner.ts';
import { createRuntimeFiles, type RuntimeFiles } from './runtime-files.ts';

export type SandboxOptions = {
  readonly packages: PackagePort;
  readonly capabilities: readonly Capability[];
  readonly observer: SandboxObserver;
  /** Limits that differ from `spec/limits.ts`, by trigger. */
  readonly limits?: Partial<Record<TriggerKind, Partial<RunLimits>>>;
  /** Folder for the runtime's files; the system's temporary folder where absent. */
  readonly dataDir?: string;
};

export type Sandbox = {
  /** Runs guest code. Never rejects: every end is an outcome. */
  call(invocation: Invocation): Promise<Completion>;
  /** Disposes of the installation's isolates; its runs in flight end as `canceled`. */
  unload(installationId: string): void;
  /** Kills every runner and removes the runtime's files. */
  close(): Promise<void>;
};

const SWEEP_MS = 10;

/** @throws Fault when the runtime cannot be built or no runner starts */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const files = await createRuntimeFiles(options.dataDir);
  return new Supervisor(options, files);
}

class Supervisor implements Sandbox {
  readonly #options: SandboxOptions;
  readonly #files: RuntimeFiles;
  readonly #broker: Broker;
  readonly #limits: Record<TriggerKind, RunLimits>;
  readonly #guestSource: Buffer;
  readonly #runners = new Map<string, Runner>();
  readonly #waiting = new Set<Run>();
  #lastRun = 0;
  #lastIsolate = 0;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: SandboxOptions, files: RuntimeFiles) {
    this.#options = options;
    this.#files = files;
    this.#guestSource = Buffer.from(files.guestSource, 'utf8');
    this.#broker = createBroker(options.capabilities, options.observer);
    this.#limits = {
      endpoint: { ...RUN_LIMITS.endpoint, ...options.limits?.endpoint },
      lifecycle: { ...RUN_LIMITS.lifecycle, ...options.limits?.lifecycle },
      health: { ...RUN_LIMITS.health, ...options.limits?.health },
    };
  }

  call(invocation: Invocation): Promise<Completion> {
    const { promise, resolve } = Promise.withResolvers<Completion>();
    const run = this.#openRun(invocation, resolve);
    void this.#begin(run).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : 'the run could not be started';
      run.settle(failRun(run, { outcome: 'internalError', reason }));
    });
    return promise;
  }

  unload(installationId: string): void {
    for (const runner of this.#runners.values())
      for (const isolate of runner.isolates.values())
        if (isolate.installationId === installationId) runner.unload(isolate);
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep);
    for (const runner of this.#runners.values()) runner.kill(undefined);
    this.#files.remove();
  }

  #openRun(invocation: Invocation, resolve: (completion: Completion) => void): Run {
    const limits = this.#limits[invocation.trigger.kind];
    const startedMs = performance.now();
    const run: Run = {
      id: ++this.#lastRun,
      invocation,
      limits,
      startedMs,
      deadline: Math.min(startedMs + limits.wallTimeMsMax, invocation.deadline ?? Infinity),
      abort: new AbortController(),
      cold: false,
      hostCalls: 0,
      logLines: 0,
      residentBytesAtStart: 0,
      isSettled: false,
      settle: (completion) => {
        if (run.isSettled) return;
        run.isSettled = true;
        this.#waiting.delete(run);
        run.abort.abort();
        resolve(completion);
        this.#options.observer.runEnded(invocation, completion);
      },
    };
    this.#waiting.add(run);
    this.#sweep ??= setInterval(() => this.#sweepDeadlines(), SWEEP_MS);
    return run;
  }

  async #begin(run: Run): Promise<void> {
    const { guest } = run.invocation;
    const runner = this.#runnerFor(guest);
    await runner.ready;
    const isolate = this.#findIsolate(runner, guest) ?? (await this.#load(runner, run));
    if (!isolate || run.isSettled) return;
    this.#waiting.delete(run);
    const { head, body } = describeRun(run.invocation);
    runner.start(run, isolate, head, body);
  }

  #runnerFor(guest: Guest): Runner {
    const group = guest.tier === 'trusted' ? guest.tier : `${guest.tier}:${guest.org.id}`;
    const known = this.#runners.get(group);
    if (known && !known.isEnded) return known;
    const runner = new Runner({
      tier: guest.tier,
      launch: nodeLaunch(this.#files, guest.tier === 'trusted' ? 'jit' : 'jitless'),
      boot: { runs: this.#limits, isolate: ISOLATE_LIMITS },
      guestSource: this.#guestSource,
      broker: this.#broker,
      observer: this.#options.observer,
      onAnswer: () => {},
      onEnd: (ended, end) => this.#runnerEnded(group, ended, end),
    });
    this.#runners.set(group, runner);
    return runner;
  }

  #findIsolate(runner: Runner, guest: Guest): Isolate | undefined {
    for (const isolate of runner.isolates.values())
      if (isolate.installationId === guest.installationId && isolate.digest === guest.digest) {
        if (isolate.guest.revision !== guest.revision) runner.configure(isolate, this.#settingsFor(guest));
        isolate.guest = guest;
        return isolate;
      }
    return undefined;
  }

  async #load(runner: Runner, run: Run): Promise<Isolate | undefined> {
    const { guest } = run.invocation;
    run.cold = true;
    const files = await this.#options.packages.files(guest.digest);
    if (!files) throw new Fault('the package of the installation is not in the store');
    const raced = this.#findIsolate(runner, guest);
    if (raced) return raced;
    const isolate: Isolate = {
      id: ++this.#lastIsolate,
      installationId: guest.installationId,
      digest: guest.digest,
      guest,
      runs: 0,
      usedAtMs: performance.now(),
    };
    const entries = [...files];
    runner.load(
      isolate,
      {
        main: guest.main,
        files: entries.map(([path, bytes]) => ({ path, bytes: bytes.byteLength })),
        settingsText: this.#settingsFor(guest),
      },
      Buffer.concat(entries.map(([, bytes]) => bytes)),
    );
    return isolate;
  }

  #settingsFor(guest: Guest): string {
    const settings: GuestSettings = {
      org: guest.org,
      plugin: guest.plugin,
      configText: JSON.stringify(guest.config),
      services: this.#broker.services,
      responseBytesMax: this.#limits.endpoint.responseBytesMax,
      errorCharsMax: ISOLATE_LIMITS.errorCharsMax,
      logCharsMax: 2_048,
      callBytesMax: 262_144,
    };
    return JSON.stringify(settings);
  }

  #sweepDeadlines(): void {
    const now = performance.now();
    const late: Failure = { outcome: 'exceededWallTime', reason: 'the deadline of the run has passed' };
    for (const run of this.#waiting) if (now > run.deadline) run.settle(failRun(run, late));
    for (const runner of this.#runners.values())
      for (const { run } of runner.runs.values()) if (now > run.deadline) runner.abandon(run, late);
  }

  #runnerEnded(group: string, runner: Runner, end: RunnerEnd): void {
    if (this.#runners.get(group) === runner) this.#runners.delete(group);
    for (const run of end.runs)
      run.settle(failRun(run, { outcome: 'runnerDied', reason: 'the runner process ended' }));
    const blamed: Guest[] = [];
    this.#options.observer.runnerEnded(
      { pid: runner.pid, tier: runner.tier },
      `signal ${String(end.signal)}: ${end.lastWords.slice(0, 300)}`,
      blamed,
    );
  }
}

/** What the guest is told of a run. */
function describeRun(invocation: Invocation): { head: string; body: Uint8Array | null } {
  const { trigger, requestId, caller } = invocation;
  const base = { requestId, caller };
  switch (trigger.kind) {
    case 'endpoint': {
      const { method, url, headers, body } = trigger.request;
      return { head: JSON.stringify({ ...base, request: { method, url, headers } } satisfies RunHead), body };
    }
    case 'lifecycle': {
      const { hook } = trigger;
      const head =
        hook === 'upgrade' ? { ...base, hook, fromVersion: trigger.fromVersion } : { ...base, hook };
      return { head: JSON.stringify(head satisfies RunHead), body: null };
    }
    case 'health':
      return { head: JSON.stringify(base satisfies RunHead), body: null };
  }
}

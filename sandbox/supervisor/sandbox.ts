/** The sandbox as the server uses it: give it an invocation, get a completion; nothing else is promised. */
import { handlerInput, handlerPath } from '../../spec/handler.ts';
import {
  ISOLATE_LIMITS,
  RUN_LIMITS,
  RUNNER_LIMITS,
  STREAM_LIMITS,
  type RunLimits,
  type TriggerKind,
} from '../../spec/limits.ts';
import { Fault } from '../../spec/refusal.ts';
import { createBroker, type Broker } from '../broker/broker.ts';
import type { GuestSettings, RunHead } from '../guest/bridge.ts';
import {
  limitedAs,
  type Capability,
  type Completion,
  type GrantsOf,
  type Guest,
  type Invocation,
  type PackagePort,
  type SandboxObserver,
  type TrustTier,
} from '../ports.ts';
import { createLogAllowance } from '../protocol/log-allowance.ts';
import { createAdmission, type Admission } from './admission.ts';
import { describeHealth, type SandboxHealth } from './health.ts';
import { launchRunner, WEAK_LEVELS, type EngineProfile, type RightsLevel } from './launch.ts';
import { DEFAULT_SHARING, findIsolate, RunnerPool, type SharingScope } from './pool.ts';
import { findRights, type Rights } from './rights.ts';
import { failRun, type Failure, type Run } from './run.ts';
import type { Isolate } from './isolates.ts';
import type { RunnerEnd } from './runner-end.ts';
import { Runner } from './runner.ts';
import { createRuntimeFiles, type RuntimeFiles } from './runtime-files.ts';
import { createStrikes, type Strikes } from './strikes.ts';
import { judge } from './verdict.ts';
import { inspectRunner } from './watchdog.ts';

export type SandboxOptions = {
  readonly packages: PackagePort;
  readonly capabilities: readonly Capability[];
  readonly observer: SandboxObserver;
  /** Where absent, a run keeps the grants with which it began. */
  readonly grantsOf?: GrantsOf;
  /** Limits that differ from `spec/limits.ts`, by trigger. */
  readonly limits?: Partial<Record<TriggerKind, Partial<RunLimits>>>;
  /** Folder for the runtime's files; the system's temporary folder where absent. */
  readonly dataDir?: string;
  /** Who may share a runner with whom, where it differs from `DEFAULT_SHARING`. */
  readonly sharing?: Partial<Record<TrustTier, SharingScope>>;
  /**
   * What becomes of the unreviewed tier where the machine gives runners only weak process rights; refused where absent.
   */
  readonly onWeakRights?: 'refuseUnreviewed' | 'allowUnreviewed';
  /** Runs in flight of an organization, where they are not `RUNNER_LIMITS.runsPerOrganizationMax` for all. */
  readonly runsPerOrganizationMaxOf?: (orgId: string) => number;
};

export type Sandbox = {
  /** Runs guest code. Never rejects: every end is an outcome. */
  call(invocation: Invocation): Promise<Completion>;
  /** Disposes of the installation's isolates, ends its runs as `canceled`, and forgives its strikes. */
  unload(installationId: string): void;
  health(): SandboxHealth;
  /** Bytes of the largest runner process that holds the installation now, all of it; null where none does. */
  residentBytesOf(installationId: string): number | null;
  /** Takes no new runs, lets those in flight end (at most `RUNNER_LIMITS.drainMsMax`), then ends every runner. */
  close(): Promise<void>;
};

const PROFILES: Readonly<Record<TrustTier, EngineProfile>> = {
  trusted: 'jit',
  reviewed: 'jitless',
  unreviewed: 'jitless',
};

/** Runs are named by 32 bits in frames; when all have been used the first is long free again. */
const RUN_IDS = 2 ** 32 - 1;
/** Bytes of UTF-8 for UTF-16 units, and a little for the two clocks. */
const LOG_ALLOWANCE_FACTOR = 4;
const DRAIN_LOOK_MS = 10;
/** A runner that dies before it got a run may be replaced this often; the run did not start, so nothing happens twice. */
const START_ATTEMPTS_MAX = 3;

/**
 * Builds the runtime, finds the best process rights of this machine by trying, and keeps the runner that proved them.
 * @throws Fault when the runtime cannot be built or no runner starts
 */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const files = await createRuntimeFiles(options.dataDir);
  const supervisor = new Supervisor(options, files);
  try {
    await supervisor.start();
    return supervisor;
  } catch (error) {
    files.remove();
    throw error;
  }
}

class Supervisor implements Sandbox {
  readonly #options: SandboxOptions;
  readonly #files: RuntimeFiles;
  readonly #broker: Broker;
  readonly #limits: Record<TriggerKind, RunLimits>;
  readonly #guestSource: Buffer;
  readonly #admission: Admission;
  /** Runs whose bodies come in pieces have shares of their own. */
  readonly #streamAdmission: Admission = createAdmission(STREAM_LIMITS);
  readonly #strikes: Strikes = createStrikes();
  readonly #pool: RunnerPool;
  readonly #waiting = new Set<Run>();
  #rights: Rights | undefined;
  #isClosing = false;
  #lastRun = 0;
  #lastIsolate = 0;
  #lastRunner = 0;
  #watch: NodeJS.Timeout | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  readonly #killAll = (): void => this.#pool.close();

  constructor(options: SandboxOptions, files: RuntimeFiles) {
    this.#options = options;
    this.#admission = createAdmission(RUNNER_LIMITS, options.runsPerOrganizationMaxOf);
    this.#files = files;
    this.#guestSource = Buffer.from(files.guestSource, 'utf8');
    this.#broker = createBroker(options.capabilities, options.observer);
    this.#limits = mapLimits((kind) => ({ ...RUN_LIMITS[kind], ...options.limits?.[kind] }));
    this.#pool = new RunnerPool({
      sharing: { ...DEFAULT_SHARING, ...options.sharing },
      start: (tier) => this.#startRunner(tier, this.#level()),
    });
  }

  async start(): Promise<void> {
    this.#rights = await findRights((level) => this.#startRunner('trusted', level));
    this.#pool.adoptSpare(this.#rights.runner);
    this.#heartbeat = setInterval(() => this.#beat(), RUNNER_LIMITS.heartbeatIntervalMs).unref();
    process.once('exit', this.#killAll);
  }

  call(invocation: Invocation): Promise<Completion> {
    const { promise, resolve } = Promise.withResolvers<Completion>();
    const run = this.#openRun(invocation, resolve);
    const refusal = this.#refuse(invocation.guest) ?? this.#admit(run);
    if (refusal) {
      this.#settle(run, failRun(run, refusal), resolve);
      return promise;
    }
    this.#watch ??= setInterval(() => this.#lookAround(), RUNNER_LIMITS.watchdogIntervalMs);
    invocation.signal?.addEventListener('abort', () => this.#cancel(run), { once: true });
    if (invocation.signal?.aborted) this.#cancel(run);
    else this.#begin(run);
    return promise;
  }

  unload(installationId: string): void {
    this.#strikes.forgive(installationId);
    for (const runner of this.#pool.runners)
      for (const isolate of runner.isolatesOf(installationId)) runner.unload(isolate);
  }

  health(): SandboxHealth {
    const { level, rejected } = this.#rights as Rights;
    const isUnreviewedOff = this.#isUnreviewedOff();
    return describeHealth({ level, rejected, isUnreviewedOff, pool: this.#pool, strikes: this.#strikes });
  }

  residentBytesOf(installationId: string): number | null {
    const sizes = [...this.#pool.runners]
      .filter((runner) => runner.isolatesOf(installationId).length > 0)
      .map((runner) => runner.residentBytes() ?? 0);
    return sizes.length === 0 ? null : Math.max(...sizes);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    const untilMs = performance.now() + RUNNER_LIMITS.drainMsMax;
    while (this.#inFlight() > 0 && performance.now() < untilMs)
      await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
    clearInterval(this.#watch);
    clearInterval(this.#heartbeat);
    process.off('exit', this.#killAll);
    const ended = [...this.#pool.runners].map((runner) => runner.ended);
    this.#pool.close();
    await Promise.all(ended);
    this.#files.remove();
  }

  #level(): RightsLevel {
    return this.#rights?.level ?? 'permission-model';
  }

  #isUnreviewedOff(): boolean {
    return WEAK_LEVELS.has(this.#level()) && this.#options.onWeakRights !== 'allowUnreviewed';
  }

  /** Reasons for which a run must not start at all. */
  #refuse(guest: Guest): Failure | undefined {
    if (this.#isClosing) return { outcome: 'canceled', reason: 'the server is shutting down' };
    if (guest.tier === 'unreviewed' && this.#isUnreviewedOff()) {
      const reason = 'unreviewed plugins are off: this machine gives plugin processes only weak protection';
      return { outcome: 'denied', reason };
    }
    const breaker = this.#strikes.find(guest.installationId);
    if (!breaker) return undefined;
    const retryAfterMs = Math.ceil(breaker.untilMs - performance.now());
    return { outcome: 'denied', reason: `out of service for now: ${breaker.reason}`, retryAfterMs };
  }

  #inFlight(): number {
    return this.#admission.inFlight + this.#streamAdmission.inFlight;
  }

  #admit(run: Run): Failure | undefined {
    const admission = run.inflow ? this.#streamAdmission : this.#admission;
    const refusal = admission.enter(run.invocation.guest);
    if (!refusal) run.admission = admission;
    return refusal;
  }

  /** Hands over an answer whose body is still to come. */
  #answer(run: Run, completion: Completion, resolve: (completion: Completion) => void): Failure | undefined {
    if (run.admission === this.#admission) {
      const refusal = this.#streamAdmission.enter(run.invocation.guest);
      if (refusal) return refusal;
      this.#admission.leave(run.invocation.guest);
      run.admission = this.#streamAdmission;
    }
    resolve(completion);
    return undefined;
  }

  #openRun(invocation: Invocation, resolve: (completion: Completion) => void): Run {
    const limits = this.#limits[limitedAs(invocation.trigger)];
    const startedMs = performance.now();
    const run: Run = {
      id: (this.#lastRun = (this.#lastRun % RUN_IDS) + 1),
      invocation,
      limits,
      startedMs,
      deadline: Math.min(startedMs + limits.wallTimeMsMax, invocation.deadline ?? Infinity),
      inflow: inflowOf(invocation),
      outflow: undefined,
      hostCallsOpen: undefined,
      cold: false,
      starts: 0,
      hostCalls: 0,
      logLines: 0,
      residentBytesAtStart: 0,
      admission: undefined,
      isSettled: false,
      begin: (completion) => this.#answer(run, completion, resolve),
      settle: (completion) => this.#settle(run, completion, resolve),
    };
    return run;
  }

  #settle(run: Run, completion: Completion, resolve: (completion: Completion) => void): void {
    if (run.isSettled) return;
    run.isSettled = true;
    this.#waiting.delete(run);
    run.admission?.leave(run.invocation.guest);
    if (run.hostCallsOpen) for (const call of run.hostCallsOpen.values()) call.abort();
    run.outflow?.close(completion.outcome === 'ok' ? 'ended' : 'broken');
    resolve(completion);
    this.#options.observer.runEnded(run.invocation, completion);
  }

  /** The usual case: runner and isolate are there. Everything else waits. */
  #begin(run: Run): void {
    const { guest } = run.invocation;
    const runner = this.#pool.runnerFor(guest);
    const isolate = runner.isReady ? this.#isolateIn(runner, guest) : undefined;
    if (isolate) return this.#enter(run, runner, isolate);
    this.#waiting.add(run);
    void this.#beginCold(run).catch((error: unknown) => {
      const reason = error instanceof Fault ? error.message : 'the run could not be started';
      run.settle(failRun(run, { outcome: 'internalError', reason }));
    });
  }

  /** Bounded: a rogue runner could say for ever that nothing has started. */
  #beginAgain(run: Run): void {
    const failure: Failure = { outcome: 'internalError', reason: 'the isolate of the plugin did not last' };
    if (++run.starts > START_ATTEMPTS_MAX) run.settle(failRun(run, failure));
    else if (!run.isSettled) this.#begin(run);
  }

  async #beginCold(run: Run): Promise<void> {
    const { guest } = run.invocation;
    run.cold = true;
    const files = await this.#options.packages.files(guest.digest);
    if (!files) throw new Fault('the package of the installation is not in the store');
    for (let attempt = 1; attempt <= START_ATTEMPTS_MAX; attempt++) {
      const runner = this.#pool.runnerFor(guest);
      const isReady = await runner.ready.then(
        () => !runner.isClosing,
        () => false,
      );
      if (run.isSettled) return;
      if (!isReady) continue;
      const isolate = this.#isolateIn(runner, guest) ?? this.#load(runner, guest, files);
      this.#waiting.delete(run);
      return this.#enter(run, runner, isolate);
    }
    throw new Fault('no runner could be started');
  }

  #enter(run: Run, runner: Runner, isolate: Isolate): void {
    const { head, body } = describeRun(run.invocation);
    runner.start(run, isolate, head, body);
  }

  /** @returns the isolate of this code, told of the guest's present configuration */
  #isolateIn(runner: Runner, guest: Guest): Isolate | undefined {
    const isolate = findIsolate(runner, guest);
    if (!isolate) return undefined;
    if (isolate.guest.revision !== guest.revision) runner.configure(isolate, this.#settingsFor(guest));
    isolate.guest = guest;
    return isolate;
  }

  #load(runner: Runner, guest: Guest, files: ReadonlyMap<string, Uint8Array>): Isolate {
    const { installationId, digest } = guest;
    const usedAtMs = performance.now();
    const logAllowance = createLogAllowance(LOG_ALLOWANCE_FACTOR);
    const state = { runs: 0, usedAtMs, strayLogLines: 0, logAllowance };
    const isolate: Isolate = { id: ++this.#lastIsolate, installationId, digest, guest, ...state };
    const entries = [...files];
    const head = {
      main: guest.main,
      files: entries.map(([path, bytes]) => ({ path, bytes: bytes.byteLength })),
      settingsText: this.#settingsFor(guest),
    };
    runner.load(isolate, head, Buffer.concat(entries.map(([, bytes]) => bytes)));
    this.#unloadOlder(runner, isolate);
    return isolate;
  }

  /** After an upgrade the former version goes as soon as its last run has ended. */
  #unloadOlder(runner: Runner, present: Isolate): void {
    const [newest] = runner.isolatesOf(present.installationId);
    for (const isolate of runner.isolatesOf(present.installationId))
      if (isolate !== newest && isolate.runs === 0) runner.unload(isolate);
  }

  #settingsFor(guest: Guest): string {
    const settings: GuestSettings = {
      org: guest.org,
      plugin: guest.plugin,
      configText: JSON.stringify(guest.config),
      services: this.#broker.services,
      requestBytesMax: this.#limits.endpoint.requestBytesMax,
      responseBytesMax: this.#limits.endpoint.responseBytesMax,
      pieceBytesMax: STREAM_LIMITS.pieceBytesMax,
      errorCharsMax: ISOLATE_LIMITS.errorCharsMax,
      logCharsMax: ISOLATE_LIMITS.logCharsMax,
      callCharsMax: ISOLATE_LIMITS.callCharsMax,
      handlers: guest.handlers ?? [],
    };
    return JSON.stringify(settings);
  }

  #startRunner(tier: TrustTier, level: RightsLevel): Runner {
    const sequence = ++this.#lastRunner;
    return new Runner({
      tier,
      launch: launchRunner({ files: this.#files, profile: PROFILES[tier], level, sequence }),
      boot: { runs: this.#limits, isolate: ISOLATE_LIMITS },
      guestSource: this.#guestSource,
      broker: this.#broker,
      observer: this.#options.observer,
      grantsOf: this.#options.grantsOf,
      onNotStarted: (run) => this.#beginAgain(run),
      onAnswer: (runner, isolate) => {
        if (isolate.runs === 0 && runner.isolatesOf(isolate.installationId).length > 1)
          this.#unloadOlder(runner, isolate);
      },
      onHog: (isolate) => this.#pool.moveAway(isolate.installationId),
      onEnd: (runner, end) => this.#runnerEnded(runner, end),
    });
  }

  #cancel(run: Run): void {
    const failure: Failure = { outcome: 'canceled', reason: 'the caller went away' };
    for (const runner of this.#pool.runners) runner.abandon(run, failure);
    run.settle(failRun(run, failure));
  }

  #lookAround(): void {
    const now = performance.now();
    const late: Failure = { outcome: 'exceededWallTime', reason: 'the deadline of the run has passed' };
    for (const run of this.#waiting) if (now > run.deadline) run.settle(failRun(run, late));
    for (const runner of this.#pool.runners) if (runner.runs.size > 0) inspectRunner(runner);
    if (this.#inFlight() > 0) return;
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  #beat(): void {
    const now = performance.now();
    this.#pool.evict(now);
    for (const runner of this.#pool.runners) {
      if (runner.isReady) runner.ping();
      else if (now - runner.startedAtMs > RUNNER_LIMITS.startMsMax) runner.retire();
      if (runner.isReady) inspectRunner(runner);
    }
  }

  #runnerEnded(runner: Runner, end: RunnerEnd): void {
    this.#pool.remove(runner);
    const verdict = judge(end);
    const culprit = end.isolates.find((isolate) => isolate.id === verdict.isolate)?.guest;
    const suspects = culprit ? [culprit] : end.runs.map(({ run }) => run.invocation.guest);
    const isShared = new Set(end.isolates.map((isolate) => isolate.installationId)).size > 1;
    if (culprit) this.#strikes.strike(culprit.installationId, verdict.reason);
    if (isShared) for (const { installationId } of suspects) this.#pool.isolate(installationId);
    for (const { run, isolate } of end.runs) run.settle(failRun(run, verdict.failureOf(run, isolate.id)));
    if (end.killReason?.outcome === 'canceled') return;
    const { pid, tier } = end;
    this.#options.observer.runnerEnded({ pid, tier }, verdict.reason, culprit ? [culprit] : []);
  }
}

function inflowOf({ trigger }: Invocation): Run['inflow'] {
  if (trigger.kind !== 'endpoint') return undefined;
  const { body } = trigger.request;
  return body === null || body instanceof Uint8Array ? undefined : { source: body, isAsked: false };
}

/** What the guest is told of a run. */
function describeRun(invocation: Invocation): { head: string; body: Uint8Array | null } {
  const { trigger, requestId, caller } = invocation;
  const base = { requestId, caller };
  switch (trigger.kind) {
    case 'endpoint': {
      const { method, url, headers, body } = trigger.request;
      const head = JSON.stringify({ ...base, request: { method, url, headers } } satisfies RunHead);
      return { head, body: body instanceof Uint8Array ? body : null };
    }
    case 'lifecycle': {
      const { hook } = trigger;
      const head =
        hook === 'upgrade' ? { ...base, hook, fromVersion: trigger.fromVersion } : { ...base, hook };
      return { head: JSON.stringify(head satisfies RunHead), body: null };
    }
    case 'health':
      return { head: JSON.stringify(base satisfies RunHead), body: null };
    case 'command':
    case 'contract':
    case 'event':
    case 'schedule': {
      const head = { ...base, handler: handlerPath(trigger), input: handlerInput(trigger) };
      return { head: JSON.stringify(head satisfies RunHead), body: null };
    }
  }
}

function mapLimits(limitsOf: (kind: TriggerKind) => RunLimits): Record<TriggerKind, RunLimits> {
  const kinds = Object.keys(RUN_LIMITS) as TriggerKind[];
  return Object.fromEntries(kinds.map((kind) => [kind, limitsOf(kind)])) as Record<TriggerKind, RunLimits>;
}

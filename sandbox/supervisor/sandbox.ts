/** The sandbox as the server uses it: give it an invocation, get a completion; nothing else is promised. */
import { totalmem } from 'node:os';

import {
  ISOLATE_LIMITS,
  RUN_LIMITS,
  RUNNER_LIMITS,
  type RunLimits,
  type TriggerKind,
} from '../../spec/limits.ts';
import { createBroker, type Broker } from '../broker/broker.ts';
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
import { describeHealth, type SandboxHealth } from './health.ts';
import { IsolateLoader, unloadOlder } from './isolate-loader.ts';
import { launchRunner, WEAK_LEVELS, type EngineProfile, type RightsLevel } from './launch.ts';
import { DEFAULT_SHARING, RunnerPool, runnersFor, type SharingScope } from './pool.ts';
import { findRights, type Rights } from './rights.ts';
import { RunAdmission } from './run-admission.ts';
import { RunStarter } from './run-starter.ts';
import { failRun, inflowOf, type Failure, type Run } from './run.ts';
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
  /** Limits that differ from `spec/limits/`, by trigger. */
  readonly limits?: Partial<Record<TriggerKind, Partial<RunLimits>>>;
  /** Folder for the runtime's files; the system's temporary folder where absent. */
  readonly dataDir?: string;
  /** Who may share a runner with whom, where it differs from `DEFAULT_SHARING`. */
  readonly sharing?: Partial<Record<TrustTier, SharingScope>>;
  /**
   * What becomes of the unreviewed tier where the machine gives runners only weak process rights; refused where absent.
   */
  readonly onWeakRights?: 'refuseUnreviewed' | 'allowUnreviewed';
  /** Runners that hold plugins; as many as the memory of the machine allows where absent. */
  readonly runnersMax?: number;
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
const DRAIN_LOOK_MS = 10;

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
  readonly #admission: RunAdmission;
  readonly #strikes: Strikes = createStrikes();
  readonly #pool: RunnerPool;
  readonly #starter: RunStarter;
  #rights: Rights | undefined;
  #isClosing = false;
  #lastRun = 0;
  #lastRunner = 0;
  #watch: NodeJS.Timeout | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  readonly #killAll = (): void => this.#pool.close();

  constructor(options: SandboxOptions, files: RuntimeFiles) {
    const { packages, capabilities, observer } = options;
    this.#options = options;
    this.#admission = new RunAdmission(options.runsPerOrganizationMaxOf);
    this.#files = files;
    this.#guestSource = Buffer.from(files.guestSource, 'utf8');
    this.#broker = createBroker(capabilities, observer);
    this.#limits = mapLimits((kind) => ({ ...RUN_LIMITS[kind], ...options.limits?.[kind] }));
    const pool = new RunnerPool({
      sharing: { ...DEFAULT_SHARING, ...options.sharing },
      start: (tier) => this.#startRunner(tier, this.#level()),
      runnersMax: options.runnersMax ?? runnersFor(memoryBytes()),
    });
    const { services } = this.#broker;
    const loader = new IsolateLoader({ services, endpointLimits: this.#limits.endpoint });
    this.#pool = pool;
    this.#starter = new RunStarter({ pool, packages, loader });
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
    const refusal = this.#refuse(invocation.guest) ?? this.#admission.enter(run);
    if (refusal) {
      this.#settle(run, failRun(run, refusal), resolve);
      return promise;
    }
    this.#watch ??= setInterval(() => this.#lookAround(), RUNNER_LIMITS.watchdogIntervalMs);
    invocation.signal?.addEventListener('abort', () => this.#cancel(run), { once: true });
    if (invocation.signal?.aborted) this.#cancel(run);
    else this.#starter.begin(run);
    return promise;
  }

  unload(installationId: string): void {
    this.#strikes.forgive(installationId);
    for (const runner of this.#pool.runners)
      for (const isolate of runner.isolatesOf(installationId)) runner.unload(isolate);
    // Those that wait for a runner or their package would enter after it.
    for (const run of this.#starter.waiting)
      if (run.invocation.guest.installationId === installationId)
        run.settle(failRun(run, { outcome: 'canceled', reason: 'the plugin was unloaded' }));
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
    while (this.#admission.inFlight > 0 && performance.now() < untilMs)
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

  /** Hands over an answer whose body is still to come. */
  #answer(run: Run, completion: Completion, resolve: (completion: Completion) => void): Failure | undefined {
    const refusal = this.#admission.enterPieces(run);
    if (refusal) return refusal;
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
      hostCallsPending: 0,
      hostCallsDropped: 0,
      logLines: 0,
      residentBytesAtStart: 0,
      ownBytes: 0,
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
    this.#starter.forget(run);
    run.admission?.leave(run.invocation.guest);
    if (run.hostCallsOpen) for (const call of run.hostCallsOpen.values()) call.abort();
    run.outflow?.close(completion.outcome === 'ok' ? 'ended' : 'broken');
    resolve(completion);
    this.#options.observer.runEnded(run.invocation, completion);
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
      onNotStarted: (run) => this.#starter.beginAgain(run),
      onAnswer: (runner, isolate) => {
        if (isolate.runs === 0 && runner.isolatesOf(isolate.installationId).length > 1)
          unloadOlder(runner, isolate);
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
    for (const run of this.#starter.waiting) if (now > run.deadline) run.settle(failRun(run, late));
    for (const runner of this.#pool.runners) if (runner.runs.size > 0) inspectRunner(runner);
    if (this.#admission.inFlight > 0) return;
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
    const ended = { pid: end.pid, tier: end.tier, runs: end.runs.length };
    this.#options.observer.runnerEnded(ended, verdict.reason, culprit ? [culprit] : []);
  }
}

/** Of the machine, or of the container, where that has less. */
function memoryBytes(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Infinity);
}

function mapLimits(limitsOf: (kind: TriggerKind) => RunLimits): Record<TriggerKind, RunLimits> {
  const kinds = Object.keys(RUN_LIMITS) as TriggerKind[];
  return Object.fromEntries(kinds.map((kind) => [kind, limitsOf(kind)])) as Record<TriggerKind, RunLimits>;
}

/** Brings runs into isolates: at once where both runner and isolate are there, else as soon as they are. */
import { RUNNER_LIMITS } from '../../spec/limits.ts';
import { Fault } from '../../spec/refusal.ts';
import type { PackagePort } from '../ports.ts';
import type { IsolateLoader } from './isolate-loader.ts';
import type { Isolate } from './isolates.ts';
import type { RunnerPool } from './pool.ts';
import { describeRun } from './run-head.ts';
import { failRun, type Failure, type Run } from './run.ts';
import type { Runner } from './runner.ts';

export type RunStarterParts = {
  readonly pool: RunnerPool;
  readonly packages: PackagePort;
  readonly loader: IsolateLoader;
};

/** A runner that dies before it got a run may be replaced this often; the run did not start, so nothing happens twice. */
const START_ATTEMPTS_MAX = 3;
/** The same for runners that somebody else killed, an operator or the kernel: the deadline of the run comes first. */
const KILLED_STARTS_MAX = 50;
const NO_ROOM: Failure = {
  outcome: 'loadShed',
  reason: 'every plugin process that this server may have is in use',
  retryAfterMs: RUNNER_LIMITS.unusedMsMin,
};

export class RunStarter {
  readonly #parts: RunStarterParts;
  readonly #waiting = new Set<Run>();

  constructor(parts: RunStarterParts) {
    this.#parts = parts;
  }

  /** Runs that are in no runner yet. */
  get waiting(): ReadonlySet<Run> {
    return this.#waiting;
  }

  /** The run has ended. */
  forget(run: Run): void {
    this.#waiting.delete(run);
  }

  /** The usual case: runner and isolate are there. Everything else waits. */
  begin(run: Run): void {
    const { guest } = run.invocation;
    const runner = this.#parts.pool.runnerFor(guest);
    if (!runner) return run.settle(failRun(run, NO_ROOM));
    const isolate = runner.isReady ? this.#parts.loader.find(runner, guest) : undefined;
    if (isolate) return enter(run, runner, isolate);
    this.#waiting.add(run);
    void this.#beginCold(run).catch((error: unknown) => {
      const reason = error instanceof Fault ? error.message : 'the run could not be started';
      run.settle(failRun(run, { outcome: 'internalError', reason }));
    });
  }

  /** Bounded: a rogue runner could say for ever that nothing has started. */
  beginAgain(run: Run): void {
    const failure: Failure = { outcome: 'internalError', reason: 'the isolate of the plugin did not last' };
    if (++run.starts > START_ATTEMPTS_MAX) run.settle(failRun(run, failure));
    else if (!run.isSettled) this.begin(run);
  }

  async #beginCold(run: Run): Promise<void> {
    const { pool, packages, loader } = this.#parts;
    const { guest } = run.invocation;
    run.cold = true;
    const files = await packages.files(guest.digest);
    if (!files) throw new Fault('the package of the installation is not in the store');
    let failures = 0;
    let kills = 0;
    while (failures < START_ATTEMPTS_MAX && kills < KILLED_STARTS_MAX) {
      const runner = pool.runnerFor(guest);
      if (!runner) return run.settle(failRun(run, NO_ROOM));
      const isReady = await runner.ready.then(
        () => !runner.isClosing,
        () => false,
      );
      if (run.isSettled) return;
      if (!isReady) {
        if (runner.wasKilledByOthers) kills += 1;
        else failures += 1;
        continue;
      }
      const isolate = loader.find(runner, guest) ?? loader.load(runner, guest, files);
      this.#waiting.delete(run);
      return enter(run, runner, isolate);
    }
    if (failures === START_ATTEMPTS_MAX) throw new Fault('no runner could be started');
    const reason = 'every runner process was killed before the call began';
    run.settle(failRun(run, { outcome: 'runnerDied', reason }));
  }
}

function enter(run: Run, runner: Runner, isolate: Isolate): void {
  const { head, body } = describeRun(run.invocation);
  runner.start(run, isolate, head, body);
}

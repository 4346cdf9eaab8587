/** The runs in flight in this process: every entry into a guest is on behalf of one, or of none, and each ends once. */
import { OUTCOMES } from '../../spec/outcome.ts';
import { DELIVER } from '../guest/bridge.ts';
import { IdTable } from '../protocol/id-table.ts';
import { FROM_RUNNER } from '../protocol/kinds.ts';
import type { Channel } from './channel.ts';
import { runEndFrame } from './end-frames.ts';
import type { EntryEnd } from './guest-isolate.ts';
import { logLine } from './posts.ts';
import { clearTimers, failureOfBroken, type Answer, type Home, type Run } from './state.ts';

type RunsParts = {
  readonly channel: Channel;
  /** A run has ended. */
  readonly forgetRun: (id: number) => void;
  /** An isolate broke. */
  readonly forgetHome: (home: Home) => void;
};

const LOG_ERROR = 3;
const POSITION = /^\s+at /u;

export class Runs {
  readonly #parts: RunsParts;
  readonly #runs = new IdTable<Run>();
  #current: Run | undefined;

  constructor(parts: RunsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#runs.size;
  }

  /** The run for which an isolate is being entered. */
  get current(): Run | undefined {
    return this.#current;
  }

  add(run: Run): void {
    this.#runs.set(run.id, run);
    run.home.runs.set(run.id, run);
  }

  has(id: number): boolean {
    return this.#runs.has(id);
  }

  get(id: number): Run | undefined {
    return this.#runs.get(id);
  }

  /** The one way into a guest: charges the run, answers what ended in it, ends what cannot go on. */
  enter(
    home: Home,
    run: Run | undefined,
    limitMs: number,
    args: readonly (string | number | undefined)[],
  ): void {
    const { isolate } = home;
    if (!isolate) return;
    this.#current = run;
    const end = isolate.deliver(run?.id ?? 0, limitMs, args);
    this.#current = undefined;
    if (run) run.cpuUs += end.cpuUs;
    this.#settleEntry(home, run, end);
  }

  #settleEntry(home: Home, run: Run | undefined, end: EntryEnd): void {
    if (end.kind === 'broken') return this.#breakHome(home, run, end);
    if (end.kind === 'stray') this.#logStray(home, run, end);
    for (const ended of home.ended.splice(0)) if (ended.answer) this.end(ended, ended.answer);
    if (run) this.#endWithoutBudget(run);
  }

  /** Charges what was used outside of an entry, and ends a run that cannot afford it. */
  charge(run: Run, cpuUs: number): void {
    run.cpuUs += cpuUs;
    this.#endWithoutBudget(run);
  }

  #endWithoutBudget(run: Run): void {
    if (!this.has(run.id) || run.cpuUs <= run.limits.cpuTimeMsMax * 1_000 + run.earnedUs) return;
    const budgetMs = Math.round(run.limits.cpuTimeMsMax + run.earnedUs / 1_000);
    const reason = `the run used more than ${budgetMs} ms of processor time`;
    this.endByHost(run, { outcome: 'exceededCpu', head: { reason } });
  }

  /** Ends a run that the guest has not answered. Listeners hear of the end: what they do is still charged to the run. */
  endByHost(run: Run, answer: Answer): void {
    const { id, home, limits } = run;
    this.#dropRun(run);
    const end = home.isolate?.deliver(id, limits.entryMsMax, [DELIVER.revoke, id]);
    run.cpuUs += end?.cpuUs ?? 0;
    if (end) this.#settleEntry(home, undefined, end);
    this.#parts.channel.send(runEndFrame(run, answer));
  }

  /** The isolate is gone: the run that broke it gets the outcome, the others learn that they were not at fault. */
  #breakHome(home: Home, culprit: Run | undefined, end: EntryEnd & { kind: 'broken' }): void {
    home.isolate?.dispose();
    home.isolate = undefined;
    // First of all, so that who hears of an end and calls again does not meet the broken isolate.
    this.#parts.channel.send({ kind: FROM_RUNNER.gone, ref: home.id, code: OUTCOMES.indexOf(end.outcome) });
    for (const run of home.runs.values()) {
      if (run === culprit) this.end(run, failureOfBroken(end));
      else this.end(run, { outcome: 'runnerDied', head: { reason: 'another call broke the isolate' } });
    }
    this.#parts.forgetHome(home);
  }

  #logStray(home: Home, run: Run | undefined, { message, stack }: EntryEnd & { kind: 'stray' }): void {
    const positions = stack.split('\n').filter((line) => POSITION.test(line));
    const text = [`unhandled rejection: ${message}`, ...positions].join('\n');
    logLine(this.#parts.channel, home, run, { level: LOG_ERROR, text });
  }

  /** Answers a run, once, and forgets it. */
  end(run: Run, answer: Answer): void {
    this.#dropRun(run);
    this.#parts.channel.send(runEndFrame(run, answer));
  }

  #dropRun(run: Run): void {
    this.#runs.delete(run.id);
    this.#parts.forgetRun(run.id);
    run.home.runs.delete(run.id);
    if (run.home.runs.size === 0) clearTimers(run.home);
  }
}

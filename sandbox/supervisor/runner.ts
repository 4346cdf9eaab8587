/**
 * A runner with what lives in it: its isolates and the runs in flight. Reads its frames, and believes none of them
 * beyond what the supervisor itself has on record.
 */
import { crc32 } from 'node:zlib';

import { RUNNER_LIMITS } from '../../spec/limits.ts';
import { OUTCOMES } from '../../spec/outcome.ts';
import { Fault } from '../../spec/refusal.ts';
import type { Broker } from '../broker/broker.ts';
import { limitedAs, type GrantsOf, type SandboxObserver, type TrustTier } from '../ports.ts';
import type { Frame } from '../protocol/frame.ts';
import type { BootSettings, LoadHead, ReadyHead } from '../protocol/heads.ts';
import { FROM_RUNNER, RUN_FLAGS, TO_RUNNER, TRIGGERS } from '../protocol/kinds.ts';
import type { Mark } from '../protocol/mark.ts';
import { readAnswer } from './answer.ts';
import { BodyStreams } from './body-streams.ts';
import { receiveLog } from './guest-log.ts';
import { Heartbeat } from './heartbeat.ts';
import { HostCalls } from './host-calls.ts';
import { Isolates, type Isolate } from './isolates.ts';
import type { Launch } from './launch.ts';
import { failRun, usageOf, type Failure, type Run } from './run.ts';
import type { KillReason, RunnerEnd } from './runner-end.ts';
import { startRunnerProcess, type RunnerProcess } from './runner-process.ts';
import { MemoryShares } from './memory-shares.ts';
import { RunnerUsage } from './runner-usage.ts';
import { RunsInFlight, type RunInFlight } from './runs-in-flight.ts';
import { Spendings } from './spending.ts';
import { UselessFrames } from './useless-frames.ts';

export type RunnerParts = {
  readonly tier: TrustTier;
  readonly launch: Launch;
  readonly boot: BootSettings;
  readonly guestSource: Buffer;
  readonly broker: Broker;
  readonly observer: SandboxObserver;
  readonly grantsOf: GrantsOf | undefined;
  readonly onEnd: (runner: Runner, end: RunnerEnd) => void;
  readonly onNotStarted: (run: Run) => void;
  readonly onAnswer: (runner: Runner, isolate: Isolate) => void;
  /** An isolate keeps those of other installations waiting for longer than a step may. */
  readonly onHog: (isolate: Isolate) => void;
};

export class Runner {
  readonly tier: TrustTier;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  /** Set with `ready`. */
  isReady = false;
  /** What the process wrote last, known once it has ended. */
  lastWords = '';
  /** Resolves when the runner has booted; rejects when it could not. */
  readonly ready: Promise<ReadyHead>;
  readonly runs = new RunsInFlight();
  readonly usage = new RunnerUsage();
  readonly shares = new MemoryShares();
  readonly heartbeat = new Heartbeat();
  readonly spendings = new Spendings();
  readonly startedAtMs = performance.now();
  /** Where a spare has been put to use; empty while it waits. */
  group = '';
  usedAtMs = performance.now();
  isEnded = false;
  /** Ended by a kill that was not ours: says nothing of whether another one would last. */
  wasKilledByOthers = false;
  /** Takes no new runs. */
  isClosing = false;
  killReason: KillReason | undefined;
  readonly #isolates = new Isolates();
  readonly #useless = new UselessFrames();
  readonly #hostCalls: HostCalls;
  readonly #bodies: BodyStreams;
  readonly #process: RunnerProcess;
  readonly #parts: RunnerParts;
  readonly #ended = Promise.withResolvers<void>();
  readonly #pid: number;
  readonly #ready = Promise.withResolvers<ReadyHead>();

  constructor(parts: RunnerParts) {
    const { broker, grantsOf } = parts;
    const { runs, usage } = this;
    this.tier = parts.tier;
    this.#parts = parts;
    this.ready = this.#ready.promise;
    this.ended = this.#ended.promise;
    this.ready.catch(() => {});
    this.#process = startRunnerProcess(parts.launch, {
      frame: (frame) => this.#receive(frame),
      malformed: (reason) => this.kill(this.#blame(`the runner broke its protocol: ${reason}`)),
      ended: (end) => this.#end(end),
    });
    this.#pid = this.#process.pid;
    const { send } = this.#process;
    const abandon = (run: Run, failure: Failure): void => this.abandon(run, failure);
    this.#hostCalls = new HostCalls({ broker, grantsOf, runs, send });
    this.#bodies = new BodyStreams({ runs, usage, send, abandon });
    send({ kind: TO_RUNNER.boot, head: JSON.stringify(parts.boot), body: parts.guestSource });
  }

  get pid(): number {
    return this.#pid;
  }

  get isolates(): ReadonlyMap<number, Isolate> {
    return this.#isolates.byId;
  }

  /** The isolates of one installation: its present version, and older ones that still have runs. */
  isolatesOf(installationId: string): readonly Isolate[] {
    return this.#isolates.of(installationId);
  }

  /** Undefined until the system or the runner has told. */
  residentBytes(): number | undefined {
    return this.usage.residentBytes();
  }

  /**
   * Where the runner says that it is. One that was taken over may say anything; what contradicts our own record names
   * nobody: neither run nor isolate.
   */
  mark(): Mark | undefined {
    const mark = this.#process.mark();
    const entry = mark && this.runs.get(mark.run);
    return entry && entry.isolate.id !== mark.isolate ? { ...mark, run: 0, isolate: 0 } : mark;
  }

  load(isolate: Isolate, head: LoadHead, body: Uint8Array): void {
    this.#isolates.add(isolate);
    const lane = crc32(isolate.guest.org.id);
    this.#process.send({
      kind: TO_RUNNER.load,
      ref: isolate.id,
      amount: lane,
      head: JSON.stringify(head),
      body,
    });
  }

  configure(isolate: Isolate, settingsText: string): void {
    this.#process.send({ kind: TO_RUNNER.configure, ref: isolate.id, head: settingsText });
  }

  unload(isolate: Isolate): void {
    this.#unloadById(isolate.id);
  }

  #unloadById(id: number): void {
    if (!this.#isolates.delete(id)) return;
    this.shares.forget(id);
    this.#process.send({ kind: TO_RUNNER.unload, ref: id });
  }

  /** @param head what the guest is told of the run, as JSON */
  start(run: Run, isolate: Isolate, head: string, body: Uint8Array | null): void {
    this.runs.add(run, isolate);
    run.residentBytesAtStart = this.usage.recentResidentBytes();
    isolate.usedAtMs = performance.now();
    this.usedAtMs = isolate.usedAtMs;
    this.#process.send({
      kind: TO_RUNNER.run,
      code: TRIGGERS.indexOf(limitedAs(run.invocation.trigger)),
      run: run.id,
      ref: isolate.id,
      amount: flagsOf(run, body),
      head,
      ...(body === null ? {} : { body }),
    });
  }

  /** Ends a run without the runner: what it still sends for it is dropped. */
  abandon(run: Run, failure: Failure): void {
    const entry = this.runs.get(run.id);
    if (!entry) return;
    this.runs.abandon(entry);
    this.#process.send({ kind: TO_RUNNER.cancel, run: run.id });
    this.#close(entry, failRun(run, failure));
  }

  #close(entry: RunInFlight, completion: Parameters<Run['settle']>[0]): void {
    this.runs.remove(entry);
    entry.run.settle(completion);
    this.#parts.onAnswer(this, entry.isolate);
  }

  /** Sends a heartbeat, and counts the one before it where it is still unanswered. */
  ping(): void {
    this.#process.send(this.heartbeat.ping());
  }

  /** The watchdog found the isolate in one step for too long; nobody minds where it is alone. */
  noticeHog(id: number): void {
    const isolate = this.isolates.get(id);
    if (isolate && this.#isolates.installations > 1) this.#parts.onHog(isolate);
  }

  /** Ends the process in an orderly way: it has nothing left to do. */
  retire(): void {
    this.isClosing = true;
    this.kill({ outcome: 'canceled', reason: 'the server ended the runner', run: 0, isolate: 0 });
  }

  /** Kills the process group; the end is reported when the process is gone. */
  kill(reason: KillReason): void {
    this.killReason ??= reason;
    this.isClosing = true;
    this.#process.kill();
  }

  #blame(reason: string): KillReason {
    const mark = this.mark();
    return { outcome: 'runnerDied', reason, run: mark?.run ?? 0, isolate: mark?.isolate ?? 0 };
  }

  #receive(frame: Frame): void {
    if (this.killReason || this.isEnded) return;
    switch (frame.kind) {
      case FROM_RUNNER.done:
        return this.#receiveDone(frame);
      case FROM_RUNNER.call:
        return this.#hostCalls.receive(frame);
      case FROM_RUNNER.log:
        return this.#receiveLog(frame);
      case FROM_RUNNER.ready:
        return this.#beReady(frame);
      case FROM_RUNNER.notStarted:
        return this.#receiveNotStarted(frame);
      case FROM_RUNNER.loadFailed:
        return this.#receiveLoadFailed(frame);
      case FROM_RUNNER.gone:
        return this.#receiveGone(frame);
      case FROM_RUNNER.answerHead:
        return this.#bodies.receiveAnswerHead(frame);
      case FROM_RUNNER.answerPiece:
        return this.#bodies.receiveAnswerPiece(frame);
      case FROM_RUNNER.pull:
        return frame.ref === 0 ? this.#bodies.receivePull(frame) : this.#hostCalls.receivePull(frame);
      case FROM_RUNNER.drop:
        return this.#hostCalls.receiveDrop(frame);
      case FROM_RUNNER.pong:
        return this.#receivePong(frame);
      case FROM_RUNNER.loaded:
        return this.#useless.note(frame);
      default:
        throw new Fault('a frame of an unknown kind');
    }
  }

  /** Called once, when the process stands. */
  #beReady(frame: Frame): void {
    if (this.isReady) throw new Fault('a runner was ready twice');
    this.usage.open(this.pid);
    this.isReady = true;
    this.#ready.resolve(JSON.parse(frame.head) as ReadyHead);
  }

  #receivePong(frame: Frame): void {
    this.heartbeat.receivePong(frame);
    this.usage.report(frame.amount * 1_024);
  }

  #receiveDone(frame: Frame): void {
    const entry = this.runs.findLast(frame, 'an answer for');
    const cpuMs = frame.amount / 1_000;
    const { run, isolate } = entry;
    // Whoever was answered without the runner took its time all the same.
    if (isolate.spending.note(cpuMs, run.startedMs) === 'greedy') this.noticeHog(isolate.id);
    if (!this.runs.has(run.id)) return this.#parts.observer.spentAfterEnd(run.invocation, cpuMs);
    const answer = readAnswer(run, frame);
    this.#close(
      entry,
      answer.outcome === 'ok' ? { ...answer, usage: usageOf(run, cpuMs) } : failRun(run, answer, cpuMs),
    );
  }

  /** An isolate that broke or was disposed of while the run was on its way: it may begin anew, nothing has happened. */
  #receiveNotStarted(frame: Frame): void {
    const entry = this.runs.findLast(frame, 'a start that failed of');
    // What it did already would be done twice.
    if (entry.hasBegun) throw new Fault('a start that failed of a run that had begun');
    if (!this.runs.has(frame.run)) return;
    this.runs.remove(entry);
    this.#parts.onNotStarted(entry.run);
  }

  /** A load is worth its time once; of one that fails there is another with each call. */
  #receiveLoadFailed(frame: Frame): void {
    const isolate = this.isolates.get(frame.ref);
    if (!isolate) return this.#useless.note(frame);
    const cpuMs = frame.amount / 1_000;
    const isGreedy = isolate.spending.note(cpuMs, performance.now()) === 'greedy';
    if (isGreedy || cpuMs > RUNNER_LIMITS.neighbourWaitMsMax) this.noticeHog(isolate.id);
    // The runner keeps a failed load to answer the runs that were on their way; they have been by now.
    this.#unloadById(isolate.id);
  }

  /** Breaking an isolate took its neighbours' time, whether or not one step did. */
  #receiveGone(frame: Frame): void {
    const outcome = OUTCOMES[frame.code];
    if (outcome === 'exceededCpu' || outcome === 'exceededMemory') this.noticeHog(frame.ref);
    this.shares.forget(frame.ref);
    if (!this.#isolates.delete(frame.ref)) this.#useless.note(frame);
  }

  #receiveLog(frame: Frame): void {
    const entry = frame.run === 0 ? undefined : this.runs.findOwed(frame, 'a log line of');
    if (entry) entry.hasBegun = true;
    const isolate = this.isolates.get(frame.ref);
    if (!isolate) return this.#useless.note(frame);
    receiveLog(frame, isolate, entry, this.#parts.observer);
  }

  #end(end: { signal: string | null; lastWords: string }): void {
    this.isEnded = true;
    this.wasKilledByOthers = end.signal === 'SIGKILL' && !this.killReason;
    this.lastWords = end.lastWords.trim().slice(0, 300);
    this.isClosing = true;
    this.usage.close();
    this.#ready.reject(new Fault('a runner ended before it was ready'));
    const mark = this.mark();
    const { killReason, tier } = this;
    const runs = this.runs.clear();
    const isolates = this.#isolates.clear();
    this.#ended.resolve();
    this.#parts.onEnd(this, { pid: this.#pid, tier, isolates, killReason, runs, mark, ...end });
  }
}

function flagsOf({ inflow, invocation }: Run, body: Uint8Array | null): number {
  const { wholeBody, bodyInPieces, answerInPieces } = RUN_FLAGS;
  return (
    (body === null ? 0 : wholeBody) +
    (inflow ? bodyInPieces : 0) +
    (invocation.answer === 'pieces' ? answerInPieces : 0)
  );
}

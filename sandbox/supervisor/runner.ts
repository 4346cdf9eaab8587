/**
 * A runner with what lives in it: its isolates and the runs in flight. Reads its frames, and believes none of them
 * beyond what the supervisor itself has on record.
 */
import { crc32 } from 'node:zlib';

import { ISOLATE_LIMITS, RUNNER_LIMITS, STREAM_LIMITS } from '../../spec/limits.ts';
import { OUTCOMES } from '../../spec/outcome.ts';
import { Fault } from '../../spec/refusal.ts';
import type { Broker, BrokerAnswer } from '../broker/broker.ts';
import {
  limitedAs,
  type GrantsOf,
  type Guest,
  type HostCallContext,
  type SandboxObserver,
  type TrustTier,
} from '../ports.ts';
import type { Frame } from '../protocol/frame.ts';
import type { BootSettings, LoadHead, ReadyHead } from '../protocol/heads.ts';
import { IdTable } from '../protocol/id-table.ts';
import { FROM_RUNNER, LOG_LEVELS, PIECE_CODES, RUN_FLAGS, TO_RUNNER, TRIGGERS } from '../protocol/kinds.ts';
import type { LogAllowance } from '../protocol/log-allowance.ts';
import type { Mark } from '../protocol/mark.ts';
import { readAnswer, readAnswerHead } from './answer.ts';
import type { Launch } from './launch.ts';
import { innermostProcess, openProcessUsage, type ProcessUsage } from './process-usage.ts';
import { createOutflow } from './outflow.ts';
import { awaitAnswer, failRun, keepAlive, usageOf, type Failure, type Run } from './run.ts';
import { startRunnerProcess, type RunnerProcess } from './runner-process.ts';

/** In UTF-8 a UTF-16 unit has three bytes at most. */
const LOG_LINE_BYTES_MAX = ISOLATE_LIMITS.logCharsMax * 3;

/** One isolate as the supervisor knows it. */
export type Isolate = {
  readonly id: number;
  readonly installationId: string;
  readonly digest: string;
  guest: Guest;
  runs: number;
  usedAtMs: number;
  /** Lines logged while no run was in flight. */
  strayLogLines: number;
  readonly logAllowance: LogAllowance;
};

export type RunnerEnd = {
  readonly pid: number;
  readonly tier: TrustTier;
  /** Everything that lived in it. */
  readonly isolates: readonly Isolate[];
  readonly killReason: KillReason | undefined;
  readonly signal: string | null;
  readonly lastWords: string;
  readonly mark: Mark | undefined;
  /** Runs that were in flight, still unanswered. */
  readonly runs: readonly { readonly run: Run; readonly isolate: Isolate }[];
};

/** Why we killed a runner. `run` is the one to blame, 0 for none. */
export type KillReason = Failure & { readonly run: number; readonly isolate: number };

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
  readonly isolates = new Map<number, Isolate>();
  readonly runs = new IdTable<{ readonly run: Run; readonly isolate: Isolate }>();
  readonly startedAtMs = performance.now();
  /** Heartbeats in a row that found the one before them unanswered; a stall of our own counts as one. */
  heartbeatMisses = 0;
  /** Where a spare has been put to use; empty while it waits. */
  group = '';
  usedAtMs = performance.now();
  isEnded = false;
  /** Takes no new runs. */
  isClosing = false;
  killReason: KillReason | undefined;
  readonly #byInstallation = new Map<string, readonly Isolate[]>();
  readonly #process: RunnerProcess;
  readonly #parts: RunnerParts;
  /** Runs that were answered without the runner, which owes each one frame still. */
  readonly #abandoned = new Set<number>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #pid: number;
  #usage: ProcessUsage | undefined;
  #reportedResidentBytes: number | undefined;
  #sampled = { atMs: 0, bytes: 0 };
  #watched = { enteredAtMs: 0, cpuMs: 0 };
  #lastPing = 0;
  #lastPong = 0;
  readonly #ready = Promise.withResolvers<ReadyHead>();

  constructor(parts: RunnerParts) {
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
    this.#process.send({
      kind: TO_RUNNER.boot,
      head: JSON.stringify(parts.boot),
      body: parts.guestSource,
    });
  }

  get pid(): number {
    return this.#pid;
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

  /** The isolates of one installation: its present version, and older ones that still have runs. */
  isolatesOf(installationId: string): readonly Isolate[] {
    return this.#byInstallation.get(installationId) ?? [];
  }

  /** Ends the process in an orderly way: it has nothing left to do. */
  retire(): void {
    this.isClosing = true;
    this.kill({ outcome: 'canceled', reason: 'the server ended the runner', run: 0, isolate: 0 });
  }

  load(isolate: Isolate, head: LoadHead, body: Uint8Array): void {
    this.isolates.set(isolate.id, isolate);
    const siblings = this.isolatesOf(isolate.installationId);
    this.#byInstallation.set(isolate.installationId, [isolate, ...siblings]);
    const lane = crc32(isolate.guest.org.id);
    this.#process.send({
      kind: TO_RUNNER.load,
      ref: isolate.id,
      amount: lane,
      head: JSON.stringify(head),
      body,
    });
  }

  /** The watchdog found the isolate in one step for too long; nobody minds where it is alone. */
  noticeHog(id: number): void {
    const isolate = this.isolates.get(id);
    if (isolate && this.#byInstallation.size > 1) this.#parts.onHog(isolate);
  }

  configure(isolate: Isolate, settingsText: string): void {
    this.#process.send({ kind: TO_RUNNER.configure, ref: isolate.id, head: settingsText });
  }

  unload(isolate: Isolate): void {
    this.#unloadById(isolate.id);
  }

  /** @param head what the guest is told of the run, as JSON */
  start(run: Run, isolate: Isolate, head: string, body: Uint8Array | null): void {
    this.runs.set(run.id, { run, isolate });
    run.residentBytesAtStart = this.#recentResidentBytes();
    isolate.runs += 1;
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
    this.#abandoned.add(run.id);
    this.#process.send({ kind: TO_RUNNER.cancel, run: run.id });
    this.#close(entry, failRun(run, failure));
  }

  /** Sends a heartbeat, and counts the one before it where it is still unanswered. */
  ping(): void {
    this.heartbeatMisses = this.#lastPong === this.#lastPing ? 0 : this.heartbeatMisses + 1;
    this.#process.send({ kind: TO_RUNNER.ping, ref: ++this.#lastPing });
  }

  #receivePong(frame: Frame): void {
    if (frame.ref > this.#lastPing) throw new Fault('an answer to a heartbeat that was not sent');
    this.#lastPong = frame.ref;
    this.#reportedResidentBytes = frame.amount * 1_024;
  }

  /** Undefined until the system or the runner has told. */
  residentBytes(): number | undefined {
    return this.#usage?.residentBytes() ?? this.#reportedResidentBytes;
  }

  /** For calls, of which there may be thousands within the time that it takes to grow by a mebibyte. */
  #recentResidentBytes(): number {
    const now = performance.now();
    if (now - this.#sampled.atMs > RUNNER_LIMITS.watchdogIntervalMs)
      this.#sampled = { atMs: now, bytes: this.residentBytes() ?? 0 };
    return this.#sampled.bytes;
  }

  /** Processor time that the process used since this entry was first looked at; undefined where nobody tells. */
  cpuMsSince(mark: Mark): number | undefined {
    const cpuMs = this.#usage?.cpuMs();
    if (cpuMs === undefined) return undefined;
    if (this.#watched.enteredAtMs !== mark.enteredAtMs)
      this.#watched = { enteredAtMs: mark.enteredAtMs, cpuMs };
    return cpuMs - this.#watched.cpuMs;
  }

  /** Called once, when the process stands: from here on it is measured. */
  #beReady(frame: Frame): void {
    this.#usage ??= openProcessUsage(innermostProcess(this.pid));
    this.isReady = true;
    this.#ready.resolve(JSON.parse(frame.head) as ReadyHead);
  }

  /** Kills the process group; the end is reported when the process is gone. */
  kill(reason: KillReason): void {
    this.killReason ??= reason;
    this.isClosing = true;
    this.#process.kill();
  }

  #forget(id: number): boolean {
    const isolate = this.isolates.get(id);
    if (!isolate) return false;
    this.isolates.delete(id);
    const left = this.isolatesOf(isolate.installationId).filter((other) => other.id !== id);
    if (left.length > 0) this.#byInstallation.set(isolate.installationId, left);
    else this.#byInstallation.delete(isolate.installationId);
    return true;
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
        return this.#receiveCall(frame);
      case FROM_RUNNER.log:
        return this.#receiveLog(frame);
      case FROM_RUNNER.ready:
        return this.#beReady(frame);
      case FROM_RUNNER.notStarted:
        return this.#receiveNotStarted(frame);
      case FROM_RUNNER.loadFailed:
        // The runner keeps a failed load to answer the runs that were on their way; they have been by now.
        return this.#unloadById(frame.ref);
      case FROM_RUNNER.gone:
        return this.#receiveGone(frame);
      case FROM_RUNNER.answerHead:
        return this.#receiveAnswerHead(frame);
      case FROM_RUNNER.answerPiece:
        return this.#receiveAnswerPiece(frame);
      case FROM_RUNNER.pull:
        return this.#receivePull(frame);
      case FROM_RUNNER.pong:
        return this.#receivePong(frame);
      case FROM_RUNNER.loaded:
        return;
      default:
        throw new Fault('a frame of an unknown kind');
    }
  }

  /** Breaking an isolate took its neighbours' time, whether or not one step did. */
  #receiveGone(frame: Frame): void {
    const outcome = OUTCOMES[frame.code];
    if (outcome === 'exceededCpu' || outcome === 'exceededMemory') this.noticeHog(frame.ref);
    this.#forget(frame.ref);
  }

  #receiveDone(frame: Frame): void {
    const entry = this.runs.get(frame.run);
    if (!entry) {
      if (this.#abandoned.delete(frame.run)) return;
      throw new Fault('an answer for a run that is not in this runner');
    }
    const answer = readAnswer(entry.run, frame);
    const cpuMs = frame.amount / 1_000;
    this.#close(
      entry,
      answer.outcome === 'ok'
        ? { ...answer, usage: usageOf(entry.run, cpuMs) }
        : failRun(entry.run, answer, cpuMs),
    );
  }

  /** @returns the run that a frame is about; undefined for one that was answered without the runner */
  #entryOf(frame: Frame, what: string): { readonly run: Run; readonly isolate: Isolate } | undefined {
    const entry = this.runs.get(frame.run);
    if (entry || this.#abandoned.has(frame.run)) return entry;
    throw new Fault(`${what} a run that is not in this runner`);
  }

  #receiveAnswerHead(frame: Frame): void {
    const entry = this.#entryOf(frame, 'the beginning of an answer of');
    if (!entry) return;
    const { run } = entry;
    if (run.outflow || run.invocation.answer !== 'pieces')
      throw new Fault('an answer in pieces for a run that takes none');
    const answer = readAnswerHead(frame);
    if (answer.outcome !== 'ok') return this.abandon(run, answer);
    const outflow = createOutflow(() => {
      if (!this.runs.has(run.id)) return;
      keepAlive(run);
      this.#process.send({ kind: TO_RUNNER.more, run: run.id, amount: 1 });
    });
    const response = { ...answer.response, body: outflow.source };
    const refusal = run.begin({ ...answer, response, usage: usageOf(run, 0) });
    if (refusal) return this.abandon(run, refusal);
    run.outflow = outflow;
    keepAlive(run);
  }

  #receiveAnswerPiece(frame: Frame): void {
    const run = this.#entryOf(frame, 'a piece of an answer of')?.run;
    if (!run) return;
    if (!run.outflow) throw new Fault('a piece of an answer that has not begun');
    run.outflow.take(frame.body);
    keepAlive(run);
    run.residentBytesAtStart = this.#recentResidentBytes();
    // The runner enforces the limit first; more than it allows means that the runner is no longer ours.
    if (run.outflow.bytes > STREAM_LIMITS.responseBytesMax)
      throw new Fault('an answer that is larger than it may be');
  }

  #receivePull(frame: Frame): void {
    const run = this.#entryOf(frame, 'a wish for the request of')?.run;
    if (!run) return;
    const { inflow } = run;
    if (!inflow || inflow.isAsked)
      throw new Fault('a piece of a request was asked for that cannot be had now');
    inflow.isAsked = true;
    keepAlive(run);
    void inflow.source.read().then((piece) => {
      if (!this.runs.has(run.id)) return;
      // After the last piece nothing more may be asked for.
      inflow.isAsked = typeof piece === 'string';
      awaitAnswer(run);
      const code = PIECE_CODES.indexOf(typeof piece === 'string' ? piece : 'piece');
      const body = typeof piece === 'string' ? {} : { body: piece };
      this.#process.send({ kind: TO_RUNNER.requestPiece, run: run.id, code, ...body });
    });
  }

  /** An isolate that broke or was disposed of while the run was on its way: it may begin anew, nothing has happened. */
  #receiveNotStarted(frame: Frame): void {
    const entry = this.runs.get(frame.run);
    if (!entry) {
      if (this.#abandoned.delete(frame.run)) return;
      throw new Fault('a run that is not in this runner did not start');
    }
    this.runs.delete(frame.run);
    entry.isolate.runs -= 1;
    this.#parts.onNotStarted(entry.run);
  }

  #unloadById(id: number): void {
    if (this.#forget(id)) this.#process.send({ kind: TO_RUNNER.unload, ref: id });
  }

  #close(entry: { run: Run; isolate: Isolate }, completion: Parameters<Run['settle']>[0]): void {
    this.runs.delete(entry.run.id);
    entry.isolate.runs -= 1;
    entry.run.settle(completion);
    this.#parts.onAnswer(this, entry.isolate);
  }

  #receiveCall(frame: Frame): void {
    const entry = this.#entryOf(frame, 'a host call of');
    if (!entry) return;
    const { run } = entry;
    // The runner enforces the quota first; more than it allows means that the runner is no longer ours.
    if (++run.hostCalls > run.limits.hostCallsMax) throw new Fault('more host calls than a run may make');
    const { guest, caller, requestId, chain, trigger, files } = run.invocation;
    run.abort ??= new AbortController();
    const context = {
      guest,
      caller,
      requestId,
      chain: chain ?? [],
      trigger,
      files: files ?? [],
      deadline: run.deadline,
      signal: run.abort.signal,
    };
    void this.#callBroker(frame, run, context).then((answer) => {
      if (!this.runs.has(run.id)) return;
      const body = Buffer.from(answer.text, 'utf8');
      this.#process.send({
        kind: TO_RUNNER.result,
        run: run.id,
        ref: frame.ref,
        code: answer.failed ? 1 : 0,
        body,
      });
    });
  }

  /** A run that lasts does not keep the grants with which it began. */
  async #callBroker(frame: Frame, run: Run, context: HostCallContext): Promise<BrokerAnswer> {
    const { broker, grantsOf } = this.#parts;
    const argumentsText = frame.body.toString('utf8');
    if (!grantsOf || performance.now() - run.startedMs <= RUNNER_LIMITS.grantsKeptMsMax || isOwnStep(run))
      return broker.call(frame.head, argumentsText, context);
    // Who cannot be asked has granted nothing.
    const grants = await grantsOf(context.guest).catch(() => []);
    return broker.call(frame.head, argumentsText, { ...context, guest: { ...context.guest, grants } });
  }

  #receiveLog(frame: Frame): void {
    const isolate = this.isolates.get(frame.ref);
    const level = LOG_LEVELS[frame.code];
    if (!isolate || level === undefined) return;
    const run = this.runs.get(frame.run)?.run;
    const lines = run ? ++run.logLines : ++isolate.strayLogLines;
    // The runner enforces both limits first; more than they allow means that the runner is no longer ours.
    if (lines > (run?.limits.logLinesMax ?? ISOLATE_LIMITS.strayLogLinesMax))
      throw new Fault('more log lines than a run may write');
    if (frame.body.byteLength > LOG_LINE_BYTES_MAX)
      throw new Fault('a log line that is longer than it may be');
    if (isolate.logAllowance.take(frame.body.byteLength) !== 'taken') return;
    const requestId = run?.invocation.requestId ?? null;
    this.#parts.observer.guestLogged(isolate.guest, { level, text: frame.body.toString('utf8'), requestId });
  }

  #end(end: { signal: string | null; lastWords: string }): void {
    this.isEnded = true;
    this.lastWords = end.lastWords.trim().slice(0, 300);
    this.isClosing = true;
    this.#usage?.close();
    this.#usage = undefined;
    this.#ready.reject(new Fault('a runner ended before it was ready'));
    const runs = this.runs.values();
    const mark = this.mark();
    const { killReason } = this;
    const isolates = [...this.isolates.values()];
    this.runs.clear();
    this.isolates.clear();
    this.#byInstallation.clear();
    this.#ended.resolve();
    const { tier } = this;
    this.#parts.onEnd(this, { pid: this.#pid, tier, isolates, killReason, runs, mark, ...end });
  }
}

/** Hooks run while the installation is not active yet, or not any more. */
const isOwnStep = ({ invocation: { trigger } }: Run): boolean =>
  trigger.kind === 'lifecycle' || trigger.kind === 'health';

function flagsOf({ inflow, invocation }: Run, body: Uint8Array | null): number {
  const { wholeBody, bodyInPieces, answerInPieces } = RUN_FLAGS;
  return (
    (body === null ? 0 : wholeBody) +
    (inflow ? bodyInPieces : 0) +
    (invocation.answer === 'pieces' ? answerInPieces : 0)
  );
}

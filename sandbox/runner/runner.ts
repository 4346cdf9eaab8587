/** The runner's loop: frames in, entries into isolates, frames out. */
import { OUTCOMES } from '../../spec/outcome.ts';
import { Fault } from '../../spec/refusal.ts';
import { DELIVER } from '../guest/bridge.ts';
import type { GuestCode } from '../guest/bundle.ts';
import type { Frame, FrameParts } from '../protocol/frame.ts';
import type { BootSettings, LoadHead, ReadyHead } from '../protocol/heads.ts';
import { IdTable } from '../protocol/id-table.ts';
import { FROM_RUNNER, PIECE_CODES, RUN_FLAGS, TO_RUNNER, TRIGGERS } from '../protocol/kinds.ts';
import { BlankIsolates } from './blank-isolates.ts';
import { openChannel, type Channel } from './channel.ts';
import { CryptoDesk, type CryptoJob } from './crypto-desk.ts';
import { loadFailedFrame, neverBegunFrame, runEndFrame } from './end-frames.ts';
import type { Engine } from './engine.ts';
import { createEntryMeter, type EntryMeter } from './entry-meter.ts';
import type { EntryEnd, GuestIsolate } from './guest-isolate.ts';
import { Lanes } from './lanes.ts';
import { createMarker, type Marker } from './marker.ts';
import { loadPackage } from './package-load.ts';
import { createPostHandler, logLine } from './posts.ts';
import { findMissingWalls } from './self-test.ts';
import {
  createHome,
  createRun,
  earn,
  failureOfBroken,
  oldestRun,
  type Answer,
  type Home,
  type Run,
} from './state.ts';
import { describeThrown } from './thrown.ts';
import { warmUpScript } from './warm-up.ts';

const LOG_ERROR = 3;

/** Opens the channel and serves it until the supervisor closes it. */
export function createRunner(engine: Engine): void {
  const runner = new Runner(engine);
  runner.listen();
}

class Runner {
  readonly #engine: Engine;
  readonly #marker: Marker = createMarker();
  readonly #meter: EntryMeter = createEntryMeter();
  readonly #homes = new Map<number, Home>();
  readonly #runs = new IdTable<Run>();
  /** Canceled while they waited for their turn. */
  readonly #unwanted = new IdTable<true>();
  readonly #desks = new Map<number, CryptoDesk>();
  readonly #lanes = new Lanes((frame) => this.#obey(frame));
  #channel: Channel | undefined;
  #settings: BootSettings | undefined;
  #blanks: BlankIsolates | undefined;
  #libraries: ReadonlyMap<string, string> = new Map();
  /** The run for which an isolate is being entered. */
  #current: Run | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  listen(): void {
    this.#channel = openChannel((frames) => {
      for (const frame of frames) this.#receive(frame);
      this.#lanes.work();
    });
  }

  #send(parts: FrameParts): void {
    this.#channel?.send(parts);
  }

  #booted(): BootSettings {
    if (!this.#settings) throw new Fault('a frame came before boot');
    return this.#settings;
  }

  /** Heartbeats are answered at once; everything that may enter a guest waits for the turn of its lane. */
  #receive(frame: Frame): void {
    if (frame.kind === TO_RUNNER.ping) return this.#pong(frame.ref);
    if (frame.kind === TO_RUNNER.cancel && this.#isWaiting(frame.run)) this.#unwanted.set(frame.run, true);
    else this.#lanes.add(frame);
  }

  #isWaiting(run: number): boolean {
    return this.#lanes.hasRun(run) && !this.#runs.has(run);
  }

  #obey(frame: Frame): void {
    switch (frame.kind) {
      case TO_RUNNER.run:
        return this.#beginRun(frame);
      case TO_RUNNER.result:
        return this.#bringResult(frame);
      case TO_RUNNER.more:
        return this.#allowMore(frame);
      case TO_RUNNER.piece:
        return this.#bringPiece(frame);
      case TO_RUNNER.load:
        return this.#load(frame);
      case TO_RUNNER.configure:
        return this.#configure(frame);
      case TO_RUNNER.cancel:
        return this.#cancel(frame.run);
      case TO_RUNNER.unload:
        return this.#unload(frame.ref);
      case TO_RUNNER.boot:
        return void this.#boot(frame).catch(giveUp);
      default:
        throw new Fault('unknown kind of frame');
    }
  }

  /** Makes the startup snapshot before any guest code has been near this process. */
  async #boot(frame: Frame): Promise<void> {
    this.#settings = JSON.parse(frame.head) as BootSettings;
    const guest = JSON.parse(frame.body.toString('utf8')) as GuestCode;
    this.#libraries = new Map(Object.entries(guest.libraries));
    const source = { code: guest.script, filename: 'souk:guest' };
    const snapshot = this.#engine.Isolate.createSnapshot([source], warmUpScript());
    this.#blanks = new BlankIsolates(
      {
        engine: this.#engine,
        snapshot,
        marker: this.#marker,
        meter: this.#meter,
        heapMibMax: this.#settings.isolate.heapMibMax,
      },
      () => this.#runs.size === 0,
    );
    const missing = await findMissingWalls();
    this.#send({ kind: FROM_RUNNER.ready, head: JSON.stringify({ missing } satisfies ReadyHead) });
  }

  #load(frame: Frame): void {
    const settings = this.#booted();
    const home = createHome(frame.ref);
    this.#homes.set(home.id, home);
    const startedMs = performance.now();
    let cpuUs = 0;
    const head = JSON.parse(frame.head) as LoadHead;
    try {
      const isolate = this.#createIsolate(home);
      home.isolate = isolate;
      isolate.deliver(0, settings.runs.endpoint.entryMsMax, [DELIVER.configure, 0, head.settingsText]);
      const load = loadPackage(home, isolate, head, frame.body, settings.isolate.loadMsMax);
      home.failure = load.failure;
      cpuUs = load.cpuUs;
    } catch (error) {
      home.failure = { outcome: 'exception', head: { reason: describeThrown(error).message } };
    }
    if (home.failure) {
      home.isolate?.dispose();
      home.isolate = undefined;
      return this.#send(loadFailedFrame(home.id, home.failure, cpuUs));
    }
    const tookUs = Math.round((performance.now() - startedMs) * 1_000);
    this.#send({ kind: FROM_RUNNER.loaded, ref: home.id, amount: tookUs });
  }

  #createIsolate(home: Home): GuestIsolate {
    if (!this.#channel || !this.#blanks) throw new Fault('load before boot');
    const desk = this.#openDesk(home);
    const parts = {
      channel: this.#channel,
      currentRun: () => this.#current,
      fireTimer: (at: Home, timer: number) => this.#fireTimer(at, timer),
      crypto: (job: CryptoJob) => desk.add(job),
      libraries: this.#libraries,
    };
    return this.#blanks.take().occupy(home.id, createPostHandler(home, parts));
  }

  #configure(frame: Frame): void {
    const home = this.#homes.get(frame.ref);
    const { entryMsMax } = this.#booted().runs.endpoint;
    if (home) this.#enter(home, undefined, entryMsMax, [DELIVER.configure, 0, frame.head]);
  }

  #beginRun(frame: Frame): void {
    if (this.#unwanted.delete(frame.run)) return this.#leaveOut(frame.run);
    const trigger = TRIGGERS[frame.code];
    const home = this.#homes.get(frame.ref);
    if (!trigger) throw new Fault('a run with an unknown trigger');
    if (!home) {
      this.#lanes.forgetRun(frame.run);
      return this.#send({ kind: FROM_RUNNER.notStarted, run: frame.run });
    }
    const run = createRun(frame.run, home, this.#booted().runs[trigger], frame.amount);
    this.#runs.set(run.id, run);
    home.runs.set(run.id, run);
    if (home.failure) return this.#endRun(run, home.failure);
    const body = (frame.amount & RUN_FLAGS.wholeBody) === 0 ? undefined : frame.body.toString('latin1');
    const args = [DELIVER.run, run.id, trigger, frame.head, body, frame.amount];
    this.#enter(home, run, run.limits.entryMsMax, args);
    this.#desks.get(home.id)?.work();
  }

  /** Whoever calls and goes away again and again would else have any number of calls in flight. */
  #leaveOut(run: number): void {
    this.#lanes.forgetRun(run);
    this.#send(neverBegunFrame(run));
  }

  #bringResult(frame: Frame): void {
    const run = this.#runs.get(frame.run);
    if (!run?.pending.delete(frame.ref)) return;
    const hasBody = frame.amount === 1;
    if (run.dropped?.delete(frame.ref)) {
      // It was answered before it was dropped: its body is still open.
      if (hasBody) this.#send({ kind: FROM_RUNNER.drop, run: run.id, ref: frame.ref });
      return;
    }
    if (hasBody) (run.bodies ??= new Map()).set(frame.ref, 'idle');
    const text = frame.body.toString('utf8');
    this.#enter(run.home, run, run.limits.entryMsMax, [DELIVER.result, run.id, frame.ref, frame.code, text]);
  }

  /** The caller has taken a piece of the answer. */
  #allowMore(frame: Frame): void {
    const run = this.#runs.get(frame.run);
    if (!run || typeof run.outflow === 'string') return;
    run.outflow.piecesMax += frame.amount;
    this.#enter(run.home, run, run.limits.entryMsMax, [DELIVER.more, run.id, run.outflow.piecesMax]);
  }

  /** Of the request, or of the body that came with the answer of a host call. */
  #bringPiece(frame: Frame): void {
    const run = this.#runs.get(frame.run);
    if (!run || !takePiece(run, frame)) return;
    earn(run, frame.body.byteLength);
    const text = frame.body.toString(PIECE_CODES[frame.code] === 'broken' ? 'utf8' : 'latin1');
    this.#enter(run.home, run, run.limits.entryMsMax, [DELIVER.piece, run.id, frame.code, frame.ref, text]);
  }

  #fireTimer(home: Home, timer: number): void {
    const set = home.timers.get(timer);
    home.timers.delete(timer);
    const run = home.runs.get(set?.run ?? 0) ?? oldestRun(home);
    if (run) this.#enter(home, run, run.limits.entryMsMax, [DELIVER.timer, run.id, timer]);
  }

  #openDesk(home: Home): CryptoDesk {
    const desk = new CryptoDesk({
      home,
      charge: (run, cpuUs) => {
        run.cpuUs += cpuUs;
        this.#endWithoutBudget(run);
      },
      deliver: (run, call, text) =>
        this.#enter(home, run, run.limits.entryMsMax, [DELIVER.cryptoResult, 0, call, 0, text]),
    });
    this.#desks.set(home.id, desk);
    return desk;
  }

  /** The one way into a guest: charges the run, answers what ended in it, ends what cannot go on. */
  #enter(
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
    if (end.kind === 'stray') this.#logStray(home, run, end.message);
    for (const ended of home.ended.splice(0)) if (ended.answer) this.#endRun(ended, ended.answer);
    if (run) this.#endWithoutBudget(run);
  }

  #endWithoutBudget(run: Run): void {
    if (!this.#runs.has(run.id) || run.cpuUs <= run.limits.cpuTimeMsMax * 1_000 + run.earnedUs) return;
    const budgetMs = Math.round(run.limits.cpuTimeMsMax + run.earnedUs / 1_000);
    const reason = `the run used more than ${budgetMs} ms of processor time`;
    this.#endByHost(run, { outcome: 'exceededCpu', head: { reason } });
  }

  /** Listeners hear of the end: what they do is still charged to the run. */
  #endByHost(run: Run, answer: Answer): void {
    const { id, home, limits } = run;
    this.#dropRun(run);
    const end = home.isolate?.deliver(id, limits.entryMsMax, [DELIVER.revoke, id]);
    run.cpuUs += end?.cpuUs ?? 0;
    if (end) this.#settleEntry(home, undefined, end);
    this.#send(runEndFrame(run, answer));
  }

  /** The isolate is gone: the run that broke it gets the outcome, the others learn that they were not at fault. */
  #breakHome(home: Home, culprit: Run | undefined, end: EntryEnd & { kind: 'broken' }): void {
    home.isolate?.dispose();
    home.isolate = undefined;
    // First of all, so that who hears of an end and calls again does not meet the broken isolate.
    this.#send({ kind: FROM_RUNNER.gone, ref: home.id, code: OUTCOMES.indexOf(end.outcome) });
    for (const run of home.runs.values()) {
      if (run === culprit) this.#endRun(run, failureOfBroken(end));
      else this.#endRun(run, { outcome: 'runnerDied', head: { reason: 'another call broke the isolate' } });
    }
    this.#forget(home);
  }

  #logStray(home: Home, run: Run | undefined, message: string): void {
    if (!this.#channel) return;
    logLine(this.#channel, home, run, { level: LOG_ERROR, text: `unhandled rejection: ${message}` });
  }

  #endRun(run: Run, answer: Answer): void {
    this.#dropRun(run);
    this.#send(runEndFrame(run, answer));
  }

  #dropRun(run: Run): void {
    this.#runs.delete(run.id);
    this.#lanes.forgetRun(run.id);
    run.home.runs.delete(run.id);
    if (run.home.runs.size === 0) clearTimers(run.home);
  }

  /** The supervisor has answered already; it still gets its one frame, so that both sides agree that the run is over. */
  #cancel(id: number): void {
    const run = this.#runs.get(id);
    if (!run) return;
    this.#endByHost(run, { outcome: 'canceled', head: { reason: 'the supervisor ended the run' } });
  }

  #unload(id: number): void {
    this.#lanes.forgetIsolate(id);
    const home = this.#homes.get(id);
    if (!home) return;
    for (const run of home.runs.values())
      this.#endRun(run, { outcome: 'canceled', head: { reason: 'the plugin was unloaded' } });
    this.#marker.enter(0, id);
    home.isolate?.dispose();
    this.#forget(home);
  }

  #forget(home: Home): void {
    clearTimers(home);
    this.#homes.delete(home.id);
    this.#desks.delete(home.id);
  }

  #pong(sequence: number): void {
    const residentKib = Math.round(process.memoryUsage.rss() / 1_024);
    this.#send({ kind: FROM_RUNNER.pong, ref: sequence, amount: residentKib });
  }
}

/** A runner that cannot boot says why, for the operator, and is replaced or given up by the supervisor. */
function giveUp(error: unknown): void {
  process.stderr.write(`${describeThrown(error).message}\n`);
  process.exit(1);
}

/** @returns whether it was asked for; nothing more is after the last one */
function takePiece(run: Run, { ref, code }: Frame): boolean {
  if (ref === 0) {
    if (run.inflow !== 'asked') return false;
    run.inflow = 'idle';
    return true;
  }
  if (run.bodies?.get(ref) !== 'asked') return false;
  if (PIECE_CODES[code] === 'piece') run.bodies.set(ref, 'idle');
  else run.bodies.delete(ref);
  return true;
}

function clearTimers(home: Home): void {
  if (home.timers.size === 0) return;
  for (const timer of home.timers.values()) clearTimeout(timer.timeout);
  home.timers.clear();
}

/** The runner's loop: frames in, entries into isolates; what comes of them is in runs.ts. */
import { Fault } from '../../spec/refusal.ts';
import { DELIVER } from '../guest/bridge.ts';
import type { GuestCode } from '../guest/bundle.ts';
import type { Frame, FrameParts } from '../protocol/frame.ts';
import type { BootSettings, LoadHead, ReadyHead } from '../protocol/heads.ts';
import { IdTable } from '../protocol/id-table.ts';
import { FROM_RUNNER, PIECE_CODES, RUN_FLAGS, TO_RUNNER, TRIGGERS } from '../protocol/kinds.ts';
import { BlankIsolates } from './blank-isolates.ts';
import { openChannel, type Channel } from './channel.ts';
import { CryptoQueue, type CryptoJob } from './crypto-queue.ts';
import { loadFailedFrame, neverBegunFrame } from './end-frames.ts';
import type { Engine } from './engine.ts';
import { createEntryMeter, type EntryMeter } from './entry-meter.ts';
import type { GuestIsolate } from './guest-isolate.ts';
import { Lanes } from './lanes.ts';
import { createMarker, type Marker } from './marker.ts';
import { loadPackage } from './package-load.ts';
import { createPostHandler } from './posts.ts';
import { Runs } from './runs.ts';
import { findMissingWalls } from './self-test.ts';
import { clearTimers, createHome, createRun, earn, oldestRun, type Home, type Run } from './state.ts';
import { describeThrown } from './thrown.ts';
import { warmUpScript } from './warm-up.ts';

/** Opens the channel and serves it until the supervisor closes it. */
export function createRunner(engine: Engine): void {
  const channel = openChannel((frames) => runner.receive(frames));
  const runner = new Runner(engine, channel);
}

class Runner {
  readonly #engine: Engine;
  readonly #channel: Channel;
  readonly #marker: Marker = createMarker();
  readonly #meter: EntryMeter = createEntryMeter();
  readonly #homes = new Map<number, Home>();
  readonly #runs: Runs;
  /** Canceled while they waited for their turn. */
  readonly #unwanted = new IdTable<true>();
  readonly #cryptoQueues = new Map<number, CryptoQueue>();
  readonly #lanes = new Lanes((frame) => this.#obey(frame));
  #settings: BootSettings | undefined;
  #blanks: BlankIsolates | undefined;
  #guestParts: ReadonlyMap<string, string> = new Map();

  constructor(engine: Engine, channel: Channel) {
    this.#engine = engine;
    this.#channel = channel;
    this.#runs = new Runs({
      channel,
      forgetRun: (id) => this.#lanes.forgetRun(id),
      forgetHome: (home) => this.#forget(home),
    });
  }

  /** Takes in what came at once, then does as much as the lanes allow. */
  receive(frames: readonly Frame[]): void {
    for (const frame of frames) this.#take(frame);
    this.#lanes.work();
  }

  #send(parts: FrameParts): void {
    this.#channel.send(parts);
  }

  #booted(): BootSettings {
    if (!this.#settings) throw new Fault('a frame came before boot');
    return this.#settings;
  }

  /** Heartbeats are answered at once; everything that may enter a guest waits for the turn of its lane. */
  #take(frame: Frame): void {
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
    this.#guestParts = new Map(Object.entries(guest.parts));
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
    if (!this.#blanks) throw new Fault('load before boot');
    const cryptoQueue = this.#openCryptoQueue(home);
    const parts = {
      channel: this.#channel,
      currentRun: () => this.#runs.current,
      fireTimer: (at: Home, timer: number) => this.#fireTimer(at, timer),
      crypto: (job: CryptoJob) => cryptoQueue.add(job),
      guestParts: this.#guestParts,
    };
    return this.#blanks.take().occupy(home.id, createPostHandler(home, parts));
  }

  #configure(frame: Frame): void {
    const home = this.#homes.get(frame.ref);
    const { entryMsMax } = this.#booted().runs.endpoint;
    if (home) this.#runs.enter(home, undefined, entryMsMax, [DELIVER.configure, 0, frame.head]);
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
    this.#runs.add(run);
    if (home.failure) return this.#runs.end(run, home.failure);
    const body = (frame.amount & RUN_FLAGS.wholeBody) === 0 ? undefined : frame.body.toString('latin1');
    const args = [DELIVER.run, run.id, trigger, frame.head, body, frame.amount];
    this.#runs.enter(home, run, run.limits.entryMsMax, args);
    this.#cryptoQueues.get(home.id)?.work();
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
    this.#runs.enter(run.home, run, run.limits.entryMsMax, [
      DELIVER.result,
      run.id,
      frame.ref,
      frame.code,
      text,
    ]);
  }

  /** The caller has taken a piece of the answer. */
  #allowMore(frame: Frame): void {
    const run = this.#runs.get(frame.run);
    if (!run || typeof run.outflow === 'string') return;
    run.outflow.piecesMax += frame.amount;
    this.#runs.enter(run.home, run, run.limits.entryMsMax, [DELIVER.more, run.id, run.outflow.piecesMax]);
  }

  /** Of the request, or of the body that came with the answer of a host call. */
  #bringPiece(frame: Frame): void {
    const run = this.#runs.get(frame.run);
    if (!run || !takePiece(run, frame)) return;
    earn(run, frame.body.byteLength);
    const text = frame.body.toString(PIECE_CODES[frame.code] === 'broken' ? 'utf8' : 'latin1');
    this.#runs.enter(run.home, run, run.limits.entryMsMax, [
      DELIVER.piece,
      run.id,
      frame.code,
      frame.ref,
      text,
    ]);
  }

  #fireTimer(home: Home, timer: number): void {
    const set = home.timers.get(timer);
    home.timers.delete(timer);
    const run = home.runs.get(set?.run ?? 0) ?? oldestRun(home);
    if (run) this.#runs.enter(home, run, run.limits.entryMsMax, [DELIVER.timer, run.id, timer]);
  }

  #openCryptoQueue(home: Home): CryptoQueue {
    const cryptoQueue = new CryptoQueue({
      home,
      charge: (run, cpuUs) => this.#runs.charge(run, cpuUs),
      deliver: (run, call, text) =>
        this.#runs.enter(home, run, run.limits.entryMsMax, [DELIVER.cryptoResult, 0, call, 0, text]),
    });
    this.#cryptoQueues.set(home.id, cryptoQueue);
    return cryptoQueue;
  }

  /** The supervisor has answered already; it still gets its one frame, so that both sides agree that the run is over. */
  #cancel(id: number): void {
    const run = this.#runs.get(id);
    if (!run) return;
    this.#runs.endByHost(run, { outcome: 'canceled', head: { reason: 'the supervisor ended the run' } });
  }

  #unload(id: number): void {
    this.#lanes.forgetIsolate(id);
    const home = this.#homes.get(id);
    if (!home) return;
    for (const run of home.runs.values())
      this.#runs.end(run, { outcome: 'canceled', head: { reason: 'the plugin was unloaded' } });
    this.#marker.enter(0, id);
    home.isolate?.dispose();
    this.#forget(home);
  }

  #forget(home: Home): void {
    clearTimers(home);
    this.#homes.delete(home.id);
    this.#cryptoQueues.delete(home.id);
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
    run.inflow = PIECE_CODES[code] === 'piece' ? 'idle' : 'none';
    return true;
  }
  if (run.bodies?.get(ref) !== 'asked') return false;
  if (PIECE_CODES[code] === 'piece') run.bodies.set(ref, 'idle');
  else run.bodies.delete(ref);
  return true;
}

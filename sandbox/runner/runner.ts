/** The runner's loop: frames in, entries into isolates, frames out. */
import type isolatedVm from 'isolated-vm';

import { OUTCOMES } from '../../spec/outcome.ts';
import { Fault } from '../../spec/refusal.ts';
import { DELIVER } from '../guest/bridge.ts';
import type { Frame } from '../protocol/frame.ts';
import type { BootSettings, LoadHead } from '../protocol/heads.ts';
import { FROM_RUNNER, TO_RUNNER, TRIGGERS } from '../protocol/kinds.ts';
import { openChannel } from './channel.ts';
import type { Engine } from './engine.ts';
import { createGuestIsolate, type EntryEnd } from './guest-isolate.ts';
import { createMarker } from './marker.ts';
import type { PackageFiles } from './modules.ts';
import { createPostHandler } from './posts.ts';
import { findMissingWalls } from './self-test.ts';
import { createHome, createRun, type Answer, type Failure, type Home, type Run } from './state.ts';
import { describeThrown } from './thrown.ts';
import { performCrypto } from './web-crypto.ts';

const LOG_ERROR = 3;
const EMPTY = Buffer.alloc(0);

/** Opens the channel and serves it until the supervisor closes it. */
export function createRunner(engine: Engine): void {
  const marker = createMarker();
  const homes = new Map<number, Home>();
  const runs = new Map<number, Run>();
  let settings: BootSettings | undefined;
  let snapshot: isolatedVm.ExternalCopy<ArrayBuffer> | undefined;
  let currentRun: Run | undefined;

  const obey = (frame: Frame): void => {
    switch (frame.kind) {
      case TO_RUNNER.run:
        return beginRun(frame);
      case TO_RUNNER.result:
        return bringResult(frame);
      case TO_RUNNER.load:
        return load(frame);
      case TO_RUNNER.configure:
        return configure(frame);
      case TO_RUNNER.cancel:
        return cancel(frame.run);
      case TO_RUNNER.unload:
        return unload(frame.ref);
      case TO_RUNNER.ping:
        return channel.send({ kind: FROM_RUNNER.pong, ref: frame.ref, amount: homes.size });
      case TO_RUNNER.boot:
        return void boot(frame).catch(giveUp);
      default:
        throw new Fault('unknown kind of frame');
    }
  };
  const channel = openChannel(obey);

  /** Makes the startup snapshot before any guest code has been near this process. */
  const boot = async (frame: Frame): Promise<void> => {
    settings = JSON.parse(frame.head) as BootSettings;
    snapshot = engine.Isolate.createSnapshot([{ code: frame.body.toString('utf8'), filename: 'souk:guest' }]);
    const missing = await findMissingWalls();
    channel.send({ kind: FROM_RUNNER.ready, head: JSON.stringify({ missing }) });
  };

  const load = (frame: Frame): void => {
    if (!settings || !snapshot) throw new Fault('load before boot');
    const home = createHome(frame.ref);
    homes.set(home.id, home);
    const startedMs = performance.now();
    const head = JSON.parse(frame.head) as LoadHead;
    try {
      home.isolate = createGuestIsolate(home.id, {
        engine,
        snapshot,
        marker,
        heapMibMax: settings.isolate.heapMibMax,
        onPost: createPostHandler(home, {
          channel,
          currentRun: () => currentRun,
          fireTimer,
          crypto: callCrypto,
        }),
      });
      const { entryMsMax } = settings.runs.endpoint;
      home.isolate.deliver(0, entryMsMax, [DELIVER.configure, 0, head.settingsText]);
      const end = home.isolate.load(head.main, filesOf(head, frame.body), settings.isolate.loadMsMax);
      home.failure ??= loadFailure(home, end);
    } catch (error) {
      home.failure = { outcome: 'exception', head: { reason: describeThrown(error).message } };
    }
    if (!home.failure) {
      const tookUs = Math.round((performance.now() - startedMs) * 1_000);
      return channel.send({ kind: FROM_RUNNER.loaded, ref: home.id, amount: tookUs });
    }
    home.isolate?.dispose();
    sendFailure(FROM_RUNNER.loadFailed, 0, home.id, home.failure);
  };

  const configure = (frame: Frame): void => {
    const home = homes.get(frame.ref);
    if (!home?.isolate || !settings) return;
    enter(home, undefined, settings.runs.endpoint.entryMsMax, [DELIVER.configure, 0, frame.head]);
  };

  const beginRun = (frame: Frame): void => {
    const trigger = TRIGGERS[frame.code];
    const home = homes.get(frame.ref);
    if (!settings || !trigger) throw new Fault('run before boot, or with an unknown trigger');
    if (!home) {
      const head = { reason: 'the isolate of the plugin has been disposed of' };
      return sendFailure(FROM_RUNNER.done, frame.run, 0, { outcome: 'canceled', head });
    }
    const run = createRun(frame.run, home, settings.runs[trigger]);
    runs.set(run.id, run);
    home.runs.set(run.id, run);
    if (home.failure) return endRun(run, home.failure);
    const body = frame.amount === 0 ? undefined : frame.body.toString('latin1');
    enter(home, run, entryMs(run), [DELIVER.run, run.id, trigger, frame.head, body]);
  };

  const bringResult = (frame: Frame): void => {
    const run = runs.get(frame.run);
    if (!run?.pending.delete(frame.ref)) return;
    const text = frame.body.toString('utf8');
    enter(run.home, run, entryMs(run), [DELIVER.result, run.id, frame.ref, frame.code, text]);
  };

  const fireTimer = (home: Home, timer: number): void => {
    home.timers.delete(timer);
    const run = home.runs.values().next().value;
    if (run) enter(home, run, entryMs(run), [DELIVER.timer, run.id, timer]);
  };

  /** The one way into a guest: charges the run, answers what ended in it, ends what cannot go on. */
  const enter = (
    home: Home,
    run: Run | undefined,
    timeoutMs: number,
    args: readonly (string | number | undefined)[],
  ): void => {
    const { isolate } = home;
    if (!isolate) return;
    const beforeUs = isolate.cpuUs();
    const startedMs = performance.now();
    currentRun = run;
    const end = isolate.deliver(run?.id ?? 0, timeoutMs, args);
    currentRun = undefined;
    const usedUs =
      end.kind === 'broken' ? (performance.now() - startedMs) * 1_000 : isolate.cpuUs() - beforeUs;
    if (run) run.cpuUs += usedUs;
    settleEntry(home, run, end);
  };

  const settleEntry = (home: Home, run: Run | undefined, end: EntryEnd): void => {
    if (end.kind === 'broken') return breakHome(home, run, end);
    if (end.kind === 'stray') logStray(home, run, end.message);
    for (const ended of home.runs.values()) if (ended.answer) endRun(ended, ended.answer);
    if (run && runs.has(run.id) && run.cpuUs > run.limits.cpuTimeMsMax * 1_000) {
      const head = { reason: `the run used more than ${run.limits.cpuTimeMsMax} ms of processor time` };
      endRun(run, { outcome: 'exceededCpu', head });
      cancel(run.id);
      enter(home, undefined, run.limits.entryMsMax, [DELIVER.revoke, run.id]);
    }
  };

  /** The isolate is gone: the run that broke it gets the outcome, the others learn that they were not at fault. */
  const breakHome = (home: Home, culprit: Run | undefined, end: EntryEnd & { kind: 'broken' }): void => {
    home.isolate?.dispose();
    home.isolate = undefined;
    for (const run of home.runs.values()) {
      if (run === culprit) endRun(run, failureOf(end));
      else
        endRun(run, {
          outcome: 'runnerDied',
          head: { reason: 'another call broke the isolate of the plugin' },
        });
    }
    forget(home);
    channel.send({ kind: FROM_RUNNER.gone, ref: home.id, code: OUTCOMES.indexOf(end.outcome) });
  };

  const logStray = (home: Home, run: Run | undefined, message: string): void => {
    const body = Buffer.from(`unhandled rejection: ${message}`, 'utf8');
    channel.send({ kind: FROM_RUNNER.log, run: run?.id ?? 0, ref: home.id, code: LOG_ERROR, body });
  };

  const endRun = (run: Run, answer: Answer): void => {
    runs.delete(run.id);
    run.home.runs.delete(run.id);
    if (run.home.runs.size === 0) clearTimers(run.home);
    if (answer.outcome !== 'ok')
      return sendFailure(FROM_RUNNER.done, run.id, run.hostCalls, answer, run.cpuUs);
    channel.send({
      kind: FROM_RUNNER.done,
      code: OUTCOMES.indexOf('ok'),
      run: run.id,
      ref: run.hostCalls,
      amount: Math.round(run.cpuUs),
      head: (answer.body === undefined ? '-' : '+') + answer.headText,
      body: answer.body === undefined ? EMPTY : Buffer.from(answer.body, 'latin1'),
    });
  };

  const sendFailure = (kind: number, run: number, ref: number, failure: Failure, cpuUs = 0): void => {
    const code = OUTCOMES.indexOf(failure.outcome);
    channel.send({ kind, run, ref, code, amount: Math.round(cpuUs), head: JSON.stringify(failure.head) });
  };

  /** Cryptography keeps no state here; its answer enters the isolate like any other. */
  const callCrypto = (home: Home, call: number, operation: string, json: string): void => {
    const run = currentRun;
    void performCrypto(operation, json).then((text) => {
      const charged = run && runs.has(run.id) ? run : home.runs.values().next().value;
      if (charged) enter(home, charged, entryMs(charged), [DELIVER.cryptoResult, 0, call, 0, text]);
    });
  };

  const cancel = (id: number): void => {
    const run = runs.get(id);
    if (!run) return;
    runs.delete(id);
    run.home.runs.delete(id);
    if (run.home.runs.size === 0) clearTimers(run.home);
    enter(run.home, undefined, run.limits.entryMsMax, [DELIVER.revoke, id]);
  };

  const unload = (id: number): void => {
    const home = homes.get(id);
    if (!home) return;
    for (const run of home.runs.values())
      endRun(run, { outcome: 'canceled', head: { reason: 'the plugin was unloaded' } });
    marker.enter(0, id);
    home.isolate?.dispose();
    forget(home);
  };

  const forget = (home: Home): void => {
    clearTimers(home);
    homes.delete(home.id);
  };
}

/** @returns the time that one entry of this run may take: what is left of its budget, at most the limit of an entry */
function entryMs(run: Run): number {
  const leftMs = Math.ceil(run.limits.cpuTimeMsMax - run.cpuUs / 1_000);
  return Math.max(1, Math.min(run.limits.entryMsMax, leftMs));
}

/** A runner that cannot boot says why, for the operator, and is replaced or given up by the supervisor. */
function giveUp(error: unknown): void {
  process.stderr.write(`${describeThrown(error).message}\n`);
  process.exit(1);
}

function clearTimers(home: Home): void {
  for (const timer of home.timers.values()) clearTimeout(timer);
  home.timers.clear();
}

function filesOf(head: LoadHead, body: Buffer): PackageFiles {
  const files = new Map<string, string>();
  let at = 0;
  for (const { path, bytes } of head.files) {
    files.set(path, body.toString('utf8', at, at + bytes));
    at += bytes;
  }
  return files;
}

/** @returns why the package cannot run after its modules were evaluated, if so */
function loadFailure(home: Home, end: EntryEnd): Failure | undefined {
  if (end.kind === 'broken') return failureOf(end);
  if (end.kind === 'stray')
    return { outcome: 'exception', head: { reason: end.message, message: end.message, stack: end.stack } };
  return home.adopted
    ? undefined
    : { outcome: 'exception', head: { reason: 'the package did not finish loading' } };
}

function failureOf(end: EntryEnd & { kind: 'broken' }): Failure {
  const outcome = end.outcome === 'ok' ? 'internalError' : end.outcome;
  return { outcome, head: { reason: end.reason } };
}

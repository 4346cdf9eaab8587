/**
 * One isolate: the state of one installation's code.
 *
 * Every way into it is `enter`, which is marked, timed and charged. What comes out comes through the one callback, as
 * strings and numbers. No handle of the engine is ever given to the guest.
 */
import type isolatedVm from 'isolated-vm';

import { RUNNER_LIMITS } from '../../spec/limits.ts';
import type { Outcome } from '../../spec/outcome.ts';
import { DELIVER } from '../guest/bridge.ts';
import type { Engine } from './engine.ts';
import type { EntryMeter } from './entry-meter.ts';
import type { Marker } from './marker.ts';
import { linkPackage, type PackageFiles } from './modules.ts';
import { requireStackRoom } from './stack-room.ts';
import { describeThrown } from './thrown.ts';

export type PostHandler = (
  operation: unknown,
  run: unknown,
  first: unknown,
  second: unknown,
  third: unknown,
) => string | number | undefined;

/**
 * How one entry ended, and the microseconds of processor time to charge for it. `broken`: the isolate is of no use any
 * more and has been disposed of.
 */
export type EntryEnd = { readonly cpuUs: number } & (
  | { readonly kind: 'returned' }
  | { readonly kind: 'stray'; readonly message: string; readonly stack: string }
  | { readonly kind: 'broken'; readonly outcome: Outcome; readonly reason: string }
);

export type GuestIsolate = {
  readonly id: number;
  /** Enters the guest: delivers one message, which may take `limitMs` of processor time. */
  deliver(run: number, limitMs: number, args: readonly (string | number | undefined)[]): EntryEnd;
  /** Evaluates the package. The guest answers `adopted` through its callback when it has a default export. */
  load(main: string, files: PackageFiles, limitMs: number): EntryEnd;
  dispose(): void;
};

const TIMED_OUT = 'Script execution timed out.';

export type IsolateParts = {
  readonly engine: Engine;
  readonly snapshot: isolatedVm.ExternalCopy<ArrayBuffer>;
  readonly marker: Marker;
  readonly meter: EntryMeter;
  readonly heapMibMax: number;
};

/** An isolate that belongs to nobody yet; no guest code has run in it. */
export type BlankIsolate = {
  /** Gives it to one installation, for good. */
  occupy(id: number, onPost: PostHandler): GuestIsolate;
};

/** Makes an isolate from the startup snapshot and binds its bridge. */
export function createBlankIsolate(parts: IsolateParts): BlankIsolate {
  const { engine, heapMibMax, snapshot, marker, meter } = parts;
  const isolate = new engine.Isolate({ memoryLimit: heapMibMax, snapshot });
  const context = isolate.createContextSync();
  let handler: PostHandler | undefined;
  const callback = new engine.Callback(
    (operation: unknown, run: unknown, first: unknown, second: unknown, third: unknown) => {
      requireStackRoom();
      return handler?.(operation, run, first, second, third);
    },
    { sync: true },
  );
  const deliver = context.evalClosureSync("'use strict'; return soukBoot($0);", [callback], {
    result: { reference: true },
  }) as isolatedVm.Reference;
  return {
    occupy(id, onPost) {
      handler = onPost;
      return occupyIsolate(id, { isolate, context, deliver, marker, meter });
    },
  };
}

type Bound = {
  readonly isolate: isolatedVm.Isolate;
  readonly context: isolatedVm.Context;
  readonly deliver: isolatedVm.Reference;
  readonly marker: Marker;
  readonly meter: EntryMeter;
};

function occupyIsolate(id: number, { isolate, context, deliver, marker, meter }: Bound): GuestIsolate {
  const enter = (run: number, limitMs: number, entry: (timeoutMs: number) => void): EntryEnd => {
    const timeoutMs = limitMs * RUNNER_LIMITS.entryWallFactor;
    marker.enter(run, id);
    meter.begin();
    const startedMs = performance.now();
    try {
      entry(timeoutMs);
      return { kind: 'returned', cpuUs: meter.end() };
    } catch (thrown) {
      const tookMs = performance.now() - startedMs;
      return classify(isolate, thrown, { tookMs, limitMs, timeoutMs, cpuUs: meter.end() });
    }
  };
  return {
    id,
    deliver: (run, limitMs, args) =>
      enter(run, limitMs, (timeout) => deliver.applySync(undefined, args as string[], { timeout })),
    load: (main, files, limitMs) =>
      enter(0, limitMs, (timeout) => {
        const entry = linkPackage(isolate, context, main, files);
        entry.evaluateSync({ timeout });
        deliver.applySync(undefined, [DELIVER.adopt, 0, entry.namespace.derefInto()], { timeout });
      }),
    dispose() {
      if (!isolate.isDisposed) isolate.dispose();
    },
  };
}

type Spent = {
  readonly tookMs: number;
  readonly limitMs: number;
  readonly timeoutMs: number;
  readonly cpuUs: number;
};

function classify(isolate: isolatedVm.Isolate, thrown: unknown, spent: Spent): EntryEnd {
  const { cpuUs } = spent;
  const described = describeThrown(thrown);
  if (isolate.isDisposed)
    return { kind: 'broken', outcome: 'exceededMemory', reason: 'the heap of the plugin is full', cpuUs };
  // Without the time having passed, a message of a timeout is the guest's own.
  const isLate = spent.tookMs >= spent.timeoutMs - 1;
  if (!isLate || described.message !== TIMED_OUT) return { kind: 'stray', ...described, cpuUs };
  isolate.dispose();
  return { kind: 'broken', ...judgeLate(spent), cpuUs };
}

/** Who got little of the processor in all that time is not to blame for being late. */
function judgeLate({ tookMs, limitMs, cpuUs }: Spent): { outcome: Outcome; reason: string } {
  if (cpuUs / 1_000 >= limitMs * RUNNER_LIMITS.blamedShareMin)
    return { outcome: 'exceededCpu', reason: 'one step of the plugin took too long' };
  const usedMs = Math.round(cpuUs / 1_000);
  const reason = `the machine is too busy: one step of the plugin got ${usedMs} ms of processor time in ${Math.round(tookMs)} ms`;
  return { outcome: 'exceededWallTime', reason };
}

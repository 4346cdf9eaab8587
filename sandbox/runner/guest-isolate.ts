/**
 * One isolate: the state of one installation's code.
 *
 * Every way into it is `enter`, which is marked, timed and charged. What comes out comes through the one callback, as
 * strings and numbers. No handle of the engine is ever given to the guest.
 */
import type isolatedVm from 'isolated-vm';

import type { Outcome } from '../../spec/outcome.ts';
import { DELIVER } from '../guest/bridge.ts';
import type { Engine } from './engine.ts';
import type { Marker } from './marker.ts';
import { linkPackage, type PackageFiles } from './modules.ts';
import { describeThrown } from './thrown.ts';

export type PostHandler = (
  operation: unknown,
  run: unknown,
  first: unknown,
  second: unknown,
  third: unknown,
) => string | number | undefined;

/** How one entry ended. `broken`: the isolate is of no use any more and has been disposed of. */
export type EntryEnd =
  | { readonly kind: 'returned' }
  | { readonly kind: 'stray'; readonly message: string; readonly stack: string }
  | { readonly kind: 'broken'; readonly outcome: Outcome; readonly reason: string };

export type GuestIsolate = {
  readonly id: number;
  /** Enters the guest: delivers one message, under `timeoutMs`. */
  deliver(run: number, timeoutMs: number, args: readonly (string | number | undefined)[]): EntryEnd;
  /** Evaluates the package. The guest answers `adopted` through its callback when it has a default export. */
  load(main: string, files: PackageFiles, timeoutMs: number): EntryEnd;
  /** Processor time of all entries so far, in microseconds. */
  cpuUs(): number;
  dispose(): void;
};

const TIMED_OUT = 'Script execution timed out.';

export type IsolateParts = {
  readonly engine: Engine;
  readonly snapshot: isolatedVm.ExternalCopy<ArrayBuffer>;
  readonly marker: Marker;
  readonly heapMibMax: number;
};

/** An isolate that belongs to nobody yet; no guest code has run in it. */
export type BlankIsolate = {
  /** Gives it to one installation, for good. */
  occupy(id: number, onPost: PostHandler): GuestIsolate;
};

/** Makes an isolate from the startup snapshot and binds its bridge. */
export function createBlankIsolate(parts: IsolateParts): BlankIsolate {
  const { engine, heapMibMax, snapshot } = parts;
  const isolate = new engine.Isolate({ memoryLimit: heapMibMax, snapshot });
  const context = isolate.createContextSync();
  let handler: PostHandler | undefined;
  const callback = new engine.Callback(
    (operation: unknown, run: unknown, first: unknown, second: unknown, third: unknown) =>
      handler?.(operation, run, first, second, third),
    { sync: true },
  );
  const deliver = context.evalClosureSync("'use strict'; return soukBoot($0);", [callback], {
    result: { reference: true },
  }) as isolatedVm.Reference;
  return {
    occupy(id, onPost) {
      handler = onPost;
      return occupyIsolate(id, { isolate, context, deliver, marker: parts.marker });
    },
  };
}

type Bound = {
  readonly isolate: isolatedVm.Isolate;
  readonly context: isolatedVm.Context;
  readonly deliver: isolatedVm.Reference;
  readonly marker: Marker;
};

function occupyIsolate(id: number, { isolate, context, deliver, marker }: Bound): GuestIsolate {
  const enter = (run: number, timeoutMs: number, entry: () => void): EntryEnd => {
    marker.enter(run, id);
    const startedMs = performance.now();
    try {
      entry();
      return { kind: 'returned' };
    } catch (thrown) {
      return classify(isolate, thrown, performance.now() - startedMs >= timeoutMs - 1);
    }
  };
  return {
    id,
    deliver: (run, timeoutMs, args) =>
      enter(run, timeoutMs, () => deliver.applySync(undefined, args as string[], { timeout: timeoutMs })),
    load: (main, files, timeoutMs) =>
      enter(0, timeoutMs, () => {
        const entry = linkPackage(isolate, context, main, files);
        entry.evaluateSync({ timeout: timeoutMs });
        deliver.applySync(undefined, [DELIVER.adopt, 0, entry.namespace.derefInto()], { timeout: timeoutMs });
      }),
    cpuUs: () => (isolate.isDisposed ? 0 : Number(isolate.cpuTime / 1_000n)),
    dispose() {
      if (!isolate.isDisposed) isolate.dispose();
    },
  };
}

/** @param late whether the entry took as long as it may, without which a message of a timeout is the guest's own */
function classify(isolate: isolatedVm.Isolate, thrown: unknown, late: boolean): EntryEnd {
  const described = describeThrown(thrown);
  if (isolate.isDisposed)
    return { kind: 'broken', outcome: 'exceededMemory', reason: 'the heap of the plugin is full' };
  if (late && described.message === TIMED_OUT) {
    isolate.dispose();
    return { kind: 'broken', outcome: 'exceededCpu', reason: 'one step of the plugin took too long' };
  }
  return { kind: 'stray', ...described };
}

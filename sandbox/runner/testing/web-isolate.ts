/**
 * Isolates for tests of the guest's web APIs: real ones, from a startup snapshot, with nothing else of a runner.
 */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import ivm from 'isolated-vm';
import { bundleGuest, type GuestCode } from '../../guest/bundle.ts';
import type { BoundRequest, BoundResponse } from '../../guest/bindings.ts';
import { domainToAscii } from '../domain.ts';
import { performCrypto } from '../web-crypto.ts';

export type WebIsolate = {
  /** Lines that the guest logged, each with its level in front. */
  readonly lines: string[];
  /** Evaluates the body of an async function; what it returns comes back through JSON. */
  run(body: string): Promise<unknown>;
  /** Evaluates a classic script. */
  load(script: string): void;
  close(): void;
};

type Fetch = (request: BoundRequest) => Promise<BoundResponse>;

/** One entry into the isolate: ends what hangs, and nothing that a busy machine only delays. */
const ENTRY_MS_MAX = 60_000;
let code: Promise<GuestCode> | undefined;
let snapshot: Promise<ivm.ExternalCopy<ArrayBuffer>> | undefined;

async function makeSnapshot(): Promise<ivm.ExternalCopy<ArrayBuffer>> {
  const { script } = await guestCode();
  return ivm.Isolate.createSnapshot([{ code: script, filename: 'guest.js' }]);
}

function guestCode(): Promise<GuestCode> {
  code ??= bundleGuest(fileURLToPath(new URL('guest-entry.ts', import.meta.url)));
  return code;
}

/** The startup snapshot, made once in each process. */
export function guestSnapshot(): Promise<ivm.ExternalCopy<ArrayBuffer>> {
  snapshot ??= makeSnapshot();
  return snapshot;
}

/** @param fetch answers the guest's outbound requests; without it they fail */
export async function openWebIsolate(fetch?: Fetch): Promise<WebIsolate> {
  const isolate = new ivm.Isolate({ snapshot: await guestSnapshot(), memoryLimit: 128 });
  const context = isolate.createContextSync();
  const lines: string[] = [];
  const results = new Map<number, (json: string) => void>();
  const waiting = new Set<NodeJS.Timeout>();
  const deliver = (kind: string, id: number, text: string): void => {
    if (!isolate.isDisposed) handle.applySync(undefined, [kind, id, text], { timeout: ENTRY_MS_MAX });
  };
  const { parts } = await guestCode();
  const host = makeHost({ deliver, lines, waiting, fetch, parts });
  const boot = context.global.getSync('boot', { reference: true }) as ivm.Reference<
    (post: unknown) => unknown
  >;
  const handle = boot.applySync(undefined, [new ivm.Callback(host)], {
    result: { reference: true },
  }) as ivm.Reference<(kind: string, id: number, text: string) => void>;
  context.global.setSync(
    'finish',
    new ivm.Callback((id: number, json: string) => void results.get(id)?.(json)),
  );
  let lastRun = 0;
  return {
    lines,
    load: (script) => void context.evalSync(script, { timeout: ENTRY_MS_MAX }),
    run: (body) =>
      new Promise((resolve, reject) => {
        lastRun += 1;
        results.set(lastRun, (json) => settle(json, resolve, reject));
        context.evalSync(wrap(lastRun, body), { timeout: ENTRY_MS_MAX });
      }),
    close() {
      for (const timer of waiting) clearTimeout(timer);
      isolate.dispose();
    },
  };
}

function settle(json: string, resolve: (value: unknown) => void, reject: (error: Error) => void): void {
  const { value, error } = JSON.parse(json) as { value?: unknown; error?: string };
  if (error === undefined) resolve(value);
  else reject(new Error(error));
}

const wrap = (run: number, body: string): string => `'use strict';
(async () => {
${body}
})().then(
  (value) => finish(${run}, JSON.stringify({ value })),
  (error) => finish(${run}, JSON.stringify({ error: error.name + ': ' + error.message })),
);
undefined;`;

type HostParts = {
  readonly deliver: (kind: string, id: number, text: string) => void;
  readonly lines: string[];
  readonly waiting: Set<NodeJS.Timeout>;
  readonly fetch: Fetch | undefined;
  readonly parts: GuestCode['parts'];
};

function makeHost({
  deliver,
  lines,
  waiting,
  fetch,
  parts,
}: HostParts): (kind: string, id: number, text: string) => string | number {
  const answer = (id: number, work: Promise<string>): void =>
    void work.then(
      (text) => deliver('done', id, text),
      (error: unknown) => deliver('failed', id, String(error)),
    );
  return (kind, id, text) => {
    switch (kind) {
      case 'timer': {
        const timer = setTimeout(() => {
          waiting.delete(timer);
          deliver('timer', id, '');
        }, Number(text));
        waiting.add(timer);
        return 0;
      }
      case 'random':
        return randomBytes(id).toString('latin1');
      case 'domain':
        return domainToAscii(text);
      case 'part':
        return parts[text] ?? '';
      case 'log':
        return lines.push(text);
      case 'crypto': {
        const [operation, json] = JSON.parse(text) as [string, string];
        answer(id, performCrypto(operation, json));
        return 0;
      }
      case 'fetch':
        answer(
          id,
          fetch
            ? fetch(JSON.parse(text) as BoundRequest).then((found) => JSON.stringify(found))
            : Promise.reject(new TypeError('fetch failed')),
        );
        return 0;
      default:
        return 0;
    }
  };
}

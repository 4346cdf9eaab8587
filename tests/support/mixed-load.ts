/** Calls of every kind at once, for a while: what soaks are made of. */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { processTree } from '../../bench/process-tree.ts';
import type { Endpoint } from '../../spec/manifest.ts';

/** What a plugin for it is published with. */
export type LoadPlugin = { readonly code: string; readonly endpoints: Endpoint[] };

const endpointsOf = (paths: readonly string[]): Endpoint[] =>
  paths.flatMap((path): Endpoint[] => [
    { method: 'GET', path, access: 'public' },
    { method: 'POST', path, access: 'public' },
  ]);

/** Answers whatever it is asked. It needs the permission `kv`. */
export const WILLING: LoadPlugin = {
  code: `
    const chunk = new Uint8Array(10_000).fill(97);
    const answers = {
      async '/json'(request) { const { numbers } = await request.json(); return Response.json(numbers.reduce((a, b) => a + b, 0)); },
      async '/kv'(_request, host) { await host.kv.set('key', Date.now()); return Response.json(typeof await host.kv.get('key')); },
      '/stream': () => { let left = 30; return new Response(new ReadableStream({ pull(c) { c.enqueue(chunk); if (--left === 0) c.close(); } })); },
      async '/upload'(request) { let sum = 0; for await (const part of request.body) sum += part.length; return Response.json(sum); },
      async '/log'(_request, host) { for (let line = 0; line < 20; line += 1) host.log.info('line', line); return new Response('ok'); },
      async '/digest'() { return Response.json((await crypto.subtle.digest('SHA-256', chunk)).byteLength); },
      '/wait': () => new Promise(() => {}),
    };
    export default { fetch: (request, host) => answers[new URL(request.url).pathname](request, host) };`,
  endpoints: endpointsOf(['/json', '/kv', '/stream', '/upload', '/log', '/digest', '/wait']),
};

/** Ends its runs in every other way. */
export const HOSTILE: LoadPlugin = {
  code: `
    const answers = {
      '/throw': () => { throw new Error('on purpose'); },
      '/spin': () => { for (;;); },
      '/fill': () => { const all = []; for (;;) all.push(new Uint8Array(16 << 20).fill(1)); },
      '/break': () => { let left = 2; return new Response(new ReadableStream({ pull(c) { if (--left < 0) throw new Error('midway'); c.enqueue(new Uint8Array(10)); } })); },
    };
    export default { fetch: (request) => answers[new URL(request.url).pathname](request) };`,
  endpoints: endpointsOf(['/throw', '/spin', '/fill', '/break']),
};

/** Where the plugins are called, and the process that serves them. */
export type LoadTarget = { readonly willing: string; readonly hostile: string; readonly pid: number };

export type LoadSample = {
  /** Of the server and all its runners. */
  readonly residentBytes: number;
  /** Descriptors that the server has open. */
  readonly handles: number;
  readonly processes: number;
  /** Half of the answers of the willing plugin since the sample before took at most so long. */
  readonly p50Ms: number;
};

export type LoadReport = {
  readonly samples: readonly LoadSample[];
  readonly calls: number;
  readonly hostileCalls: number;
  /** Calls of the willing plugin that were not answered as they must be, each in a few words. */
  readonly failures: readonly string[];
};

type Kind = {
  readonly path: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly answer: string;
};

const NUMBERS = JSON.stringify({ numbers: Array.from({ length: 20 }, (_, index) => index) });
const UPLOAD = new Uint8Array(300_000);
const KINDS: readonly Kind[] = [
  { path: '/json', body: NUMBERS, answer: '190' },
  { path: '/kv', answer: '"number"' },
  { path: '/stream', answer: 'a'.repeat(300_000) },
  { path: '/upload', body: UPLOAD, answer: String(UPLOAD.byteLength) },
  { path: '/log', answer: 'ok' },
  { path: '/digest', answer: '32' },
];
const CALLERS = 4;
/** Spinning and filling are rare: each takes half a second of a processor, and a runner with it. */
const HOSTILE_PATHS = ['/throw', '/break', '/throw', '/break', '/spin', '/throw', '/break', '/fill'];
const HOSTILE_PAUSE_MS = 250;
const LEAVING_PAUSE_MS = 50;

/** @param sampleMs time between two looks at the processes */
export async function runMixedLoad(
  target: LoadTarget,
  durationMs: number,
  sampleMs: number,
): Promise<LoadReport> {
  const untilMs = performance.now() + durationMs;
  const isOver = (): boolean => performance.now() >= untilMs;
  const tookMs: number[] = [];
  const report = { samples: [] as LoadSample[], calls: 0, hostileCalls: 0, failures: [] as string[] };
  const callWilling = async (_value: unknown, index: number): Promise<void> => {
    for (let turn = index; !isOver(); turn += 1) {
      const kind = KINDS[turn % KINDS.length] as Kind;
      const startedMs = performance.now();
      const failure = await callOnce(target.willing, kind);
      tookMs.push(performance.now() - startedMs);
      report.calls += 1;
      if (failure) report.failures.push(`${kind.path}: ${failure}`);
    }
  };
  const callHostile = async (): Promise<void> => {
    for (let turn = 0; !isOver(); turn += 1) {
      await fetch(target.hostile + HOSTILE_PATHS[turn % HOSTILE_PATHS.length])
        .then((answer) => answer.arrayBuffer())
        .catch(() => undefined);
      report.hostileCalls += 1;
      await sleep(HOSTILE_PAUSE_MS);
    }
  };
  const leaveEarly = async (): Promise<void> => {
    for (; !isOver(); await sleep(LEAVING_PAUSE_MS))
      await fetch(`${target.willing}/wait`, { signal: AbortSignal.timeout(LEAVING_PAUSE_MS) }).catch(
        () => undefined,
      );
  };
  const takeSamples = async (): Promise<void> => {
    for (; !isOver(); await sleep(sampleMs)) report.samples.push(lookAt(target.pid, tookMs.splice(0)));
  };
  const callers = Array.from({ length: CALLERS }, callWilling);
  await Promise.all([...callers, callHostile(), leaveEarly(), takeSamples()]);
  return report;
}

/** @returns what was wrong with the answer, if something was */
async function callOnce(base: string, { path, body, answer }: Kind): Promise<string | undefined> {
  try {
    const init = body === undefined ? {} : { method: 'POST', body };
    const response = await fetch(base + path, init);
    const text = await response.text();
    return response.status === 200 && text === answer
      ? undefined
      : `${response.status} ${text.slice(0, 200)}`;
  } catch (error) {
    return String(error);
  }
}

function lookAt(pid: number, tookMs: readonly number[]): LoadSample {
  const tree = processTree(pid);
  return {
    residentBytes: tree.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
    handles: readdirSync(`/proc/${pid}/fd`).length,
    processes: tree.length,
    p50Ms: tookMs.toSorted((left, right) => left - right)[tookMs.length >> 1] ?? Number.NaN,
  };
}

/** The first sixth is for warming up; the second sixth is compared with the last one. */
export function firstAndLast(report: LoadReport): { first: LoadSample[]; last: LoadSample[] } {
  const sixth = Math.max(1, Math.floor(report.samples.length / 6));
  return { first: report.samples.slice(sixth, 2 * sixth), last: report.samples.slice(-sixth) };
}

/**
 * `fetch` is no part of `host` but a global, of the whole process of a test: while plugins run, a function stands in its
 * place that tells by who calls whether it is a plugin, and of which run.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

type Fetch = typeof globalThis.fetch;

/** @param outside what the test has in the place of `fetch` */
export type GuardedFetch = (outside: Fetch, ...given: Parameters<Fetch>) => Promise<Response>;

const guards = new AsyncLocalStorage<GuardedFetch | undefined>();
let outside: Fetch = globalThis.fetch;
let runs = 0;

const standIn: Fetch = (...given) => {
  const guarded = guards.getStore();
  return guarded ? guarded(outside, ...given) : outside(...given);
};

/** Gives what `work` calls, now and later, a `fetch` of its own. What a test has mocked beforehand is the outside. */
export async function withFetch<Answer>(guarded: GuardedFetch, work: () => Answer): Promise<Awaited<Answer>> {
  if (globalThis.fetch !== standIn) {
    outside = globalThis.fetch;
    globalThis.fetch = standIn;
  }
  runs += 1;
  try {
    return await guards.run(guarded, work);
  } finally {
    runs -= 1;
    // A test that wants its mock back, or has put another there meanwhile, finds it.
    if (runs === 0 && globalThis.fetch === standIn) globalThis.fetch = outside;
  }
}

/** Runs what is the test's and not the plugin's, such as what other plugins answer: its `fetch` is the test's own. */
export function withoutGuard<Answer>(work: () => Answer): Answer {
  return guards.run(undefined, work);
}

/**
 * Runners are killed by hand under load, again and again: no wrong answer, no answer to the wrong caller, no call ends
 * but those that were in flight on a runner that was killed, and every write that was acknowledged is there at the end.
 */
import { expect, test } from 'vitest';

import { createSandbox } from '../index.ts';
import { createTestBed } from '../testing/test-bed.ts';

const KILLS = 200;
const CLIENTS = 16;
const BETWEEN_KILLS_MS = 60;
/** Fewer than a run may have host calls open. */
const READ_AT_ONCE = 10;

/** Of one client: its plugin, and the keys of the calls that were answered. */
type Written = {
  readonly guest: ReturnType<ReturnType<typeof createTestBed>['guest']>;
  readonly written: readonly string[];
};

/** A time by `performance.now()`, or from one to another. */
type Span = { readonly fromMs: number; readonly toMs: number };

const ECHO = `export default { async fetch(request, host) {
  const { id, written } = await request.json();
  if (written) return Response.json(await Promise.all(written.map((each) => host.kv.get('k' + each))));
  await host.kv.set('k' + id, id);
  return Response.json([id, await host.kv.get('k' + id), host.org.slug]);
} }`;

test(`${KILLS} kills under load`, { timeout: 120_000 }, async () => {
  const bed = createTestBed('trusted');
  // What a machine that stands still for some seconds would end is no outcome of a kill.
  const endpoint = { entryMsMax: 20_000, wallTimeMsMax: 60_000 };
  /** From the kill of a runner until it is known to be gone, by its process id; and the runs that ended with it. */
  const kills = new Map<number, Span>();
  const endedWith = new Map<number, number>();
  const observer: typeof bed.options.observer = {
    ...bed.options.observer,
    runnerEnded: ({ pid, runs }) => {
      endedWith.set(pid, runs);
      kills.set(pid, { fromMs: kills.get(pid)?.fromMs ?? Number.NaN, toMs: performance.now() });
    },
  };
  const sandbox = await createSandbox({ ...bed.options, observer, limits: { endpoint } });
  const died: Span[] = [];
  const outcomes = new Map<string, number>();
  const wrong: unknown[] = [];
  const over = new AbortController();
  const client = async (number: number): Promise<Written> => {
    const org = { id: `org-${number % 4}`, slug: `org-${number % 4}` };
    const guest = bed.guest({ 'index.js': ECHO }, { org, tier: number % 2 === 0 ? 'trusted' : 'reviewed' });
    const written: string[] = [];
    for (let call = 0; !over.signal.aborted; call++) {
      const id = `${number}-${call}`;
      const fromMs = performance.now();
      const completion = await sandbox.call(bed.post(guest, { id }));
      if (completion.outcome === 'runnerDied') died.push({ fromMs, toMs: performance.now() });
      outcomes.set(completion.outcome, (outcomes.get(completion.outcome) ?? 0) + 1);
      const { json } = bed.read(completion);
      if (completion.outcome === 'ok' && JSON.stringify(json) !== JSON.stringify([id, id, org.slug]))
        wrong.push(json);
      if (completion.outcome === 'ok') written.push(id);
    }
    return { guest, written };
  };
  const expectThere = async ({ guest, written }: Written): Promise<void> => {
    for (let at = 0; at < written.length; at += READ_AT_ONCE) {
      const asked = written.slice(at, at + READ_AT_ONCE);
      const completion = await sandbox.call(bed.post(guest, { written: asked }));
      expect(bed.read(completion).json, completion.outcome).toEqual(asked);
    }
  };
  const clients = Array.from({ length: CLIENTS }, (_, number) => client(number));
  for (let kill = 0; kill < KILLS; kill++) {
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_KILLS_MS));
    const busy = sandbox.health().runners.filter(({ runs, pid }) => runs > 0 && !kills.has(pid));
    const victim = busy[kill % Math.max(1, busy.length)];
    if (!victim) continue;
    kills.set(victim.pid, { fromMs: performance.now(), toMs: Number.NaN });
    process.kill(-victim.pid, 'SIGKILL');
  }
  over.abort();
  const acknowledged = await Promise.all(clients);
  // From then on no call meets a runner that is dying.
  await expect.poll(() => sandbox.health().runners.filter(({ pid }) => kills.has(pid))).toEqual([]);
  await Promise.all(acknowledged.map(expectThere));
  expect(wrong).toEqual([]);
  expect([...outcomes.keys()].sort()).toEqual(['ok', 'runnerDied']);
  // No runner ended that was not killed, and no more calls than were in flight on those.
  expect([...kills].filter(([, { fromMs, toMs }]) => !(fromMs <= toMs))).toEqual([]);
  expect(died).toHaveLength([...endedWith.values()].reduce((sum, runs) => sum + runs, 0));
  expect(died.filter((call) => ![...kills.values()].some((kill) => overlap(call, kill)))).toEqual([]);
  expect(sandbox.health().breakers).toEqual([]);
  const pids = sandbox.health().runners.map(({ pid }) => pid);
  await sandbox.close();
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
});

function overlap(one: Span, other: Span): boolean {
  return one.fromMs <= other.toMs && other.fromMs <= one.toMs;
}

/**
 * Runners are killed by hand under load, again and again: no wrong answer, no answer to the wrong caller, and every
 * write that was acknowledged is there at the end.
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
  const sandbox = await createSandbox({ ...bed.options, limits: { endpoint } });
  const outcomes = new Map<string, number>();
  const wrong: unknown[] = [];
  const over = new AbortController();
  const client = async (number: number): Promise<Written> => {
    const org = { id: `org-${number % 4}`, slug: `org-${number % 4}` };
    const guest = bed.guest({ 'index.js': ECHO }, { org, tier: number % 2 === 0 ? 'trusted' : 'reviewed' });
    const written: string[] = [];
    for (let call = 0; !over.signal.aborted; call++) {
      const id = `${number}-${call}`;
      const completion = await sandbox.call(bed.post(guest, { id }));
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
  const killed = new Set<number>();
  for (let kill = 0; kill < KILLS; kill++) {
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_KILLS_MS));
    const busy = sandbox.health().runners.filter(({ runs, pid }) => runs > 0 && !killed.has(pid));
    const victim = busy[kill % Math.max(1, busy.length)];
    if (!victim) continue;
    killed.add(victim.pid);
    process.kill(-victim.pid, 'SIGKILL');
  }
  over.abort();
  const acknowledged = await Promise.all(clients);
  // From then on no call meets a runner that is dying.
  await expect.poll(() => sandbox.health().runners.filter(({ pid }) => killed.has(pid))).toEqual([]);
  await Promise.all(acknowledged.map(expectThere));
  expect(wrong).toEqual([]);
  expect([...outcomes.keys()].sort()).toEqual(['ok', 'runnerDied']);
  expect(sandbox.health().breakers).toEqual([]);
  const pids = sandbox.health().runners.map(({ pid }) => pid);
  await sandbox.close();
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
});

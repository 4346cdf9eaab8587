/** More calls than a plugin may have in flight, and callers that go away. */
import { describe, expect, it, vi } from 'vitest';
import { testSouk } from '../support/test-souk.ts';
import { RUNNER_LIMITS } from '../../spec/limits.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const other = await souk.org('other');
const kelompok = await souk.publisher('kelompok', acme);
const SLOW = 'kelompok/slow';
await kelompok.ship(
  {
    id: SLOW,
    code: `export default { async fetch(request) {
      // Until its caller goes away, or its time is over.
      if (new URL(request.url).pathname === '/slow') await new Promise(() => {});
      return new Response('fine');
    } }`,
  },
  { id: 'kelompok/neighbour' },
);
await acme.install(SLOW);
await acme.install('kelompok/neighbour');
await other.install(SLOW);

type Runner = { readonly runs: number };
async function runsInFlight(): Promise<number> {
  const { json } = await souk.admin.get('/readyz');
  return json.sandbox.runners.reduce((sum: number, { runs }: Runner) => sum + runs, 0);
}

describe('a flood of calls', () => {
  it('is shed with Retry-After, ends with its callers, and starves nobody else', async () => {
    // A runner and the code are there: what takes them takes no time of the calls that are held.
    for (const org of [acme, other]) expect((await org.call(SLOW, '/')).text).toBe('fine');
    expect((await acme.call('kelompok/neighbour', '/')).text).toBe('hello');
    const callers = new AbortController();
    const limit = RUNNER_LIMITS.runsPerInstallationMax;
    const flood = Array.from({ length: limit }, () => acme.call(SLOW, '/slow', { signal: callers.signal }));
    const ends = Promise.allSettled(flood);
    await vi.waitFor(async () => expect(await runsInFlight()).toBe(limit), 30_000);

    const shed = await acme.call(SLOW, '/');
    expect([shed.status, shed.json]).toEqual([
      503,
      expect.objectContaining({ code: 'plugin_run_failed', outcome: 'loadShed' }),
    ]);
    expect(Number(shed.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await acme.call('kelompok/neighbour', '/')).text).toBe('hello');
    expect((await other.call(SLOW, '/')).text).toBe('fine');

    callers.abort();
    expect((await ends).map(({ status }) => status)).toEqual(Array.from({ length: limit }, () => 'rejected'));
    await vi.waitFor(async () => expect(await runsInFlight()).toBe(0), 30_000);
    expect((await acme.call(SLOW, '/')).text).toBe('fine');
    expect(await souk.metric(`souk_plugin_runs_total{plugin="${SLOW}",outcome="canceled"}`)).toBe(limit);
  });
});

/** A runner killed by hand, as an operator or the kernel would. */
import { expect, it, vi } from 'vitest';
import { testSouk } from '../support/test-souk.ts';

const souk = await testSouk();
const acme = await souk.org('acme');
const kelompok = await souk.publisher('kelompok', acme);
const SLOW = 'kelompok/slow';
await kelompok.ship({
  id: SLOW,
  permissions: [{ name: 'kv', reason: 'Counts.' }],
  code: `export default { async fetch(request, host) {
    if (new URL(request.url).pathname === '/count') {
      const count = ((await host.kv.get('count')) ?? 0) + 1;
      await host.kv.set('count', count);
      return Response.json(count);
    }
    // Until its runner is killed, or its time is over.
    await new Promise(() => {});
  } }`,
});
await acme.install(SLOW);

type Runner = { readonly pid: number; readonly runs: number };

/** The runner that is in `runs` calls, once there is one. */
async function busyRunner(runs: number): Promise<number> {
  return vi.waitFor(async () => {
    const { json } = await souk.admin.get('/readyz');
    const busy = json.sandbox.runners.find((runner: Runner) => runner.runs === runs);
    expect(busy).toBeDefined();
    return busy.pid;
  }, 30_000);
}

it('ends the calls in flight with runnerDied, and the next call is answered by another one', async () => {
  expect((await acme.call(SLOW, '/count')).json).toBe(1);
  const slow = [acme.call(SLOW, '/slow'), acme.call(SLOW, '/slow')];
  process.kill(await busyRunner(2), 'SIGKILL');
  for (const answer of await Promise.all(slow)) {
    expect([answer.status, answer.json]).toEqual([
      502,
      expect.objectContaining({ code: 'plugin_run_failed', outcome: 'runnerDied' }),
    ]);
  }
  expect((await acme.call(SLOW, '/count')).json).toBe(2);
  // The log comes another way than the answers.
  const ended = () => souk.process.log.filter(({ msg }) => msg === 'runner ended');
  await expect.poll(ended).toEqual([expect.objectContaining({ blamed: [] })]);
});

it('never takes the plugin out of service, however often', async () => {
  for (let count = 3; count < 8; count += 1) {
    const slow = acme.call(SLOW, '/slow');
    process.kill(await busyRunner(1), 'SIGKILL');
    expect((await slow).json.outcome).toBe('runnerDied');
    expect((await acme.call(SLOW, '/count')).json).toBe(count);
  }
});

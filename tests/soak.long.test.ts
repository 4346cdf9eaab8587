/** Three minutes of calls of every kind: nothing is lost, and nothing grows. `npm run bench -- soak` takes ten. */
import { expect, it } from 'vitest';
import { firstAndLast, HOSTILE, runMixedLoad, WILLING, type LoadSample } from './support/mixed-load.ts';
import { testSouk } from './support/test-souk.ts';

const DURATION_MS = 3 * 60_000;
const SAMPLE_MS = 1_000;
/** What V8 has not collected yet, and a runner more or less at the moment of looking. */
const SLACK_BYTES = 96 * 2 ** 20;
const SLACK_HANDLES = 24;
const SLACK_PROCESSES = 4;

const souk = await testSouk();
const acme = await souk.org('acme');
const other = await souk.org('other');
const kelompok = await souk.publisher('kelompok', acme);
await kelompok.ship(
  { id: 'kelompok/willing', permissions: [{ name: 'kv', reason: 'Counts.' }], ...WILLING },
  { id: 'kelompok/hostile', ...HOSTILE },
);
await acme.install('kelompok/willing');
await other.install('kelompok/hostile');

const least = (samples: readonly LoadSample[], what: keyof LoadSample): number =>
  Math.min(...samples.map((sample) => sample[what]));

it('three minutes of mixed load leave memory, handles and processes as they were', async () => {
  const { url, pid } = souk.process;
  const target = {
    willing: url + acme.endpoint('kelompok/willing', ''),
    hostile: url + other.endpoint('kelompok/hostile', ''),
    pid,
  };
  const report = await runMixedLoad(target, DURATION_MS, SAMPLE_MS);
  expect(report.failures.slice(0, 5)).toEqual([]);
  expect(report.calls).toBeGreaterThan(1_000);
  expect(report.hostileCalls).toBeGreaterThan(50);
  const { first, last } = firstAndLast(report);
  expect(least(last, 'residentBytes')).toBeLessThan(least(first, 'residentBytes') + SLACK_BYTES);
  expect(least(last, 'handles')).toBeLessThan(least(first, 'handles') + SLACK_HANDLES);
  expect(least(last, 'processes')).toBeLessThan(least(first, 'processes') + SLACK_PROCESSES);
});

/** A thousand plugins loaded at once: what each weighs, and whether all of them answer. */
import { createSandbox, type Guest, type Sandbox } from '../sandbox/index.ts';
import { createTestBed, type TestBed } from '../sandbox/testing/test-bed.ts';
import type { TrustTier } from '../sandbox/ports.ts';
import { fixed, median, percentile, whole, type Table } from './table.ts';

const PLUGINS = 1_000;
const ORGS = 20;
const TIERS: readonly TrustTier[] = ['trusted', 'reviewed'];

export async function benchLoaded(): Promise<Table> {
  const rows: string[][] = [];
  for (const tier of TIERS) rows.push(await measureTier(tier));
  return {
    title: `${whole(PLUGINS)} plugins loaded at once`,
    method: `Small plugins of ${ORGS} organizations, in the sandbox alone: each is called once, then all again, and then each four times at the same moment. Memory is that of the runners with plugins, without what an empty one has.`,
    columns: [
      'tier',
      'runners',
      'all loaded s',
      'each MiB',
      'answered again',
      'p50 ms',
      'p99 ms',
      'loaded at the end',
    ],
    rows,
  };
}

async function measureTier(tier: TrustTier): Promise<string[]> {
  const bed = createTestBed(tier);
  const sandbox = await createSandbox(bed.options);
  try {
    const emptyBytes = runnerBytes(sandbox, 'spare');
    const guests = Array.from({ length: PLUGINS }, (_, number) => guestOf(bed, number));
    const startedMs = performance.now();
    for (const guest of guests) await callOk(sandbox, bed, guest);
    const loadedSeconds = (performance.now() - startedMs) / 1_000;
    const holders = sandbox.health().runners.filter(({ use }) => use === 'guests').length;
    const each = (runnerBytes(sandbox, 'guests') - holders * emptyBytes) / PLUGINS / 2 ** 20;
    const again: number[] = [];
    for (const guest of guests) again.push(await callOk(sandbox, bed, guest));
    const crowd = await Promise.all(
      guests.slice(0, 100).flatMap((guest) => Array.from({ length: 4 }, () => callOk(sandbox, bed, guest))),
    );
    const answered = again.filter((tookMs) => !Number.isNaN(tookMs)).length;
    const inCrowd = crowd.filter((tookMs) => !Number.isNaN(tookMs)).length;
    const loaded = sandbox.health().runners.reduce((sum, { isolates }) => sum + isolates, 0);
    return [
      tier,
      String(holders),
      fixed(loadedSeconds, 1),
      fixed(each),
      `${answered} of ${PLUGINS}; ${inCrowd} of ${crowd.length} at once`,
      fixed(median(again)),
      fixed(percentile(again, 0.99)),
      String(loaded),
    ];
  } finally {
    await sandbox.close();
  }
}

function guestOf(bed: TestBed, number: number): Guest {
  const org = `org-${number % ORGS}`;
  const source = `const number = ${number}; export default { fetch: () => Response.json(number) };`;
  return bed.guest(
    { 'index.js': source },
    { installationId: `loaded-${number}`, org: { id: org, slug: org } },
  );
}

/** @returns the milliseconds that the call took; NaN where it failed */
async function callOk(sandbox: Sandbox, bed: TestBed, guest: Guest): Promise<number> {
  const startedMs = performance.now();
  const { outcome } = await sandbox.call(bed.get(guest));
  return outcome === 'ok' ? performance.now() - startedMs : Number.NaN;
}

function runnerBytes(sandbox: Sandbox, use: 'guests' | 'spare'): number {
  const runners = sandbox.health().runners.filter((runner) => runner.use === use);
  return runners.reduce((sum, { residentBytes }) => sum + (residentBytes ?? 0), 0);
}

/** Ten minutes of calls of every kind: whether memory, handles, processes or latency grow. */
import {
  firstAndLast,
  HOSTILE,
  runMixedLoad,
  WILLING,
  type LoadSample,
} from '../tests/support/mixed-load.ts';
import { installPlugin, openMarketplace, ORG, REVIEWED, TRUSTED } from './marketplace.ts';
import { fixed, median, whole, type Table } from './table.ts';

const DURATION_MS = 10 * 60_000;
const SAMPLE_MS = 2_000;

export async function benchSoak(): Promise<Table> {
  const market = await openMarketplace();
  try {
    const kv = [{ name: 'kv', reason: 'Counts.' }];
    await installPlugin(market, `${TRUSTED}/willing`, { ...WILLING, permissions: kv });
    await installPlugin(market, `${REVIEWED}/hostile`, HOSTILE);
    const base = `${market.souk.url}/orgs/${ORG}/p`;
    const plugins = { willing: `${base}/${TRUSTED}/willing`, hostile: `${base}/${REVIEWED}/hostile` };
    const report = await runMixedLoad({ ...plugins, pid: market.souk.pid }, DURATION_MS, SAMPLE_MS);
    const { first, last } = firstAndLast(report);
    return {
      title: 'Ten minutes of mixed load',
      method: `JSON, kv, streams, uploads, logs, digests and callers that leave, beside a plugin that throws, spins, fills memory and breaks streams: ${whole(report.calls)} and ${whole(report.hostileCalls)} calls, of the former ${report.failures.length} failed. Medians of the second and the last sixth of the time.`,
      columns: ['', 'memory of server and runners MiB', 'descriptors of the server', 'processes', 'p50 ms'],
      rows: [rowOf('second sixth', first), rowOf('last sixth', last)],
    };
  } finally {
    await market.close();
  }
}

function rowOf(name: string, samples: readonly LoadSample[]): string[] {
  const middle = (what: keyof LoadSample): number => median(samples.map((sample) => sample[what]));
  return [
    name,
    fixed(middle('residentBytes') / 2 ** 20, 0),
    String(middle('handles')),
    String(middle('processes')),
    fixed(middle('p50Ms')),
  ];
}

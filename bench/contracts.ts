/** A contract answered by ten plugins at once, beside the same contract answered by one of them. */
import type { PluginId } from '../spec/plugin-id.ts';
import { installPlugin, openMarketplace, ORG, REVIEWED, TRUSTED, type Marketplace } from './marketplace.ts';
import type { PluginSource } from './packages.ts';
import { fixed, median, percentile, type Table } from './table.ts';

const CONTRACT = 'source-normalizer@1';
const PLUGINS = 10;
const WARM_UPS = 20;
const CALLS = 200;

const NORMALIZER: PluginSource = {
  code: `export default { contracts: { '${CONTRACT}': {
    normalize: ({ type, data }) => ({ type, data: { ...data, name: data.name.trim() } }),
  } } };`,
  endpoints: [],
  contracts: [CONTRACT],
};

export async function benchContracts(): Promise<Table> {
  const rows: string[][] = [];
  for (const [tier, publisher] of [
    ['trusted', TRUSTED],
    ['reviewed', REVIEWED],
  ] as const) {
    const market = await openMarketplace();
    try {
      for (let each = 0; each < PLUGINS; each++)
        await installPlugin(market, `${publisher}/normalizer-${each}` as PluginId, NORMALIZER);
      rows.push(await measure(market, tier));
    } finally {
      await market.close();
    }
  }
  return {
    title: 'A contract answered by ten plugins',
    method: `POST /api/v1/orgs/{org}/contracts/${CONTRACT}/normalize, one caller, ${CALLS} calls of each kind in turn: mode one, and mode all with ${PLUGINS} plugins. Each call checks input and outputs against the schemas and writes an audit entry.`,
    columns: ['tier', 'one, p50 ms', 'all, p50 ms', 'ratio', 'one, p99 ms', 'all, p99 ms'],
    rows,
  };
}

async function measure(market: Marketplace, tier: string): Promise<string[]> {
  const tookMs: Record<'one' | 'all', number[]> = { one: [], all: [] };
  for (let call = 0; call < WARM_UPS + CALLS; call++) {
    for (const mode of ['one', 'all'] as const) {
      const startedMs = performance.now();
      await callOnce(market, mode);
      if (call >= WARM_UPS) tookMs[mode].push(performance.now() - startedMs);
    }
  }
  const [one, all] = [median(tookMs.one), median(tookMs.all)];
  const worst = [percentile(tookMs.one, 0.99), percentile(tookMs.all, 0.99)];
  return [tier, fixed(one), fixed(all), fixed(all / one), ...worst.map((ms) => fixed(ms))];
}

async function callOnce(market: Marketplace, mode: 'one' | 'all'): Promise<void> {
  const input = { type: 'member', data: { name: ' Ada ' } };
  await market.api('POST', `/api/v1/orgs/${ORG}/contracts/${CONTRACT}/normalize`, { input, mode });
}

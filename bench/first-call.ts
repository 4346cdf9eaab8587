/** First calls of plugins that are not loaded, and what a loaded plugin weighs while nobody calls it. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PluginId } from '../spec/plugin-id.ts';
import { Fault } from '../spec/refusal.ts';
import {
  installPlugin,
  openMarketplace,
  ORG,
  restart,
  REVIEWED,
  TRUSTED,
  type Marketplace,
} from './marketplace.ts';
import { bundledPlugin, smallPlugin, SUM_BODY } from './packages.ts';
import { processTree } from './process-tree.ts';
import { fixed, median, percentile, type Table } from './table.ts';

const SMALL_PLUGINS = 200;
const BUNDLES = 20;
const TIERS = [
  { tier: 'trusted', publisher: TRUSTED },
  { tier: 'reviewed', publisher: REVIEWED },
];

export async function benchFirstCall(): Promise<Table> {
  let market = await openMarketplace();
  try {
    for (const { publisher } of TIERS) await installAll(market, publisher);
    const rows: string[][] = [];
    for (const { tier, publisher } of TIERS) {
      market = await restart(market);
      rows.push(...(await measureTier(market, tier, publisher)));
    }
    return {
      title: 'First calls and idle plugins',
      method: `After a restart, one call of each plugin, one after the other: HTTP, package read from the store and held against its digest, isolate (one waits), modules, first run. The bundle is Hono with a CSV reader. Memory is that of the runner processes before and after, private and a share of what is shared, for each plugin.`,
      columns: ['tier, plugin', 'calls', 'p50 ms', 'p99 ms', 'all s', 'idle plugin MiB'],
      rows,
    };
  } finally {
    await market.close();
  }
}

async function installAll(market: Marketplace, publisher: string): Promise<void> {
  await installPlugin(market, `${publisher}/warm`, smallPlugin(-1));
  for (let number = 0; number < SMALL_PLUGINS; number += 1)
    await installPlugin(market, `${publisher}/small-${number}`, smallPlugin(number));
  for (let number = 0; number < BUNDLES; number += 1)
    await installPlugin(market, `${publisher}/bundle-${number}`, bundledPlugin(number));
}

async function measureTier(market: Marketplace, tier: string, publisher: string): Promise<string[][]> {
  await call(market, `${publisher}/warm`);
  const rows: string[][] = [];
  for (const [what, count] of [
    ['small', SMALL_PLUGINS],
    ['bundle', BUNDLES],
  ] as const) {
    const beforeBytes = await runnerBytes(market);
    const times: number[] = [];
    const startedMs = performance.now();
    for (let number = 0; number < count; number += 1)
      times.push(await call(market, `${publisher}/${what}-${number}`));
    const allSeconds = (performance.now() - startedMs) / 1000;
    const eachMib = ((await runnerBytes(market)) - beforeBytes) / count / 2 ** 20;
    const name = what === 'bundle' ? `bundle of ${Math.round(bundledPlugin(0).code.length / 1000)} KB` : what;
    const figures = [fixed(median(times)), fixed(percentile(times, 0.99)), fixed(allSeconds), fixed(eachMib)];
    rows.push([`${tier}, ${name}`, String(count), ...figures]);
  }
  return rows;
}

/** @returns milliseconds until the whole answer was there */
async function call(market: Marketplace, id: PluginId): Promise<number> {
  const startedMs = performance.now();
  const response = await fetch(`${market.souk.url}/orgs/${ORG}/p/${id}/sum`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: SUM_BODY,
  });
  const text = await response.text();
  if (!response.ok) throw new Fault(`${id} answered ${response.status}: ${text}`);
  return performance.now() - startedMs;
}

/** What runners that have plugins and spares weigh: all processes below the server, after a moment of rest. */
async function runnerBytes(market: Marketplace): Promise<number> {
  await sleep(1_500);
  return processTree(market.souk.pid)
    .filter(({ pid }) => pid !== market.souk.pid)
    .reduce((sum, { pid, residentBytes }) => sum + (proportionalBytes(pid) ?? residentBytes), 0);
}

/** `Pss` of proc(5), `/proc/pid/smaps_rollup`; absent on some systems. */
function proportionalBytes(pid: number): number | undefined {
  try {
    const [, kibibytes] = /^Pss: +(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}

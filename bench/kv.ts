/** A handler that reads PostgreSQL through `host.kv`, beside an unsandboxed Hono route that makes the same read. */
import type { PluginId } from '../spec/plugin-id.ts';
import { compare, openLoadGenerator, type Target } from './load.ts';
import {
  installationIdOf,
  installPlugin,
  openMarketplace,
  ORG,
  REVIEWED,
  socketFolderOf,
  TRUSTED,
  type Marketplace,
} from './marketplace.ts';
import { KV_PLUGIN } from './packages.ts';
import { startReference } from './reference.ts';
import { fixed, whole, type Table } from './table.ts';

const PLUGINS: readonly { readonly tier: string; readonly id: PluginId }[] = [
  { tier: 'trusted', id: `${TRUSTED}/kv` },
  { tier: 'reviewed', id: `${REVIEWED}/kv` },
];
const READS = [
  { what: 'one key', path: '/one', reference: '/kv' },
  { what: 'ten keys, getMany', path: '/many', reference: '/kv-many' },
];
const ROUNDS = { rounds: 5, roundMs: 1_500, connections: 32 };

export async function benchKv(): Promise<Table> {
  const market = await openMarketplace();
  try {
    for (const { id } of PLUGINS) {
      await installPlugin(market, id, KV_PLUGIN);
      await fetch(`${market.souk.url}/orgs/${ORG}/p/${id}/`, { method: 'PUT' });
    }
    return await measure(market);
  } finally {
    await market.close();
  }
}

async function measure(market: Marketplace): Promise<Table> {
  const generator = openLoadGenerator();
  const rows: string[][] = [];
  for (const { tier, id } of PLUGINS) {
    const installation = await installationIdOf(market, id);
    const reference = await startReference(['', await socketFolderOf(market), market.orgId, installation]);
    for (const { what, path, reference: route } of READS) {
      const subject = get(`${market.souk.url}/orgs/${ORG}/p/${id}${path}`, market.souk.pid);
      const result = await compare(generator, subject, get(reference.url + route, reference.pid), ROUNDS);
      rows.push([
        `${tier}, ${what}`,
        whole(result.subject.requestsPerSecond),
        whole(result.reference.requestsPerSecond),
        fixed(result.ratio.requestsPerSecond),
        fixed(result.ratio.p50Ms),
        fixed(result.ratio.cpuUs),
      ]);
    }
    await reference.stop();
  }
  generator.close();
  return {
    title: 'A handler that reads PostgreSQL',
    method: `GET, ${ROUNDS.connections} connections, ${ROUNDS.rounds} rounds of ${ROUNDS.roundMs / 1000} s in turn. The reference makes the same prepared statement under the same row level security, with a pool of the same size. CPU without PostgreSQL.`,
    columns: ['tier, read', 'req/s', 'Hono', 'ratio', 'p50 ratio', 'CPU ratio'],
    rows,
  };
}

function get(url: string, pid: number): Target {
  return { url, pid, method: 'GET', headers: {}, body: '' };
}

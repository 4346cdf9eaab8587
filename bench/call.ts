/** A plugin's endpoint beside the same work in bare Hono: by tier, with and without a token. */
import type { PluginId } from '../spec/plugin-id.ts';
import { compare, openLoadGenerator, type Comparison, type LoadGenerator, type Target } from './load.ts';
import {
  installPlugin,
  installUnsigned,
  openMarketplace,
  ORG,
  REVIEWED,
  TRUSTED,
  type Marketplace,
} from './marketplace.ts';
import { SUM_BODY, SUM_PLUGIN } from './packages.ts';
import { startBareHttp, startReference, type Reference } from './reference.ts';
import { fixed, whole, type Table } from './table.ts';

const PLUGINS: readonly { readonly tier: string; readonly id: PluginId }[] = [
  { tier: 'trusted', id: `${TRUSTED}/sum` },
  { tier: 'reviewed', id: `${REVIEWED}/sum` },
  { tier: 'unreviewed', id: `${REVIEWED}/sum-unsigned` },
];
const ROUNDS = { rounds: 5, roundMs: 1_200 };

export async function benchCall(): Promise<Table> {
  const market = await openMarketplace();
  const reference = await startReference();
  const generator = openLoadGenerator();
  try {
    for (const { id, tier } of PLUGINS)
      await (tier === 'unreviewed' ? installUnsigned : installPlugin)(market, id, SUM_PLUGIN);
    const rows = await measureAll(generator, market, reference);
    return tableOf([...rows, ...(await measureBareHttp(generator, reference))]);
  } finally {
    generator.close();
    await reference.stop();
    await market.close();
  }
}

type Row = { readonly what: string; readonly connections: number; readonly comparison: Comparison };

async function measureAll(
  generator: LoadGenerator,
  market: Marketplace,
  reference: Reference,
): Promise<Row[]> {
  const rows: Row[] = [];
  const bare = bareTarget(reference);
  for (const { tier, id } of PLUGINS) {
    for (const access of ['public', 'member'] as const) {
      if (tier === 'unreviewed' && access === 'member') continue;
      for (const connections of [32, 1]) {
        const comparison = await compare(generator, pluginTarget(market, id, access), bare, {
          ...ROUNDS,
          connections,
        });
        rows.push({ what: `${tier}, ${access === 'public' ? 'public' : 'token'}`, connections, comparison });
      }
    }
  }
  return rows;
}

async function measureBareHttp(generator: LoadGenerator, reference: Reference): Promise<Row[]> {
  const http = await startBareHttp();
  const rows: Row[] = [];
  for (const connections of [32, 1]) {
    const options = { ...ROUNDS, connections };
    const comparison = await compare(generator, bareTarget(http), bareTarget(reference), options);
    rows.push({ what: 'no sandbox and no Hono: node:http', connections, comparison });
  }
  await http.stop();
  return rows;
}

function bareTarget({ url, pid }: Reference): Target {
  return { ...post(`${url}/sum`), pid };
}

function pluginTarget(market: Marketplace, id: PluginId, access: 'public' | 'member'): Target {
  const path = access === 'public' ? '/sum' : '/members/sum';
  const { url, headers, ...rest } = post(`${market.souk.url}/orgs/${ORG}/p/${id}${path}`);
  const authorization = access === 'public' ? {} : { authorization: `Bearer ${market.souk.adminToken}` };
  return { ...rest, url, headers: { ...headers, ...authorization }, pid: market.souk.pid };
}

function post(url: string): Omit<Target, 'pid'> {
  return { url, method: 'POST', headers: { 'content-type': 'application/json' }, body: SUM_BODY };
}

function tableOf(rows: readonly Row[]): Table {
  return {
    title: 'Calling a plugin, beside bare Hono',
    method: `POST of ${Buffer.byteLength(SUM_BODY)} bytes of JSON, 20 numbers summed. Souk with routing, access check, schema of the request, limits and metrics; ${ROUNDS.rounds} rounds of ${ROUNDS.roundMs / 1000} s in turn, medians of the rounds' ratios. CPU: all processes of the server.`,
    columns: [
      'tier, caller',
      'connections',
      'req/s',
      'Hono',
      'ratio',
      'p50 ms',
      'Hono',
      'ratio',
      'p99 ms',
      'CPU µs/req',
      'Hono',
      'ratio',
    ],
    rows: rows.map(({ what, connections, comparison: { subject, reference, ratio } }) => [
      what,
      String(connections),
      whole(subject.requestsPerSecond),
      whole(reference.requestsPerSecond),
      fixed(ratio.requestsPerSecond),
      fixed(subject.p50Ms, 3),
      fixed(reference.p50Ms, 3),
      fixed(ratio.p50Ms),
      fixed(subject.p99Ms),
      whole(subject.cpuUs),
      whole(reference.cpuUs),
      fixed(ratio.cpuUs),
    ]),
  };
}

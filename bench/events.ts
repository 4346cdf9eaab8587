/** Events: how soon a subscriber's handler begins after the commit, and how many deliveries a second are kept up. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../spec/json.ts';
import type { PluginId } from '../spec/plugin-id.ts';
import { Fault } from '../spec/refusal.ts';
import { installPlugin, openMarketplace, ORG, REVIEWED, TRUSTED, type Marketplace } from './marketplace.ts';
import type { PluginSource } from './packages.ts';
import { cpuMsOf, postgresCpuMsOf } from './process-tree.ts';
import { fixed, median, percentile, whole, type Table } from './table.ts';

const SINGLE_EVENTS = 200;
const WARM_UPS = 20;
const LOAD_EVENTS = 3_200;
const EVENTS_PER_CALL = 10;
const CALLERS = 8;
const KEYS = 50;
/** Of another organization, behind a handler that fails: as many as it may have, or nearly. */
const BACKLOG_EVENTS = 9_000;
const WAIT_MS_MAX = 120_000;
const OTHER = 'other';

/** Says when each event was committed, by the clock of the machine. */
const TELLER: PluginSource = {
  code: `let next = 0;
    export default { async fetch(request, host) {
      const { searchParams } = new URL(request.url);
      const told = [];
      for (let each = 0; each < Number(searchParams.get('count')); each++) {
        const key = searchParams.get('key') ?? String(next++ % ${KEYS});
        const { id } = await host.events.emit('bench.told', {}, { key });
        told.push({ id, at: Date.now() });
      }
      return Response.json({ told });
    } };`,
  permissions: [{ name: 'events.emit', scope: ['bench.*'], reason: 'Tells.' }],
  endpoints: [{ path: '/', method: 'GET', access: 'public' }],
  events: { emits: { 'bench.told': {} } },
};
const HEARER: PluginSource = {
  code: `let heard = [];
    export default {
      fetch() { const answer = Response.json({ heard }); heard = []; return answer; },
      events: { 'bench.told': ({ id }) => { heard.push({ id, at: Date.now() }); } },
    };`,
  permissions: [{ name: 'events.subscribe', scope: ['bench.*'], reason: 'Hears.' }],
  endpoints: [{ path: '/', method: 'GET', access: 'public' }],
  events: { subscribes: ['bench.told'] },
};
const FAILING: PluginSource = {
  ...HEARER,
  code: `export default { fetch: () => new Response(''), events: { 'bench.told': () => { throw new Error('no'); } } };`,
};

type Moment = { readonly id: string; readonly at: number };
type Pair = { readonly teller: PluginId; readonly hearer: PluginId };

export async function benchEvents(): Promise<Table> {
  const market = await openMarketplace({
    SOUK_READS_PER_MINUTE: '0',
    SOUK_WRITES_PER_MINUTE: '0',
    SOUK_EVENT_ATTEMPTS: '50',
  });
  try {
    return await measure(market);
  } finally {
    await market.close();
  }
}

async function measure(market: Marketplace): Promise<Table> {
  const rows: string[][] = [];
  for (const [tier, publisher] of [
    ['trusted', TRUSTED],
    ['reviewed', REVIEWED],
  ] as const) {
    const pair: Pair = { teller: `${publisher}/teller`, hearer: `${publisher}/hearer` };
    if (tier === 'reviewed')
      for (const id of [TELLING, HEARING]) await market.api('POST', deactivationOf(id));
    await installPlugin(market, pair.teller, TELLER);
    await installPlugin(market, pair.hearer, HEARER);
    rows.push([tier, ...(await measurePair(market, pair))]);
  }
  const pair: Pair = { teller: `${REVIEWED}/teller`, hearer: `${REVIEWED}/hearer` };
  await fillBacklog(market);
  rows.push([`reviewed, ${whole(BACKLOG_EVENTS)} of others wait`, ...(await measurePair(market, pair))]);
  return {
    title: 'Events',
    method: `One plugin emits, another one hears. Latency: ${SINGLE_EVENTS} events, one after the other, from the commit (the answer of \`host.events.emit\`) to the first line of the handler. Rate: ${whole(LOAD_EVENTS)} events of ${KEYS} keys, emitted one by one by ${CALLERS} callers, from the first to the last; each is waited for before the next and delivered once, in the order of its key. CPU of the server with its runners, and of PostgreSQL, for one event emitted and delivered, the call that emits it included. The last row: a handler of another organization that fails holds a key behind which ${whole(BACKLOG_EVENTS)} events wait.`,
    columns: [
      'tier',
      'p50 ms',
      'p99 ms',
      'emitted /s',
      'delivered /s',
      'p50 under load ms',
      'server CPU ms each',
      'PostgreSQL CPU ms each',
    ],
    rows,
  };
}

const TELLING: PluginId = `${TRUSTED}/teller`;
const HEARING: PluginId = `${TRUSTED}/hearer`;
const deactivationOf = (id: PluginId): string => `/api/v1/orgs/${ORG}/plugins/${id}/deactivate`;

async function measurePair(market: Marketplace, pair: Pair): Promise<string[]> {
  await tellOneByOne(market, pair, WARM_UPS);
  const single = await tellOneByOne(market, pair, SINGLE_EVENTS);
  const before = cpuOf(market);
  const { told, heard, tookMs } = await tellMany(market, pair);
  const after = cpuOf(market);
  return [
    fixed(median(single)),
    fixed(percentile(single, 0.99)),
    whole(rateOf(told)),
    whole((heard.length * 1_000) / tookMs),
    fixed(median(latencies(told, heard))),
    fixed((after.server - before.server) / heard.length),
    fixed((after.postgres - before.postgres) / heard.length),
  ];
}

function cpuOf({ souk: { pid } }: Marketplace): { server: number; postgres: number } {
  return { server: cpuMsOf(pid), postgres: postgresCpuMsOf(pid) };
}

async function tellOneByOne(market: Marketplace, pair: Pair, count: number): Promise<number[]> {
  const told: Moment[] = [];
  const heard: Moment[] = [];
  for (let each = 0; each < count; each++) {
    told.push(...(await tell(market, pair.teller, 1)));
    heard.push(...(await hear(market, pair.hearer, 1)));
  }
  return latencies(told, heard);
}

async function tellMany(
  market: Marketplace,
  { teller, hearer }: Pair,
): Promise<{ told: Moment[]; heard: Moment[]; tookMs: number }> {
  const startedMs = Date.now();
  const hearing = hear(market, hearer, LOAD_EVENTS);
  const calls = LOAD_EVENTS / EVENTS_PER_CALL / CALLERS;
  const told = await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      const mine: Moment[] = [];
      for (let call = 0; call < calls; call++) mine.push(...(await tell(market, teller, EVENTS_PER_CALL)));
      return mine;
    }),
  );
  const heard = await hearing;
  return { told: told.flat(), heard, tookMs: Math.max(...heard.map(({ at }) => at)) - startedMs };
}

/** An event may be heard before its emitter has read that it was committed. */
function latencies(told: readonly Moment[], heard: readonly Moment[]): number[] {
  const at = new Map(told.map((moment) => [moment.id, moment.at]));
  return heard.map(({ id, at: heardAt }) => Math.max(0, heardAt - (at.get(id) ?? Number.NaN)));
}

function rateOf(moments: readonly Moment[]): number {
  const times = moments.map(({ at }) => at);
  return (moments.length * 1_000) / (Math.max(...times) - Math.min(...times));
}

async function tell(market: Marketplace, plugin: PluginId, count: number): Promise<Moment[]> {
  return (await ask(market, `/orgs/${ORG}/p/${plugin}/?count=${count}`))['told'] as Moment[];
}

async function hear(market: Marketplace, plugin: PluginId, count: number): Promise<Moment[]> {
  const heard: Moment[] = [];
  const untilMs = Date.now() + WAIT_MS_MAX;
  while (heard.length < count) {
    if (Date.now() > untilMs) throw new Fault(`${heard.length} of ${count} events were heard`);
    heard.push(...((await ask(market, `/orgs/${ORG}/p/${plugin}/`))['heard'] as Moment[]));
    if (heard.length < count) await sleep(count === 1 ? 2 : 50);
  }
  return heard;
}

async function fillBacklog(market: Marketplace): Promise<void> {
  await market.api('POST', '/api/v1/orgs', { slug: OTHER, name: 'Other' });
  await installPlugin(market, `${REVIEWED}/other-teller`, TELLER, OTHER);
  await installPlugin(market, `${REVIEWED}/failing`, FAILING, OTHER);
  const path = `/orgs/${OTHER}/p/${REVIEWED}/other-teller/?key=held&count=100`;
  for (let each = 0; each < BACKLOG_EVENTS / 100; each++) await ask(market, path);
}

async function ask(market: Marketplace, path: string): Promise<JsonObject> {
  const response = await fetch(market.souk.url + path);
  const text = await response.text();
  if (!response.ok) throw new Fault(`${path} answered ${response.status}: ${text}`);
  return JSON.parse(text) as JsonObject;
}

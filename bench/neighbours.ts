/**
 * What a healthy plugin notices of one that attacks: in the same runner (trusted, of another organization), and in a
 * runner of its own (reviewed). The healthy one is called at a steady pace, so that its latency is that of a call and
 * not of a queue that the measurement makes.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PluginId } from '../spec/plugin-id.ts';
import { openLoadGenerator, type LoadGenerator } from './load.ts';
import { installPlugin, openMarketplace, ORG, REVIEWED, TRUSTED, type Marketplace } from './marketplace.ts';
import type { PluginSource } from './packages.ts';
import { fixed, median, percentile, whole, type Table } from './table.ts';

const HEALTHY_ORG = 'neighbour';
const HEALTHY: PluginId = `${TRUSTED}/healthy`;

const HEALTHY_PLUGIN: PluginSource = {
  code: 'export default { fetch: () => Response.json({ ok: true }) };',
  endpoints: [{ method: 'GET', path: '/', access: 'public' }],
};

/** The paths of the attacking plugin. */
const ATTACKS: Readonly<Record<string, string>> = {
  nothing: 'return new Response("idle");',
  spinning: 'for (;;);',
  'microtasks without end': 'const again = () => Promise.resolve().then(again); await again();',
  'filling arrays': 'const all = []; for (;;) all.push(new Array(1_000_000).fill(1));',
  'filling ArrayBuffers':
    'const all = []; for (;;) all.push(new ArrayBuffer(16 << 20, {}), new Uint8Array(16 << 20).fill(1));',
  'flooding the log':
    'for (let line = 0; line < 100; line += 1) host.log.info("x".repeat(2000)); return new Response("logged");',
  'flooding the host':
    'for (let call = 0; call < 10; call += 1) await Promise.all(Array.from({ length: 10 }, () => host.kv.get("key"))); return new Response("asked");',
  'streaming without end':
    'const chunk = new Uint8Array(65536); return new Response(new ReadableStream({ pull: (c) => c.enqueue(chunk) }));',
};
const NAMES = Object.keys(ATTACKS);

const ATTACKER_PLUGIN: PluginSource = {
  code: `const attacks = [${Object.values(ATTACKS)
    .map((body) => `async (host) => { ${body} }`)
    .join(',\n')}];
export default { fetch: (request, host) => attacks[Number(new URL(request.url).pathname.slice(1))](host) };`,
  permissions: [{ name: 'kv', reason: 'Asks for a key.' }],
  endpoints: [{ method: 'GET', path: '/:attack', access: 'public' }],
};

const PLACES = [
  { place: 'same runner', publisher: TRUSTED },
  { place: 'another runner', publisher: REVIEWED },
];

const ROUND_MS = 3_000;
/** Quiet and attacked times in turn: both meet the same moods of the machine, and a 99th percentile has 2,000 calls. */
const ROUNDS = 3;
const ATTACKING_CALLS = 4;
/** Together a call every 5 ms: far below what the server can do. */
const HEALTHY_CALLERS = 4;
const HEALTHY_PAUSE_MS = 20;
const RECOVERIES = 5;

export async function benchNeighbours(): Promise<Table> {
  const market = await openMarketplace();
  const generator = openLoadGenerator();
  try {
    await market.api('POST', '/api/v1/orgs', { slug: HEALTHY_ORG, name: 'Neighbour' });
    await installPlugin(market, HEALTHY, HEALTHY_PLUGIN, HEALTHY_ORG);
    for (const { publisher } of PLACES)
      for (const number of NAMES.keys())
        for (let round = 0; round < ROUNDS; round += 1)
          await installPlugin(market, attackerId({ publisher, number }, round), ATTACKER_PLUGIN);
    const rows: string[][] = [];
    for (const { place, publisher } of PLACES)
      for (const number of NAMES.keys())
        rows.push(await measure(market, generator, { place, publisher, number }));
    rows.push(await measureRecovery(market));
    return tableOf(rows);
  } finally {
    generator.close();
    await market.close();
  }
}

type Attack = { readonly place: string; readonly publisher: string; readonly number: number };
type Round = { readonly before: Calls; readonly during: Calls; readonly attacks: number };

/** One for each round: who attacked once may be out of service. */
const attackerId = ({ publisher, number }: Omit<Attack, 'place'>, round: number): PluginId =>
  `${publisher}/attacker-${number}-${round}`;

async function measure(market: Marketplace, generator: LoadGenerator, attack: Attack): Promise<string[]> {
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    rounds.push(await measureRound(market, generator, attack, round));
  const before = rounds.flatMap((round) => round.before.tookMs);
  const during = rounds.flatMap((round) => round.during.tookMs);
  return [
    `${attack.place}: ${NAMES[attack.number]}`,
    whole(sum(rounds, (round) => round.attacks)),
    whole(during.length),
    String(sum(rounds, (round) => round.during.failures)),
    fixed(median(before)),
    fixed(median(during)),
    fixed(percentile(before, 0.99)),
    fixed(percentile(during, 0.99)),
    fixed(percentile(during, 0.99) / percentile(before, 0.99)),
    fixed(Math.max(...during)),
  ];
}

const sum = (rounds: readonly Round[], of: (round: Round) => number): number =>
  rounds.reduce((total, round) => total + of(round), 0);

async function measureRound(
  market: Marketplace,
  generator: LoadGenerator,
  attack: Attack,
  round: number,
): Promise<Round> {
  const url = `${market.souk.url}/orgs/${ORG}/p/${attackerId(attack, round)}/${attack.number}`;
  await callFor(market, ROUND_MS / 4);
  const before = await callFor(market, ROUND_MS);
  const reader = NAMES[attack.number]?.startsWith('streaming') ? await openStreams(url) : undefined;
  const attacked = reader
    ? { requests: ATTACKING_CALLS }
    : generator.attack({ url, method: 'GET', headers: {}, body: '', pid: 0 }, ATTACKING_CALLS, ROUND_MS);
  const during = await callFor(market, ROUND_MS);
  const { requests } = await attacked;
  reader?.kill('SIGKILL');
  return { before, during, attacks: requests };
}

type Calls = { readonly tookMs: number[]; failures: number };

/** Calls the healthy plugin at a steady pace for a while. */
async function callFor(market: Marketplace, durationMs: number): Promise<Calls> {
  const agent = new Agent({ keepAlive: true, maxSockets: HEALTHY_CALLERS });
  const calls: Calls = { tookMs: [], failures: 0 };
  const untilMs = performance.now() + durationMs;
  const caller = async (_value: unknown, index: number): Promise<void> => {
    await sleep((HEALTHY_PAUSE_MS / HEALTHY_CALLERS) * index);
    while (performance.now() < untilMs) {
      const tookMs = await callOnce(market, agent);
      if (tookMs === undefined) calls.failures += 1;
      else calls.tookMs.push(tookMs);
      await sleep(HEALTHY_PAUSE_MS);
    }
  };
  await Promise.all(Array.from({ length: HEALTHY_CALLERS }, caller));
  agent.destroy();
  return calls;
}

/** @returns milliseconds until the whole answer was there; undefined where it was not the plugin's */
function callOnce(market: Marketplace, agent: Agent): Promise<number | undefined> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    request(`${market.souk.url}/orgs/${HEALTHY_ORG}/p/${HEALTHY}/`, { agent }, (answer) => {
      answer.resume().once('end', () => {
        resolve(answer.statusCode === 200 ? performance.now() - startedMs : undefined);
      });
    })
      .once('error', () => resolve(undefined))
      .end();
  });
}

/** Reads streams in a process of its own, which has started when this returns. */
async function openStreams(url: string): Promise<ChildProcess> {
  const reader = fork(join(import.meta.dirname, 'stream-reader.ts'), [url, String(ATTACKING_CALLS)]);
  await once(reader, 'message');
  return reader;
}

type Runner = { readonly pid: number; readonly use: string };

/** From the kill of every runner that holds plugins to the next answer of the healthy one. */
async function measureRecovery(market: Marketplace): Promise<string[]> {
  const agent = new Agent({ keepAlive: true });
  const tookMs: number[] = [];
  for (let round = 0; round < RECOVERIES; round += 1) {
    await callOnce(market, agent);
    await sleep(1_000);
    const { sandbox } = await market.api('GET', '/readyz');
    const { runners } = sandbox as { runners: Runner[] };
    const startedMs = performance.now();
    for (const { pid, use } of runners) if (use === 'guests') process.kill(-pid, 'SIGKILL');
    while ((await callOnce(market, agent)) === undefined);
    tookMs.push(performance.now() - startedMs);
  }
  agent.destroy();
  const worst = `worst of ${RECOVERIES}: ${whole(Math.max(...tookMs))} ms`;
  return ['recovery of a killed runner', '', '', '', '', fixed(median(tookMs)), '', '', '', worst];
}

function tableOf(rows: string[][]): Table {
  return {
    title: 'A healthy plugin beside one that attacks',
    method: `The healthy plugin gets a call every ${HEALTHY_PAUSE_MS / HEALTHY_CALLERS} ms for ${ROUND_MS / 1000} s alone, then for as long while ${ATTACKING_CALLS} callers keep the other one at its deed, ${ROUNDS} times in turn, each time with another attacker; client, server and runners share the machine. "Same runner": both trusted, of two organizations; a runner that is killed takes calls of both with it. "Another runner": the attacker is reviewed.`,
    columns: [
      'attack',
      'attacking calls',
      'calls',
      'failed',
      'p50 ms before',
      'during',
      'p99 ms before',
      'during',
      'ratio',
      'longest ms',
    ],
    rows,
  };
}

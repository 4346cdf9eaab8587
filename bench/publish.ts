/** Publishing signed packages over HTTP, and downloading them beside bare Hono. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compare, openLoadGenerator } from './load.ts';
import { openMarketplace, REVIEWED, signedPlugin, type Marketplace } from './marketplace.ts';
import { SUM_PLUGIN, type PluginSource, type SignedPackage } from './packages.ts';
import { cpuMsOf } from './process-tree.ts';
import { startReference } from './reference.ts';
import { fixed, median, percentile, whole, type Table } from './table.ts';

const SEQUENTIAL = 150;
const CLIENTS = 8;
const PER_CLIENT = 75;
const WARM_UP = 40;
const FILE_BYTES = 48_000;

export async function benchPublish(): Promise<Table> {
  const market = await openMarketplace();
  try {
    const warmUp = versionsOf(market, `${REVIEWED}/warm`, WARM_UP);
    await sleep(100);
    await publishAll(market, warmUp);
    const rows = [
      await sequential(market),
      await concurrent(market, 'one plugin', () => `${REVIEWED}/shared`),
      await concurrent(market, 'a plugin for each client', (client) => `${REVIEWED}/own-${client}`),
    ];
    return {
      title: 'Publishing',
      method: `Signed packages of about 50 KB, each another version: HTTP upload, digest, strict reading, inspection, signature, built-in PostgreSQL with fsync, blob with fsync.`,
      columns: ['clients', 'packages', 'packages/s', 'p50 ms', 'p99 ms', 'server CPU ms each'],
      rows,
    };
  } finally {
    await market.close();
  }
}

async function sequential(market: Marketplace): Promise<string[]> {
  const packages = versionsOf(market, `${REVIEWED}/sequential`, SEQUENTIAL);
  return rowOf(market, '1', SEQUENTIAL, () => publishAll(market, packages));
}

async function concurrent(
  market: Marketplace,
  what: string,
  pluginOf: (client: number) => `${string}/${string}`,
): Promise<string[]> {
  const queues = Array.from({ length: CLIENTS }, (_, client) =>
    versionsOf(market, pluginOf(client), PER_CLIENT, client),
  );
  return rowOf(market, `${CLIENTS}, ${what}`, CLIENTS * PER_CLIENT, async () =>
    (await Promise.all(queues.map((packages) => publishAll(market, packages)))).flat(),
  );
}

async function rowOf(
  market: Marketplace,
  clients: string,
  count: number,
  publish: () => Promise<number[]>,
): Promise<string[]> {
  // Signing so many packages has kept this process from seeing which connections the server has closed.
  await sleep(100);
  const cpuBeforeMs = cpuMsOf(market.souk.pid);
  const startedMs = performance.now();
  const times = await publish();
  const elapsedMs = performance.now() - startedMs;
  const cpuMs = cpuMsOf(market.souk.pid) - cpuBeforeMs;
  const figures = [(count * 1000) / elapsedMs, median(times), percentile(times, 0.99), cpuMs / count];
  return [clients, String(count), ...figures.map((figure) => fixed(figure, 1))];
}

/** @returns the time of each, in milliseconds */
async function publishAll(market: Marketplace, packages: readonly SignedPackage[]): Promise<number[]> {
  const times: number[] = [];
  for (const signed of packages) {
    const startedMs = performance.now();
    await market.upload('/api/v1/packages', signed);
    times.push(performance.now() - startedMs);
  }
  return times;
}

function versionsOf(
  market: Marketplace,
  id: `${string}/${string}`,
  count: number,
  minor = 0,
): SignedPackage[] {
  return Array.from({ length: count }, (_, patch) =>
    signedPlugin(market, id, `1.${minor}.${patch}`, fiftyKilobytes()),
  );
}

/** Mostly bytes that do not compress, as images are; the archive has about 50 KB. */
function fiftyKilobytes(): PluginSource {
  return { ...SUM_PLUGIN, files: new Map([['logo.bin', new Uint8Array(randomBytes(FILE_BYTES))]]) };
}

export async function benchDownload(): Promise<Table> {
  const market = await openMarketplace();
  const folder = await mkdtemp(join(tmpdir(), 'souk-bench-'));
  const id = `${REVIEWED}/download` as const;
  const signed = signedPlugin(market, id, '1.0.0', fiftyKilobytes());
  await market.upload('/api/v1/packages', signed);
  await writeFile(join(folder, 'archive.zip'), signed.archive);
  const reference = await startReference([join(folder, 'archive.zip')]);
  const generator = openLoadGenerator();
  try {
    const base = { method: 'GET', headers: {}, body: '' };
    const url = `${market.souk.url}/api/v1/packages/${id}/versions/1.0.0/archive`;
    const result = await compare(
      generator,
      { ...base, url, pid: market.souk.pid },
      { ...base, url: `${reference.url}/archive`, pid: reference.pid },
      { connections: 32, rounds: 5, roundMs: 1_500 },
    );
    return {
      title: 'Downloading an archive',
      method: `GET of ${signed.archive.byteLength} bytes by anybody, 32 connections, 5 rounds of 1.5 s in turn with a bare Hono route that sends the same bytes from memory. CPU without PostgreSQL.`,
      columns: ['req/s', 'Hono', 'ratio', 'p50 ratio', 'CPU ratio'],
      rows: [
        [
          whole(result.subject.requestsPerSecond),
          whole(result.reference.requestsPerSecond),
          fixed(result.ratio.requestsPerSecond),
          fixed(result.ratio.p50Ms),
          fixed(result.ratio.cpuUs),
        ],
      ],
    };
  } finally {
    generator.close();
    await reference.stop();
    await rm(folder, { recursive: true });
    await market.close();
  }
}

/**
 * 50,000 rows of a file through Kelompok's CSV import, and through the least that an importer does: validated, matched,
 * stored with evidence, below one audit entry.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../spec/json.ts';
import type { PluginId } from '../spec/plugin-id.ts';
import { Fault } from '../spec/refusal.ts';
import { packExample } from '../tests/support/example-package.ts';
import { installPlugin, openMarketplace, ORG, REVIEWED, type Marketplace } from './marketplace.ts';
import type { PluginSource } from './packages.ts';
import { processTree } from './process-tree.ts';
import { whole, type Table } from './table.ts';

const ROWS = 50_000;
const CSV: PluginId = `${REVIEWED}/csv-import`;
const LEAST: PluginId = `${REVIEWED}/lines`;
const MIB = 1024 * 1024;

/** The least that an importer does: it reads lines of a stream and takes them apart. */
const LINES: PluginSource = {
  permissions: [{ name: 'records.propose', scope: ['member'] }],
  contracts: ['member-importer@1'],
  endpoints: [],
  code: `async function* linesOf(stream) {
    let rest = '';
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split('\\n');
      rest = lines.pop();
      yield* lines;
    }
    if (rest !== '') yield rest;
  }
  export default { contracts: { 'member-importer@1': { async import(input, host) {
    let row = 0;
    let rows = [];
    const flush = () => host.records.propose({ type: 'member', import: input.import.id, rows: rows.splice(0) });
    for await (const line of linesOf(host.files.stream(input.file.id))) {
      row += 1;
      const [externalId, name, email, role] = line.split(',');
      rows.push({ row, original: line, data: { externalId, name, email, role } });
      if (rows.length === 500) await flush();
    }
    await flush();
    return { rows: row };
  } } } };`,
};

export async function benchImport(): Promise<Table> {
  const market = await openMarketplace();
  try {
    await installPlugin(market, CSV, await csvImport());
    await installPlugin(market, LEAST, LINES);
    const runs = [
      await measure(market, 'a new file', { plugin: CSV, dryRun: 'false' }),
      await measure(market, 'the same file again', { plugin: CSV, dryRun: 'false' }),
      await measure(market, 'a dry run of it', { plugin: CSV, dryRun: 'true' }),
      await measure(market, 'the same, lines cut at commas', { plugin: LEAST, dryRun: 'true' }),
    ];
    return {
      title: 'Importing a file',
      method: `${whole(ROWS)} lines of four values through kelompok/csv-import in the reviewed tier, from the request to the end of the import, with validation, evidence and audit. Memory of the server and its runners, without PostgreSQL.`,
      columns: ['what', 'rows/s', 'seconds', 'memory before, MiB', 'at most, MiB'],
      rows: runs,
    };
  } finally {
    await market.close();
  }
}

type Wish = { readonly plugin: PluginId; readonly dryRun: 'true' | 'false' };

/** The example as it is, under a name of the bench. */
async function csvImport(): Promise<PluginSource> {
  const { manifest, read } = await packExample('kelompok/csv-import');
  return {
    permissions: (manifest.permissions ?? []) as unknown as JsonObject[],
    contracts: manifest.contributes?.contracts ?? [],
    endpoints: [],
    code: new TextDecoder().decode(read.files.get('index.js')),
  };
}

async function measure(market: Marketplace, what: string, wish: Wish): Promise<string[]> {
  const before = residentBytesOf(market.souk.pid);
  let most = before;
  const startedMs = performance.now();
  let state = await begin(market, wish);
  while (state['state'] === 'queued' || state['state'] === 'running') {
    await sleep(100);
    most = Math.max(most, residentBytesOf(market.souk.pid));
    state = await market.api('GET', `/api/v1/orgs/${ORG}/imports/${String(state['id'])}`);
  }
  if (state['state'] !== 'completed') throw new Fault(`the import failed: ${String(state['problem'])}`);
  const seconds = (performance.now() - startedMs) / 1000;
  return [what, whole(ROWS / seconds), seconds.toFixed(1), whole(before / MIB), whole(most / MIB)];
}

function residentBytesOf(pid: number): number {
  return processTree(pid).reduce((sum, { residentBytes }) => sum + residentBytes, 0);
}

async function begin({ souk }: Marketplace, { plugin, dryRun }: Wish): Promise<Record<string, unknown>> {
  const form = new FormData();
  form.set('plugin', plugin);
  form.set('dryRun', dryRun);
  form.set('file', new Blob([fileText()]), 'members.csv');
  const response = await fetch(`${souk.url}/api/v1/orgs/${ORG}/imports/members`, {
    method: 'POST',
    headers: { authorization: `Bearer ${souk.adminToken}` },
    body: form,
  });
  if (response.status !== 202) throw new Fault(`the import was not begun: ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

function fileText(): string {
  const rows = Array.from({ length: ROWS }, (_, n) => `${n},Member ${n},member-${n}@club.example,member`);
  return ['externalId,name,email,role', ...rows].join('\n');
}

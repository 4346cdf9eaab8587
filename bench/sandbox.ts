/** Measures the sandbox alone: `sandbox.call()` without HTTP, routing or a database. */
import { createSandbox, type Sandbox } from '../sandbox/index.ts';
import { createTestBed, type TestBed } from '../sandbox/testing/test-bed.ts';
import type { Guest, TrustTier } from '../sandbox/ports.ts';
import type { Table } from './table.ts';

type SandboxFigure = { readonly what: string; readonly value: number; readonly unit: string };

/** Parses a body of about 300 bytes, adds twenty numbers, answers JSON. */
const SUM = `export default { async fetch(request) {
  const { numbers } = await request.json();
  let sum = 0;
  for (const number of numbers) sum += number;
  return Response.json({ sum });
} }`;
const BODY = { title: 'x'.repeat(200), numbers: Array.from({ length: 20 }, (_, index) => index) };

const WARM_UP_CALLS = 2_000;
const LATENCY_CALLS = 3_000;
const THROUGHPUT_MS = 3_000;
const IN_FLIGHT = 32;
/** First calls come by themselves in practice; the row with 200 plugins is the one without a pause. */
const BETWEEN_FIRST_CALLS_MS = 60;
const IDLE_PLUGINS = 200;
/** Functions that are parsed, and mostly not run, as in a bundle of libraries. */
const LARGE_BUNDLE_BYTES = 200 * 1_024;

/** @returns the figures of one tier, measured in real runners of this machine */
async function measureTier(tier: TrustTier): Promise<SandboxFigure[]> {
  const bed = createTestBed(tier);
  const sandbox = await createSandbox(bed.options);
  try {
    const guest = bed.guest({ 'index.js': SUM });
    for (let call = 0; call < WARM_UP_CALLS; call++) await callOk(sandbox, bed, guest);
    return [
      ...(await measureLatency(sandbox, bed, guest)),
      ...(await measureThroughput(sandbox, bed, guest)),
      ...(await measureFirstCalls(sandbox, bed)),
      ...(await measureIdle(sandbox, bed)),
      ...(await measureRecovery(sandbox, bed, guest)),
    ];
  } finally {
    await sandbox.close();
  }
}

/** @returns the milliseconds that the call took */
async function callOk(sandbox: Sandbox, bed: TestBed, guest: Guest): Promise<number> {
  const startedMs = performance.now();
  const { outcome } = await sandbox.call(bed.post(guest, BODY));
  return outcome === 'ok' ? performance.now() - startedMs : Number.NaN;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}

async function measureLatency(sandbox: Sandbox, bed: TestBed, guest: Guest): Promise<SandboxFigure[]> {
  const tookMs: number[] = [];
  for (let call = 0; call < LATENCY_CALLS; call++) tookMs.push(await callOk(sandbox, bed, guest));
  return [
    { what: 'one call at a time, p50', value: quantile(tookMs, 0.5), unit: 'ms' },
    { what: 'one call at a time, p99', value: quantile(tookMs, 0.99), unit: 'ms' },
  ];
}

async function measureThroughput(sandbox: Sandbox, bed: TestBed, guest: Guest): Promise<SandboxFigure[]> {
  const untilMs = performance.now() + THROUGHPUT_MS;
  let calls = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      await callOk(sandbox, bed, guest);
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, client));
  const value = (calls * 1_000) / THROUGHPUT_MS;
  return [{ what: `${IN_FLIGHT} calls in flight`, value, unit: 'calls/s' }];
}

async function measureFirstCalls(sandbox: Sandbox, bed: TestBed): Promise<SandboxFigure[]> {
  const filler =
    'export function unused$(a, b) { const c = a + b; return [c, `text ${c}`].map((d) => d + 1); }\n';
  const copies = Math.ceil(LARGE_BUNDLE_BYTES / filler.length);
  const large =
    `${SUM}\n` + Array.from({ length: copies }, (_, index) => filler.replace('$', String(index))).join('');
  const first = async (source: string): Promise<number> => {
    const tookMs: number[] = [];
    for (let plugin = 0; plugin < 20; plugin++) {
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_FIRST_CALLS_MS));
      tookMs.push(await callOk(sandbox, bed, bed.guest({ 'index.js': source })));
    }
    return quantile(tookMs, 0.5);
  };
  return [
    { what: 'first call of a small plugin, p50', value: await first(SUM), unit: 'ms' },
    { what: 'first call of a 200 KB bundle, p50', value: await first(large), unit: 'ms' },
  ];
}

async function measureIdle(sandbox: Sandbox, bed: TestBed): Promise<SandboxFigure[]> {
  const residentBytes = (): number =>
    sandbox
      .health()
      .runners.reduce((sum, runner) => sum + (runner.use === 'guests' ? (runner.residentBytes ?? 0) : 0), 0);
  const before = { bytes: residentBytes(), runners: sandbox.health().runners.length };
  const startedMs = performance.now();
  for (let plugin = 0; plugin < IDLE_PLUGINS; plugin++)
    await callOk(sandbox, bed, bed.guest({ 'index.js': SUM }));
  const tookMs = performance.now() - startedMs;
  const mebibytes = (residentBytes() - before.bytes) / 2 ** 20 / IDLE_PLUGINS;
  return [
    { what: `${IDLE_PLUGINS} small plugins, once each`, value: tookMs, unit: 'ms' },
    { what: 'memory of an idle plugin, its share of a runner in it', value: mebibytes, unit: 'MiB' },
  ];
}

/** From the kill of a busy runner to the next answer of a plugin that lived in it. */
async function measureRecovery(sandbox: Sandbox, bed: TestBed, guest: Guest): Promise<SandboxFigure[]> {
  const tookMs: number[] = [];
  for (let round = 0; round < 5; round++) {
    await callOk(sandbox, bed, guest);
    const busiest = sandbox.health().runners.filter(({ use }) => use === 'guests');
    const startedMs = performance.now();
    for (const { pid } of busiest) process.kill(-pid, 'SIGKILL');
    while (Number.isNaN(await callOk(sandbox, bed, guest)));
    tookMs.push(performance.now() - startedMs);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return [{ what: 'recovery after kill -9, worst of 5', value: Math.max(...tookMs), unit: 'ms' }];
}

/** The figures of every tier that is measured. */
export async function benchSandbox(): Promise<Table> {
  const tiers: TrustTier[] = ['trusted', 'reviewed'];
  const columns: SandboxFigure[][] = [];
  for (const tier of tiers) columns.push(await measureTier(tier));
  const rows = (columns[0] ?? []).map(({ what, unit }, row) => [
    what,
    ...columns.map((column) => `${(column[row]?.value ?? Number.NaN).toPrecision(3)} ${unit}`),
  ]);
  return {
    title: 'The sandbox alone',
    method: '`sandbox.call()` in this process, without HTTP, routing or a database.',
    columns: ['what', ...tiers],
    rows,
  };
}

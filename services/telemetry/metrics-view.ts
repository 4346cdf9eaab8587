/** The counts of one installation as its administrators read them. */
import type { KeptCount } from './count-store.ts';
import { LATENCY_BOUNDS_MS, type CountKind } from './tally.ts';

export type PluginMetrics = {
  /** Today (UTC) and so many days before it, together. */
  readonly days: number;
  readonly calls: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly triggers: Readonly<Record<string, number>>;
  readonly cpuMs: number;
  /** Runs within each bound and above the one before; `leMs` null for those above all. */
  readonly latency: {
    readonly meanMs: number | null;
    /** The bound that half of the runs, or 95 or 99 of a hundred, are within; null where there is none. */
    readonly p50Ms: number | null;
    readonly p95Ms: number | null;
    readonly p99Ms: number | null;
    readonly buckets: readonly { readonly leMs: number | null; readonly count: number }[];
  };
  readonly hostCalls: number;
  readonly memory: { readonly runnerPeakBytes: number | null };
  readonly egress: {
    readonly requests: Readonly<Record<string, number>>;
    readonly bytesOut: number;
    readonly bytesIn: number;
  };
  readonly denied: readonly {
    readonly capability: string;
    readonly permission: string;
    readonly count: number;
    readonly lastAt: Date;
  }[];
};

export function metricsOf(counts: readonly KeptCount[], days: number): PluginMetrics {
  const of = (kind: CountKind): KeptCount[] => counts.filter((count) => count.kind === kind);
  const amountOf = (kind: CountKind, name: string): number | undefined =>
    of(kind).find((count) => count.name === name)?.amount;
  const runs = of('run');
  return {
    days,
    calls: sum(runs, 'count'),
    outcomes: byName(runs),
    triggers: byName(of('trigger')),
    cpuMs: round(sum(of('trigger'), 'amount')),
    latency: latencyOf(runs, of('latency')),
    hostCalls: sum(of('hostCall'), 'count'),
    memory: { runnerPeakBytes: amountOf('memory', 'runner') ?? null },
    egress: {
      requests: byName(of('egress')),
      bytesOut: amountOf('egressBytes', 'out') ?? 0,
      bytesIn: amountOf('egressBytes', 'in') ?? 0,
    },
    denied: of('denied').map(({ name, count, lastAt }) => {
      const [capability = '', permission = ''] = name.split(' ');
      return { capability, permission, count, lastAt };
    }),
  };
}

function latencyOf(runs: readonly KeptCount[], counts: readonly KeptCount[]): PluginMetrics['latency'] {
  const byBound = new Map(counts.map(({ name, count }) => [name, count]));
  const buckets = [
    ...LATENCY_BOUNDS_MS.map((leMs) => ({ leMs, count: byBound.get(String(leMs)) ?? 0 })),
    { leMs: null, count: byBound.get('more') ?? 0 },
  ];
  const calls = sum(runs, 'count');
  return {
    meanMs: calls === 0 ? null : round(sum(runs, 'amount') / calls),
    p50Ms: quantile(buckets, 0.5),
    p95Ms: quantile(buckets, 0.95),
    p99Ms: quantile(buckets, 0.99),
    buckets,
  };
}

function quantile(
  buckets: readonly { readonly leMs: number | null; readonly count: number }[],
  share: number,
): number | null {
  const needed = buckets.reduce((all, { count }) => all + count, 0) * share;
  if (needed === 0) return null;
  let seen = 0;
  for (const { leMs, count } of buckets) {
    seen += count;
    if (seen >= needed) return leMs;
  }
  return null;
}

function byName(counts: readonly KeptCount[]): Record<string, number> {
  return Object.fromEntries(counts.map(({ name, count }) => [name, count]));
}

function sum(counts: readonly KeptCount[], of: 'count' | 'amount'): number {
  return counts.reduce((all, count) => all + count[of], 0);
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}

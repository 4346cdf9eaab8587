/** What is counted of one installation in memory until it is written. Numbers and small maps: runs are a hot path. */
import type { Outcome } from '../../spec/outcome.ts';

export const COUNT_KINDS = [
  /** Runs by outcome; the amount is their wall time in milliseconds. */
  'run',
  /** Runs by trigger; the amount is their processor time in milliseconds. */
  'trigger',
  /** Runs by the bound of `LATENCY_BOUNDS_MS` that their wall time is within; `more` for the rest. */
  'latency',
  /** Host calls that runs made: one name, `made`. */
  'hostCall',
  /** Host calls that no grant covered, as `<capability> <permission>`. */
  'denied',
  /** Requests out by how they went; the amount is their milliseconds. */
  'egress',
  /** Bytes of bodies out (`out`) and in (`in`), as amounts. */
  'egressBytes',
  /** Largest resident memory of a runner process that held the plugin (`runner`), as an amount; not a sum. */
  'memory',
] as const;
export type CountKind = (typeof COUNT_KINDS)[number];

export type Count = {
  readonly kind: CountKind;
  readonly name: string;
  readonly count: number;
  readonly amount: number;
};

export const LATENCY_BOUNDS_MS = [
  1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000,
] as const;

export type RunFacts = {
  readonly outcome: Outcome;
  readonly trigger: string;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly hostCalls: number;
};

type Cell = { count: number; amount: number };

export class Tally {
  readonly #cells = new Map<CountKind, Map<string, Cell>>();

  run({ outcome, trigger, wallMs, cpuMs, hostCalls }: RunFacts): void {
    this.add('run', outcome, 1, wallMs);
    this.add('trigger', trigger, 1, cpuMs);
    this.add('latency', boundOf(wallMs), 1, 0);
    if (hostCalls > 0) this.add('hostCall', 'made', hostCalls, 0);
  }

  /** @param count how often; 0 for what only has an amount */
  add(kind: CountKind, name: string, count: number, amount: number): void {
    const cell = this.#cellOf(kind, name);
    cell.count += count;
    cell.amount += amount;
  }

  /** An amount of which the largest counts. */
  peak(kind: CountKind, name: string, amount: number): void {
    const cell = this.#cellOf(kind, name);
    cell.count = 1;
    cell.amount = Math.max(cell.amount, amount);
  }

  counts(): Count[] {
    return [...this.#cells].flatMap(([kind, cells]) =>
      [...cells].map(([name, { count, amount }]) => ({ kind, name, count, amount })),
    );
  }

  #cellOf(kind: CountKind, name: string): Cell {
    let cells = this.#cells.get(kind);
    if (!cells) this.#cells.set(kind, (cells = new Map()));
    let cell = cells.get(name);
    if (!cell) cells.set(name, (cell = { count: 0, amount: 0 }));
    return cell;
  }
}

function boundOf(wallMs: number): string {
  return String(LATENCY_BOUNDS_MS.find((bound) => wallMs <= bound) ?? 'more');
}

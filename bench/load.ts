/** Loads two servers in turn, so that what the machine does besides falls on both, and compares them round by round. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LoadOrder, LoadResult } from './load-generator.ts';
import { cpuMsOf } from './process-tree.ts';
import { median } from './table.ts';

/** A server with the request that it is to be asked, and the process whose tree is charged. */
export type Target = Omit<LoadOrder, 'connections' | 'durationMs'> & { readonly pid: number };

export type Measured = {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of all processes of the server, for one request. */
  readonly cpuUs: number;
};

export type Comparison = {
  readonly subject: Measured;
  readonly reference: Measured;
  /** Medians of the ratios of the rounds: subject to reference. */
  readonly ratio: Measured;
};

export type LoadGenerator = {
  run(target: Target, connections: number, durationMs: number): Promise<Measured>;
  /** The same where calls may fail, as those of an attacker do. */
  attack(target: Target, connections: number, durationMs: number): Promise<LoadResult>;
  close(): void;
};

export function openLoadGenerator(): LoadGenerator {
  const child = fork(join(import.meta.dirname, 'load-generator.ts'), { serialization: 'advanced' });
  return {
    run: (target, connections, durationMs) => runOnce(child, target, connections, durationMs),
    attack: (target, connections, durationMs) => order(child, target, connections, durationMs),
    close: () => child.kill(),
  };
}

async function order(
  child: ChildProcess,
  { url, method, headers, body }: Target,
  connections: number,
  durationMs: number,
): Promise<LoadResult> {
  child.send({ url, method, headers, body, connections, durationMs } satisfies LoadOrder);
  const [result] = (await once(child, 'message')) as [LoadResult];
  return result;
}

async function runOnce(
  child: ChildProcess,
  target: Target,
  connections: number,
  durationMs: number,
): Promise<Measured> {
  const beforeMs = cpuMsOf(target.pid);
  const result = await order(child, target, connections, durationMs);
  if (result.failures > 0)
    throw new Error(`${result.failures} of ${result.requests} calls failed: ${target.url}`);
  return {
    requestsPerSecond: (result.requests * 1000) / result.elapsedMs,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    cpuUs: ((cpuMsOf(target.pid) - beforeMs) * 1000) / result.requests,
  };
}

export type Rounds = { readonly connections: number; readonly rounds: number; readonly roundMs: number };

/** A B A B …, after one round of each that does not count. */
export async function compare(
  generator: LoadGenerator,
  subject: Target,
  reference: Target,
  { connections, rounds, roundMs }: Rounds,
): Promise<Comparison> {
  const pairs: { subject: Measured; reference: Measured }[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    pairs.push({
      subject: await generator.run(subject, connections, roundMs),
      reference: await generator.run(reference, connections, roundMs),
    });
  }
  const counted = pairs.slice(1);
  return {
    subject: mediansOf(counted.map((pair) => pair.subject)),
    reference: mediansOf(counted.map((pair) => pair.reference)),
    ratio: mediansOf(counted.map((pair) => ratioOf(pair.subject, pair.reference))),
  };
}

function ratioOf(left: Measured, right: Measured): Measured {
  return {
    requestsPerSecond: left.requestsPerSecond / right.requestsPerSecond,
    p50Ms: left.p50Ms / right.p50Ms,
    p99Ms: left.p99Ms / right.p99Ms,
    cpuUs: left.cpuUs / right.cpuUs,
  };
}

function mediansOf(all: readonly Measured[]): Measured {
  return {
    requestsPerSecond: median(all.map((one) => one.requestsPerSecond)),
    p50Ms: median(all.map((one) => one.p50Ms)),
    p99Ms: median(all.map((one) => one.p99Ms)),
    cpuUs: median(all.map((one) => one.cpuUs)),
  };
}

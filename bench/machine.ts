import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** The machine in one line: figures mean nothing without it. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() || process.arch;
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  const load = loadavg()[0]?.toFixed(1);
  return `${model}, ${availableParallelism()} cores, ${memoryGib} GiB, ${process.platform}, Node ${process.versions.node}, load ${load} at the start`;
}

/** Processor time and memory of a process with its descendants, from `/proc` (Linux). */
import { readdirSync, readFileSync } from 'node:fs';

/** `USER_HZ`: the unit of the times in `/proc/<pid>/stat`, 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

export type ProcessFacts = {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly cpuMs: number;
  readonly residentBytes: number;
};

const isPostgres = ({ name }: ProcessFacts): boolean => name.startsWith('postgres');

/** @returns the process and everything below it, except PostgreSQL */
export function processTree(root: number): ProcessFacts[] {
  return treeOf(root, (each) => !isPostgres(each));
}

/** @returns processor time of the PostgreSQL that the process has started, of the connections that are open now */
export function postgresCpuMsOf(root: number): number {
  return cpuMsIn(treeOf(root, () => true).filter(isPostgres));
}

function treeOf(root: number, isIn: (each: ProcessFacts) => boolean): ProcessFacts[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .flatMap((name) => readProcess(Number(name)));
  const tree = all.filter(({ pid }) => pid === root);
  for (let at = 0; at < tree.length; at += 1)
    tree.push(...all.filter((each) => each.parent === tree[at]?.pid && isIn(each)));
  return tree;
}

/** Fields of proc(5), `/proc/pid/stat`; the name in parentheses may hold anything. */
function readProcess(pid: number): ProcessFacts[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const close = text.lastIndexOf(')');
    const fields = text
      .slice(close + 2)
      .split(' ')
      .map(Number);
    const [utime = 0, stime = 0] = [fields[11], fields[12]];
    return [
      {
        pid,
        parent: fields[1] ?? 0,
        name: text.slice(text.indexOf('(') + 1, close),
        cpuMs: ((utime + stime) * 1000) / TICKS_PER_SECOND,
        residentBytes: (fields[21] ?? 0) * PAGE_BYTES,
      },
    ];
  } catch {
    return [];
  }
}

export function cpuMsOf(root: number): number {
  return cpuMsIn(processTree(root));
}

function cpuMsIn(processes: readonly ProcessFacts[]): number {
  return processes.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

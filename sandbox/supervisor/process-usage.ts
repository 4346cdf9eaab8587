/**
 * What a process uses, read from outside of it: the one measure that its guests cannot falsify or delay.
 *
 * Linux only (proc(5)); elsewhere the runner's own heartbeats take its place, which is weaker and said so by `health()`.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

export type ProcessUsage = {
  /** Undefined where the system does not tell, or the process is gone. */
  residentBytes(): number | undefined;
  /** Processor time of all threads, user and system, in steps of 10 ms. */
  cpuMs(): number | undefined;
  close(): void;
};

/** The unit of resident pages in `statm`; all Linux platforms that Node is built for here have it. */
const PAGE_BYTES = 4_096;
/** USER_HZ is 100 on every Linux platform that Node supports. */
const TICK_MS = 10;
const READ_BYTES = 512;

/** Opens both files once: reading them anew costs some microseconds, opening them ten times that. */
export function openProcessUsage(pid: number): ProcessUsage {
  const statm = tryOpen(`/proc/${pid}/statm`);
  const stat = tryOpen(`/proc/${pid}/stat`);
  const bytes = Buffer.alloc(READ_BYTES);
  const read = (descriptor: number | undefined): string | undefined => {
    if (descriptor === undefined) return undefined;
    try {
      return bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, READ_BYTES, 0));
    } catch {
      return undefined;
    }
  };
  return {
    residentBytes() {
      const pages = Number(read(statm)?.split(' ')[1]);
      return Number.isFinite(pages) ? pages * PAGE_BYTES : undefined;
    },
    cpuMs() {
      // The name of the program, in parentheses, may itself contain anything; what follows it is fixed.
      const fields = read(stat)?.split(') ').pop()?.split(' ');
      const ticks = Number(fields?.[11]) + Number(fields?.[12]);
      return Number.isFinite(ticks) ? ticks * TICK_MS : undefined;
    },
    close() {
      for (const descriptor of [statm, stat]) if (descriptor !== undefined) closeSync(descriptor);
    },
  };
}

function tryOpen(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}

/**
 * The runner behind its launchers: `unshare` stays in front of the process that it starts.
 * @returns the last process of the chain of only children
 */
export function innermostProcess(pid: number): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    const only = children.length === 1 ? Number(children[0]) : 0;
    return only > 0 ? innermostProcess(only) : pid;
  } catch {
    return pid;
  }
}

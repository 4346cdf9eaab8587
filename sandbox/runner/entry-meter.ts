/**
 * The processor time of entries into isolates: what the thread got, not what the clock shows, because on a busy machine
 * a guest must not pay for the time that others had.
 *
 * The engine's own count is the clock's in its published builds, and the system's count steps by its timer tick and
 * takes a microsecond to read. So short entries are charged by the clock, and the count is read once per turn of the
 * event loop, for the entries that are long enough to tell the two apart.
 */

/** Above the tick of every common system. */
const EXACT_FROM_US = 5_000;

export type EntryMeter = {
  /** Called right before an entry. */
  begin(): void;
  /** Called right after it. @returns the microseconds to charge, never more than the entry took */
  end(): number;
};

export type Clocks = {
  readonly nowMs: () => number;
  /** Processor time of this thread. */
  readonly threadUs: () => number;
};

const SYSTEM_CLOCKS: Clocks = { nowMs: () => performance.now(), threadUs: readThreadUs };

export function createEntryMeter({ nowMs, threadUs }: Clocks = SYSTEM_CLOCKS): EntryMeter {
  let startedMs = 0;
  /** The thread's count at the first entry of this turn, or after the last long one. */
  let countedUs: number | undefined;
  const forget = (): void => {
    countedUs = undefined;
  };
  return {
    begin() {
      if (countedUs === undefined) {
        countedUs = threadUs();
        setImmediate(forget);
      }
      startedMs = nowMs();
    },
    end() {
      const tookUs = (nowMs() - startedMs) * 1_000;
      if (tookUs < EXACT_FROM_US) return tookUs;
      const beforeUs = countedUs ?? 0;
      countedUs = threadUs();
      return Math.min(tookUs, countedUs - beforeUs);
    },
  };
}

function readThreadUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

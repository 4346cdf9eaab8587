/**
 * What is known of the plugins that ran: their logs and their counts. Whoever tells something is never held up: it is
 * gathered in memory, within bounds, and written in batches. Whoever asks this server first makes it write what it has,
 * so that an administrator who has just called a plugin sees the call.
 */
import type { Database } from '../../database/index.ts';
import { TELEMETRY_LIMITS } from '../../spec/limits.ts';
import { addCounts, forgetCounts, readCounts } from './count-store.ts';
import type { LogFilter, LogLine, LogOwner, NewLogLine } from './log-line.ts';
import { createLogQueue, type Backlog } from './log-queue.ts';
import { followLines, forgetLines, newestLineId, readLines, trimLines, writeLines } from './log-store.ts';
import { metricsOf, type PluginMetrics } from './metrics-view.ts';
import { Tally, type RunFacts } from './tally.ts';

export type Telemetry = {
  log(owner: LogOwner, line: NewLogLine): void;
  countRun(owner: LogOwner, run: RunFacts): void;
  /** Processor time of a run that has been counted without it. */
  countSpentAfterEnd(owner: LogOwner, trigger: string, cpuMs: number): void;
  countDenied(owner: LogOwner, capability: string, permission: string): void;
  countEgress(owner: LogOwner, request: EgressFacts): void;
  /** The newest lines that fit and are older than the line `before`, oldest first. */
  readLog(
    owner: LogOwner,
    page: { readonly filter: LogFilter; readonly before: string | null; readonly limit: number },
  ): Promise<LogLine[]>;
  /** The next lines after the line `after` that fit, oldest first. */
  followLog(
    owner: LogOwner,
    page: { readonly filter: LogFilter; readonly after: string; readonly limit: number },
  ): Promise<LogLine[]>;
  newestLineId(owner: LogOwner): Promise<string>;
  /** @param days today (UTC) and the days before it, 1 to TELEMETRY_LIMITS.countsKeptDays */
  metrics(owner: LogOwner, days: number): Promise<PluginMetrics>;
  /** Removes what is too old. @returns how many rows */
  forget(): Promise<number>;
  /** Writes what it has, for the last time. */
  close(): Promise<void>;
};

export type EgressFacts = {
  readonly result: string;
  readonly elapsedMs: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
};

export type TelemetryOptions = {
  readonly database: Database;
  /** Bytes of the largest runner process that holds the installation now; null where none does. */
  readonly residentBytesOf: (installationId: string) => number | null;
  /** A batch that was not written; it is tried again. */
  readonly onFailure: (error: unknown) => void;
};

export function openTelemetry({ database, residentBytesOf, onFailure }: TelemetryOptions): Telemetry {
  const lines = openLineWriter(database, onFailure);
  const counts = openCountWriter(database, residentBytesOf, onFailure);
  return {
    log: (owner, line) => lines.append(owner, line),
    countRun: (owner, run) => counts.tallyOf(owner).run(run),
    countSpentAfterEnd: (owner, trigger, cpuMs) => counts.tallyOf(owner).add('trigger', trigger, 0, cpuMs),
    countDenied: (owner, capability, permission) =>
      counts.tallyOf(owner).add('denied', `${capability} ${permission}`, 1, 0),
    countEgress: (owner, { result, elapsedMs, bytesOut, bytesIn }) => {
      const tally = counts.tallyOf(owner);
      tally.add('egress', result, 1, elapsedMs);
      tally.add('egressBytes', 'out', 0, bytesOut);
      tally.add('egressBytes', 'in', 0, bytesIn);
    },
    readLog: async (owner, page) => {
      await lines.write();
      return readLines(database, owner, page);
    },
    followLog: (owner, page) => followLines(database, owner, page),
    newestLineId: async (owner) => {
      await lines.write();
      return newestLineId(database, owner);
    },
    metrics: async (owner, days) => {
      await counts.write();
      return metricsOf(await readCounts(database, owner, days, new Date()), days);
    },
    forget: async () => {
      const now = new Date();
      return (await forgetLines(database, now)) + (await forgetCounts(database, now));
    },
    close: async () => {
      await Promise.all([lines.close(), counts.close()]);
    },
  };
}

/** One batch after the other; whoever asks while one is under way waits for the next as well. */
function inTurns(
  work: () => Promise<void>,
  everyMs: number,
): { write(): Promise<void>; close(): Promise<void> } {
  let last = Promise.resolve();
  let waiting: Promise<void> | undefined;
  const write = (): Promise<void> => {
    waiting ??= last.then(() => {
      waiting = undefined;
      last = work();
      return last;
    });
    return waiting;
  };
  const timer = setInterval(() => void write(), everyMs).unref();
  return {
    write,
    close: async () => {
      clearInterval(timer);
      await write();
    },
  };
}

function openLineWriter(database: Database, onFailure: (error: unknown) => void) {
  const queue = createLogQueue();
  const trims = createTrimSchedule();
  const writeOrg = async (orgId: string, backlogs: readonly Backlog[]): Promise<void> => {
    try {
      await database.transaction({ kind: 'org', orgId }, async (tx) => {
        await writeLines(tx, orgId, backlogs);
        for (const { owner } of trims.due(backlogs)) await trimLines(tx, owner);
      });
    } catch (error) {
      onFailure(error);
      queue.restore(backlogs);
    }
  };
  const writing = inTurns(async () => {
    if (queue.isEmpty) return;
    for (const [orgId, backlogs] of queue.take()) await writeOrg(orgId, backlogs);
  }, TELEMETRY_LIMITS.linesWrittenMs);
  return { append: queue.append, ...writing };
}

/** Which logs have grown enough to be looked at. One that this server does not know yet may be full already. */
function createTrimSchedule(): { due(backlogs: readonly Backlog[]): Backlog[] } {
  const sinceTrim = new Map<string, number>();
  return {
    due: (backlogs) => {
      if (sinceTrim.size > INSTALLATIONS_KNOWN_MAX) sinceTrim.clear();
      return backlogs.filter(({ owner: { installationId }, lines }) => {
        const grown = (sinceTrim.get(installationId) ?? TELEMETRY_LIMITS.trimLines) + lines.length;
        const isDue = grown >= TELEMETRY_LIMITS.trimLines;
        sinceTrim.set(installationId, isDue ? 0 : grown);
        return isDue;
      });
    },
  };
}

const INSTALLATIONS_KNOWN_MAX = 10_000;

type Counting = { readonly owner: LogOwner; readonly tally: Tally };

function openCountWriter(
  database: Database,
  residentBytesOf: (installationId: string) => number | null,
  onFailure: (error: unknown) => void,
) {
  /** By installation, which is in one organization. */
  let tallies = new Map<string, Counting>();
  const tallyOf = (owner: LogOwner): Tally => {
    let counting = tallies.get(owner.installationId);
    if (!counting) tallies.set(owner.installationId, (counting = { owner, tally: new Tally() }));
    return counting.tally;
  };
  const writeOne = async ({ owner, tally }: Counting): Promise<void> => {
    const residentBytes = residentBytesOf(owner.installationId);
    if (residentBytes !== null) tally.peak('memory', 'runner', residentBytes);
    const counts = tally.counts();
    try {
      await database.transaction({ kind: 'org', orgId: owner.orgId }, (tx) =>
        addCounts(tx, owner, counts, new Date()),
      );
    } catch (error) {
      onFailure(error);
      putBack(tallyOf(owner), tally);
    }
  };
  const writing = inTurns(async () => {
    const taken = [...tallies.values()];
    tallies = new Map();
    for (const counting of taken) await writeOne(counting);
  }, TELEMETRY_LIMITS.countsWrittenMs);
  return { tallyOf, ...writing };
}

function putBack(into: Tally, unwritten: Tally): void {
  for (const { kind, name, count, amount } of unwritten.counts()) {
    if (kind === 'memory') into.peak(kind, name, amount);
    else into.add(kind, name, count, amount);
  }
}

/**
 * Looks at every runner from outside while it has work, and kills what exceeds a limit.
 *
 * The engine's own limits are hints (measured: native loops outlive `timeout`, ArrayBuffers outlive `memoryLimit`); what
 * holds is this and SIGKILL.
 */
import { ISOLATE_LIMITS, RUNNER_LIMITS } from '../../spec/limits.ts';
import { monotonicMs, type Mark } from '../protocol/mark.ts';
import type { Failure, Run } from './run.ts';
import type { KillReason } from './runner-end.ts';
import type { Runner } from './runner.ts';

const LATE: Failure = { outcome: 'exceededWallTime', reason: 'the deadline of the run has passed' };
/** A process that is starved by others gets this many times the time before it counts as stuck. */
const STARVED_FACTOR = 10;
/** It counts as starved until it has had this share of that time for itself: its own timer may be late as well. */
const BUSY_SHARE = 0.5;

/** A heap may be full of garbage and the runner a third larger than it; what grew by more than that was filled. */
const FILLED_BYTES = ISOLATE_LIMITS.heapMibMax * 2 ** 20 * 1.5;
/** What takes too long because it fills memory is told by its cause. */
const MEMORY_FILLED: Failure = {
  outcome: 'exceededMemory',
  reason: 'the plugin filled the memory until it was ended',
};

const STUCK: Failure = {
  outcome: 'exceededCpu',
  reason: 'one step of the plugin took too long and could not be interrupted',
};
const STARVED: Failure = {
  outcome: 'exceededWallTime',
  reason: 'the machine is too busy: one step of the plugin got hardly any processor time',
};

/** Ends what is overdue in one runner, and kills it where that is not enough. */
export function inspectRunner(runner: Runner): void {
  const now = performance.now();
  for (const { run } of runner.runs.values()) if (now > run.deadline) runner.abandon(run, LATE);
  const mark = runner.mark();
  noteGrowth(runner, mark);
  const reason = findStuckEntry(runner, mark) ?? findExcessMemory(runner, mark) ?? findSilence(runner, mark);
  if (reason) return runner.kill(reason);
  if (mark && isHog(runner, mark)) runner.noticeHog(mark.isolate);
}

/** An entry that has the processor for so long that its neighbours notice, though it is within its own limit. */
function isHog(runner: Runner, mark: Mark): boolean {
  // Loading happens once, and has a limit of its own.
  if (mark.run === 0) return false;
  if (monotonicMs() - mark.enteredAtMs <= RUNNER_LIMITS.neighbourWaitMsMax) return false;
  return (runner.usage.cpuMsSince(mark) ?? 0) >= RUNNER_LIMITS.neighbourWaitMsMax * BUSY_SHARE;
}

/** An entry that neither returns nor lets itself be interrupted. */
function findStuckEntry(runner: Runner, mark: Mark | undefined): KillReason | undefined {
  if (!mark) return undefined;
  const limitMs = entryMsMax(runner, mark);
  const stuckAfterMs = limitMs * RUNNER_LIMITS.entryWallFactor + RUNNER_LIMITS.entryGraceMs;
  const enteredForMs = monotonicMs() - mark.enteredAtMs;
  const usedMs = runner.usage.cpuMsSince(mark) ?? stuckAfterMs;
  if (enteredForMs <= stuckAfterMs * (usedMs >= stuckAfterMs * BUSY_SHARE ? 1 : STARVED_FACTOR))
    return undefined;
  const { run, isolate } = mark;
  if (usedMs < limitMs * RUNNER_LIMITS.blamedShareMin) return { ...STARVED, run, isolate: 0 };
  return { ...(grownBytes(runner, mark) > FILLED_BYTES ? MEMORY_FILLED : STUCK), run, isolate };
}

function grownBytes(runner: Runner, mark: Mark): number {
  const run = runner.runs.get(mark.run)?.run;
  return run ? addedBy(run, runner.residentBytes() ?? 0) : 0;
}

function noteGrowth(runner: Runner, mark: Mark | undefined): void {
  const residentBytes = runner.residentBytes();
  if (residentBytes === undefined) return;
  const { run, isolate } = suspectOf(runner, mark);
  const grown = runner.shares.note(residentBytes, isolate);
  if (run) run.ownBytes += grown;
}

/** What came since the run began, as far as it came while that run was at work: others may fill memory meanwhile. */
const addedBy = (run: Run, residentBytes: number): number =>
  Math.min(residentBytes - run.residentBytesAtStart, run.ownBytes);

function entryMsMax(runner: Runner, mark: Mark): number {
  return runner.runs.get(mark.run)?.run.limits.entryMsMax ?? ISOLATE_LIMITS.loadMsMax;
}

function findExcessMemory(runner: Runner, mark: Mark | undefined): KillReason | undefined {
  const residentBytes = runner.residentBytes();
  if (residentBytes === undefined) return undefined;
  const suspect = suspectOf(runner, mark);
  const addedBytes = suspect.run ? addedBy(suspect.run, residentBytes) : 0;
  const isOver = residentBytes > RUNNER_LIMITS.residentBytesMax;
  if (!isOver && addedBytes <= RUNNER_LIMITS.residentGrowthBytesMax) return undefined;
  const mebibytes = Math.round((isOver ? residentBytes : addedBytes) / 2 ** 20);
  const reason = `the memory of the runner ${isOver ? 'reached' : 'grew by'} ${mebibytes} MiB`;
  const isolate = isOver ? holderOf(runner, suspect.isolate) : suspect.isolate;
  const run = isolate === suspect.isolate ? (suspect.run?.id ?? 0) : 0;
  return { outcome: 'exceededMemory', reason, run, isolate };
}

/**
 * Whose memory it is that a full runner holds: who takes the last of it may have taken little. Nobody's where nobody is
 * known to hold much.
 */
function holderOf(runner: Runner, present: number): number {
  if (runner.isolates.size === 1) return present;
  const { isolate, bytes } = runner.shares.largest();
  return bytes > FILLED_BYTES ? isolate : 0;
}

/** Whose memory it must be: of the isolate that is entered, or of the only one that has work. */
function suspectOf(runner: Runner, mark: Mark | undefined): { run: Run | undefined; isolate: number } {
  if (mark) return { run: runner.runs.get(mark.run)?.run, isolate: mark.isolate };
  const [only, other] = runner.runs.values();
  if (only && !other) return { run: only.run, isolate: only.isolate.id };
  return { run: undefined, isolate: runner.isolates.size === 1 ? ([...runner.isolates.keys()][0] ?? 0) : 0 };
}

/** Nothing heard, though it was asked again and again: blame whatever it is in. */
function findSilence(runner: Runner, mark: Mark | undefined): KillReason | undefined {
  if (runner.heartbeat.misses < RUNNER_LIMITS.heartbeatMissesMax) return undefined;
  const reason = 'the runner did not answer its heartbeats';
  return { outcome: 'runnerDied', reason, run: mark?.run ?? 0, isolate: mark?.isolate ?? 0 };
}

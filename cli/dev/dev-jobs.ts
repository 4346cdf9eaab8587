/** Runs the jobs of one `souk dev` when they are due, a few at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MemoryJob, MemoryJobs } from '../../sdk/memory/jobs.ts';
import type { HandlerRuns } from '../../spec/handler-runs.ts';
import { endOfError, endOfRun, type AttemptEnd } from '../../spec/host/job-ending.ts';
import { JOB_LIMITS } from '../../spec/limits.ts';
import { DEV_ORG } from './dev-plugin.ts';

/** A full sandbox takes it a moment later. */
const PAUSE_MS = 500;
/** A timer of Node counts in 31 bits. */
const TIMER_MS_MAX = 2_147_483_647;

export type DevJobs = {
  /** Looks for what is due; to be called whenever a job waits. */
  look(): void;
  close(): Promise<void>;
};

export function openDevJobs(jobs: MemoryJobs, handlers: HandlerRuns): DevJobs {
  const stopping = new AbortController();
  const atWork = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  const begin = (job: MemoryJob): void => {
    const work = workOn(jobs, handlers, job, stopping.signal).finally(() => {
      atWork.delete(work);
      look();
    });
    atWork.add(work);
  };
  const look = (): void => {
    clearTimeout(timer);
    if (stopping.signal.aborted) return;
    while (atWork.size < JOB_LIMITS.runsPerOrganizationMax) {
      const job = jobs.nextDue();
      if (!job) break;
      begin(job);
    }
    const due = jobs.all().flatMap(({ state, dueAtMs }) => (state === 'queued' ? [dueAtMs] : []));
    const waitMs = Math.min(...due) - Date.now();
    if (waitMs > 0 && Number.isFinite(waitMs)) timer = setTimeout(look, Math.min(waitMs, TIMER_MS_MAX));
  };
  return {
    look,
    close: async () => {
      stopping.abort();
      clearTimeout(timer);
      await Promise.allSettled(atWork);
    },
  };
}

async function workOn(
  jobs: MemoryJobs,
  handlers: HandlerRuns,
  job: MemoryJob,
  signal: AbortSignal,
): Promise<void> {
  const ended = await jobs.work(job, (begun) => attempt(handlers, begun, signal));
  if (ended.state === 'queued') await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
}

async function attempt(
  handlers: HandlerRuns,
  { id, plugin, command, args, caller, files }: MemoryJob,
  signal: AbortSignal,
): Promise<AttemptEnd> {
  const trigger = { kind: 'command', command, args, job: { id } } as const;
  const run = { orgId: DEV_ORG.id, plugin, trigger, caller, requestId: id, files, signal };
  const why = (): 'none' | 'stopping' => (signal.aborted ? 'stopping' : 'none');
  try {
    return endOfRun(await handlers.run(run), why());
  } catch (error) {
    return endOfError(error, why());
  }
}

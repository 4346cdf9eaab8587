/** Jobs in memory: wanted with the checks of a server, and run when a test says so. */
import { randomUUID } from 'node:crypto';
import {
  checkDelay,
  handlerUnknown,
  requireFittingWork,
  requireJobRoom,
} from '../../spec/host/job-checks.ts';
import type { GuestJob, JobPort, JobProgress } from '../../spec/host/jobs.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import type { Manifest } from '../../spec/manifest.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { Caller } from '../../spec/run.ts';

/** A job as its plugin sees it, with what it was wanted with. */
export type TestJob = GuestJob & {
  readonly command: string;
  readonly args: JsonObject;
  readonly caller: Caller;
  /** Milliseconds since 1970 before which it does not run. */
  readonly dueAtMs: number;
};

export type MemoryJobs = JobPort & {
  all(): readonly TestJob[];
  /**
   * Runs every job that is due, the oldest first, until none is.
   * @param run answers what the command answered, or throws what it threw
   */
  work(run: (job: TestJob) => Promise<JsonValue>): Promise<void>;
};

/** @param nowMs milliseconds since 1970 */
export function createMemoryJobs({ id: plugin, contributes }: Manifest, nowMs: () => number): MemoryJobs {
  const jobs = new Map<string, TestJob>();
  const change = (id: string, members: Partial<TestJob>): void => {
    const job = jobs.get(id);
    if (job) jobs.set(id, { ...job, ...members });
  };
  const nextDue = (): TestJob | undefined =>
    [...jobs.values()].find(({ state, dueAtMs }) => state === 'queued' && dueAtMs <= nowMs());
  return {
    all: () => [...jobs.values()],
    enqueue: async ({ command, args, caller, delayMs }) => {
      const dueAtMs = nowMs() + checkDelay(delayMs);
      const declared = contributes?.commands?.find(({ name }) => name === command);
      if (!declared) throw handlerUnknown(plugin, 'command', command);
      requireFittingWork({ command, args }, declared.arguments);
      requireJobRoom([...jobs.values()].filter(isOpen).length);
      const id = randomUUID();
      jobs.set(id, { ...NEW, id, plugin, name: command, command, args, caller, dueAtMs });
      return id;
    },
    read: async (_orgId, id) => {
      const job = jobs.get(id);
      if (job) return job;
      throw new Refusal('job_not_found', { detail: 'The organization has no job with this id.' });
    },
    progress: async (requestId, progress: JobProgress) => {
      if (jobs.get(requestId)?.state !== 'running')
        throw new Refusal('job_not_running', { detail: 'This run is not the run of a job.' });
      change(requestId, { progress });
    },
    work: async (run) => {
      for (let job = nextDue(); job; job = nextDue()) {
        change(job.id, { state: 'running', attempt: job.attempt + 1 });
        change(job.id, await endOf(() => run(job as TestJob)));
      }
    },
  };
}

const NEW = { state: 'queued', attempt: 0, progress: null, result: null, failure: null } as const;

function isOpen({ state }: TestJob): boolean {
  return state === 'queued' || state === 'running';
}

async function endOf(work: () => Promise<JsonValue>): Promise<Partial<TestJob>> {
  try {
    return { state: 'succeeded', result: await work() };
  } catch (error) {
    const message = String(error);
    const { code } = Object(error) as { code?: unknown };
    const failure = {
      code: typeof code === 'string' ? code : 'exception',
      message,
      outcome: 'exception',
    } as const;
    return { state: 'failed', failure };
  }
}

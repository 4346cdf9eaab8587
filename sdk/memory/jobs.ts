/** Jobs in memory: wanted with the checks of a server, and run when whoever holds them says so. */
import { randomUUID } from 'node:crypto';
import type { Causes } from '../../spec/host/causes.ts';
import {
  checkDelay,
  handlerUnknown,
  requireFittingWork,
  requireJobRoom,
} from '../../spec/host/job-checks.ts';
import { verdictOf, type AttemptEnd, type Verdict } from '../../spec/host/job-ending.ts';
import type { GuestJob, JobPort, JobRequest } from '../../spec/host/jobs.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Command } from '../../spec/manifest.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { Caller, RunFile } from '../../spec/run.ts';
import type { MemoryPlugin } from './plugin.ts';

/** A job as its plugin sees it, with what it was wanted with. */
export type MemoryJob = GuestJob & {
  readonly plugin: PluginId;
  readonly command: string;
  readonly args: JsonObject;
  readonly files: readonly RunFile[];
  readonly caller: Caller;
  /** Milliseconds since 1970 before which it does not run. */
  readonly dueAtMs: number;
  /** Events that led to it. */
  readonly depth: number;
};

export type MemoryJobs = JobPort & {
  all(): readonly MemoryJob[];
  /** As `enqueue`, with files for the run. */
  want(wish: JobRequest, files: readonly RunFile[]): MemoryJob;
  /** The oldest of those that are due. */
  nextDue(): MemoryJob | undefined;
  /** Runs a job that waits, once; whether it waits again, its command's `retry` says. */
  work(job: MemoryJob, run: (job: MemoryJob) => Promise<AttemptEnd>): Promise<MemoryJob>;
};

export type JobPorts = {
  readonly plugins: () => readonly MemoryPlugin[];
  readonly causes: Causes;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Called after each change of a job. */
  readonly changed: (job: MemoryJob) => void;
};

const NEW = { state: 'queued', attempt: 0, progress: null, result: null, failure: null } as const;

export function createMemoryJobs(ports: JobPorts): MemoryJobs {
  const { causes, nowMs, changed } = ports;
  const jobs = new Map<string, MemoryJob>();
  const keep = (job: MemoryJob): MemoryJob => {
    jobs.set(job.id, job);
    changed(job);
    return job;
  };
  const want = (wish: JobRequest, files: readonly RunFile[]): MemoryJob => {
    const { plugin, command, args, caller, requestId } = wish;
    const dueAtMs = nowMs() + checkDelay(wish.delayMs);
    const declared = findCommand(ports, plugin, command);
    if (!declared) throw handlerUnknown(plugin, 'command', command);
    requireFittingWork({ command, args }, declared.arguments);
    requireJobRoom([...jobs.values()].filter(isOpen).length);
    const depth = causes.depthOf(requestId);
    const id = randomUUID();
    return keep({ ...NEW, id, plugin, name: command, command, args, files, caller, dueAtMs, depth });
  };
  return {
    want,
    all: () => [...jobs.values()],
    nextDue: () => [...jobs.values()].find(({ state, dueAtMs }) => state === 'queued' && dueAtMs <= nowMs()),
    enqueue: async (wish) => want(wish, []).id,
    read: async (_orgId, id) => {
      const job = jobs.get(id);
      if (job) return job;
      throw new Refusal('job_not_found', { detail: 'The organization has no job with this id.' });
    },
    progress: async (requestId, progress) => {
      const job = jobs.get(requestId);
      if (job?.state !== 'running')
        throw new Refusal('job_not_running', { detail: 'This run is not the run of a job.' });
      keep({ ...job, progress });
    },
    work: async ({ id }, run) => {
      const begun = begin(jobs.get(id));
      const endCause = causes.begin(id, begun.depth);
      const end = await run(keep(begun)).finally(endCause);
      const retry = findCommand(ports, begun.plugin, begun.command)?.retry ?? 'never';
      const verdict = verdictOf(end, { retry, attempt: begun.attempt });
      return keep({ ...(jobs.get(id) ?? begun), ...written(verdict) });
    },
  };
}

function findCommand({ plugins }: JobPorts, plugin: PluginId, name: string): Command | undefined {
  const found = plugins().find(({ manifest }) => manifest.id === plugin);
  return found?.manifest.contributes?.commands?.find((command) => command.name === name);
}

function begin(job: MemoryJob | undefined): MemoryJob {
  if (job?.state === 'queued') return { ...job, state: 'running', attempt: job.attempt + 1 };
  throw new Refusal('job_not_found', { detail: 'No job of this id waits.' });
}

function isOpen({ state }: MemoryJob): boolean {
  return state === 'queued' || state === 'running';
}

function written(verdict: Verdict): Partial<MemoryJob> {
  switch (verdict.kind) {
    case 'queued':
    case 'canceled':
      return { state: verdict.kind };
    case 'succeeded':
      return { state: 'succeeded', result: verdict.result };
    case 'failed':
      return { state: 'failed', failure: verdict.failure };
  }
}

/** Works on jobs: exactly one server at a time is at one, and what came of it is written once. */
import type { Database } from '../../database/index.ts';
import type { HandlerTrigger, ScheduleTick } from '../../spec/handler.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { Fault } from '../../spec/refusal.ts';
import type { Caller, RunFile } from '../../spec/run.ts';
import type { Causes } from '../../spec/host/causes.ts';
import type { HandlerRuns } from '../../spec/handler-runs.ts';
import type { Queue, QueueLog, Task } from '../queue/index.ts';
import {
  CALLER_LOST_ROLE,
  endOfError,
  endOfRun,
  SERVER_LOST,
  verdictOf,
  type AttemptEnd,
  type Verdict,
} from '../../spec/host/job-ending.ts';
import { JobEntity, type Job } from './entities.ts';
import { holdsRole } from './held-role.ts';
import type { JobLog } from './job-log.ts';
import { releaseFiles, type ReleasingPorts } from './releasing.ts';
import type { JobProgress } from '../../spec/host/jobs.ts';

/** A job of the server's own, as its worker sees it. */
export type ServerJob = {
  readonly id: string;
  readonly orgId: string;
  readonly args: JsonObject;
  readonly caller: Caller;
  /** 1 for the first; more where an earlier one was interrupted. */
  readonly attempt: number;
  /** Aborted when somebody cancels the job, or the server stops. */
  readonly signal: AbortSignal;
  progress(progress: JobProgress): Promise<void>;
  log(level: 'debug' | 'info' | 'warn' | 'error', text: string): void;
};

/** @returns the result; a `Refusal` that it throws is shown as the reason of the failure */
export type ServerWorker = (job: ServerJob) => Promise<JsonValue>;

export type RunningPorts = {
  readonly database: Database;
  readonly queue: Queue;
  readonly handlers: HandlerRuns;
  readonly causes: Causes;
  readonly files: ReleasingPorts['files'];
  readonly log: QueueLog;
};

/** A job that this server is at. */
export type JobAtWork = {
  readonly id: string;
  readonly orgId: string;
  readonly attempt: number;
  readonly abort: AbortController;
  why: 'none' | 'canceled' | 'stopping';
};

type Begun = { readonly kind: 'begun'; readonly job: Job; readonly atWork: JobAtWork };
/** There was nothing left to do but to say how it ended. */
type Ended = { readonly kind: 'ended'; readonly job: Job };

/** The database may be away when a run ends: what came of it is worth waiting for. */
const RECORD_RETRY_MS = 500;

export class RunningJobs {
  readonly #ports: RunningPorts;
  readonly #jobLog: JobLog;
  readonly #workers: ReadonlyMap<string, ServerWorker>;
  readonly #atWork = new Map<string, JobAtWork>();
  readonly #onEnded: (bytes: number) => void;
  #isStopping = false;

  /** @param onEnded told how large a job was that ended, without its log */
  constructor(
    ports: RunningPorts,
    jobLog: JobLog,
    workers: ReadonlyMap<string, ServerWorker>,
    onEnded: (bytes: number) => void,
  ) {
    this.#onEnded = onEnded;
    this.#ports = ports;
    this.#jobLog = jobLog;
    this.#workers = workers;
  }

  /** By the id of the job, which is the request id of its run. */
  find(requestId: string): JobAtWork | undefined {
    return this.#atWork.get(requestId);
  }

  cancel(jobId: string): void {
    this.#end(this.#atWork.get(jobId), 'canceled');
  }

  /** Ends what was canceled without this server having heard of it: while its line was down, or its task was lost. */
  async lookForCanceled(): Promise<void> {
    const ids = [...this.#atWork.values()].flatMap(({ id, why }) => (why === 'none' ? [id] : []));
    if (ids.length === 0) return;
    const canceled = await this.#ports.database.transaction({ kind: 'instance' }, ({ em }) =>
      em.execute<{ id: string }[]>(
        'select id from job where id = any(?::uuid[]) and cancel_requested_at is not null',
        [`{${ids.join(',')}}`],
      ),
    );
    for (const { id } of canceled) this.cancel(id);
  }

  /** Ends what is at work; for a server that stops and has waited. */
  stop(): void {
    this.#isStopping = true;
    for (const atWork of this.#atWork.values()) this.#end(atWork, 'stopping');
  }

  #end(atWork: JobAtWork | undefined, why: 'canceled' | 'stopping'): void {
    if (!atWork || atWork.why !== 'none') return;
    atWork.why = why;
    atWork.abort.abort();
  }

  /** One task of the queue, from taking it to having recorded what came of it. */
  async work(task: Task): Promise<void> {
    const begun = await this.#begin(task);
    if (!begun) return;
    if (begun.kind === 'ended') return releaseFiles(this.#ports, begun.job);
    const { job, atWork } = begun;
    const endCause = this.#ports.causes.begin(job.id, job.depth);
    try {
      const end = await this.#attempt(job, atWork);
      await this.#jobLog.flush();
      const verdict = verdictOf(end, job);
      await this.#record(task, atWork, verdict);
      if (verdict.kind === 'queued') return;
      this.#onEnded(job.args.length + (written(verdict).result?.length ?? 0));
      await releaseFiles(this.#ports, job);
    } finally {
      endCause();
      this.#atWork.delete(job.id);
      this.#jobLog.forget(job.id);
    }
  }

  /** @returns nothing where there is nothing to do any more; the task is finished then */
  async #begin(task: Task): Promise<Begun | Ended | undefined> {
    const { job: jobId, org: orgId } = task.data as { job: string; org: string };
    let atWork: JobAtWork | undefined;
    const begun = this.#ports.database.transaction({ kind: 'org', orgId }, async (tx) => {
      const [row] = await tx.em.execute<{ id: string }[]>('select id from job where id = ? for update', [
        jobId,
      ]);
      const job = row && (await tx.em.findOne(JobEntity, { id: jobId }));
      const verdict = job ? beginning(job) : 'over';
      if (!job || verdict === 'over') {
        await this.#ports.queue.finish(tx, 'jobs', [task]);
        return undefined;
      }
      if (verdict !== 'begin') {
        Object.assign(job, written(verdict));
        await this.#ports.queue.finish(tx, 'jobs', [task]);
        return { kind: 'ended', job } as const;
      }
      Object.assign(job, {
        state: 'running',
        attempt: job.attempt + 1,
        startedAt: job.startedAt ?? new Date(),
      });
      // Under the lock of the row: who cancels it waits for that, and then tells whoever is at it.
      atWork = atWorkOf(job);
      this.#atWork.set(job.id, atWork);
      return { kind: 'begun', job, atWork } as const;
    });
    return begun.catch((error: unknown) => {
      if (this.#atWork.get(jobId) === atWork) this.#atWork.delete(jobId);
      throw error;
    });
  }

  async #attempt(job: Job, atWork: JobAtWork): Promise<AttemptEnd> {
    try {
      if (!(await holdsRole(this.#ports.database, job.orgId, callerOf(job)))) return CALLER_LOST_ROLE;
      const worker = this.#workers.get(job.kind);
      if (job.pluginId) return await this.#runHandler(job, atWork);
      // Registered before the first task is taken: a release that knows it is at work elsewhere.
      if (!worker) return { kind: 'notStarted' };
      return { kind: 'succeeded', result: (await worker(this.#serverJob(job, atWork))) ?? null };
    } catch (error) {
      if (error instanceof Fault || !(error instanceof Error && error.name === 'Refusal')) {
        this.#ports.log.warn({ err: error, job: job.id, kind: job.kind }, 'job failed');
      }
      return endOfError(error, atWork.why);
    }
  }

  async #runHandler(job: Job, atWork: JobAtWork): Promise<AttemptEnd> {
    if (!job.pluginId) throw new Fault('a job of a plugin has no plugin');
    const end = await this.#ports.handlers.run({
      orgId: job.orgId,
      plugin: job.pluginId,
      trigger: triggerOf(job),
      caller: callerOf(job),
      requestId: job.id,
      files: JSON.parse(job.files) as RunFile[],
      signal: atWork.abort.signal,
    });
    return endOfRun(end, atWork.why);
  }

  #serverJob(job: Job, atWork: JobAtWork): ServerJob {
    return {
      id: job.id,
      orgId: job.orgId,
      args: JSON.parse(job.args) as JsonObject,
      caller: callerOf(job),
      attempt: job.attempt,
      signal: atWork.abort.signal,
      progress: (progress) => this.progress(atWork, progress),
      log: (level, text) => this.#jobLog.append(atWork, { level, text }),
    };
  }

  async progress({ id, orgId, attempt }: JobAtWork, progress: JobProgress): Promise<void> {
    await this.#ports.database.transaction({ kind: 'org', orgId }, ({ em }) =>
      em.execute(`update job set progress = ? where id = ? and state = 'running' and attempt = ?`, [
        JSON.stringify(progress),
        id,
        attempt,
      ]),
    );
  }

  /** Who was given up for lost finds another attempt, or another end, and changes nothing. */
  async #record(task: Task, atWork: JobAtWork, verdict: Verdict): Promise<void> {
    const { database, queue } = this.#ports;
    const isRecorded = await this.#insist(() =>
      database.transaction({ kind: 'org', orgId: atWork.orgId }, async (tx) => {
        const where = { id: atWork.id, state: 'running', attempt: atWork.attempt } as const;
        await tx.em.nativeUpdate(JobEntity, where, written(verdict));
        if (verdict.kind !== 'queued') await queue.finish(tx, 'jobs', [task]);
      }),
    );
    if (isRecorded && verdict.kind === 'queued') await queue.giveBack('jobs', task);
  }

  /** Told once: the database may be away for long, and each job asks for it twice a second. */
  async #insist(work: () => Promise<void>): Promise<boolean> {
    for (let tries = 1; ; tries += 1) {
      try {
        await work();
        return true;
      } catch (error) {
        if (tries === 1) this.#ports.log.warn({ err: error }, 'the end of a job could not be recorded yet');
        if (this.#isStopping) return false;
        await new Promise((resolve) => setTimeout(resolve, RECORD_RETRY_MS));
      }
    }
  }
}

function callerOf({ caller }: Job): Caller {
  return JSON.parse(caller) as Caller;
}

function atWorkOf(job: Job): JobAtWork {
  const { id, orgId, attempt } = job;
  return { id, orgId, attempt, abort: new AbortController(), why: 'none' };
}

/** What to do with a job whose task has just been taken. */
function beginning(job: Job): 'begin' | 'over' | Exclude<Verdict, { kind: 'queued' }> {
  switch (job.state) {
    case 'succeeded':
    case 'failed':
    case 'canceled':
      return 'over';
    case 'queued':
      return 'begin';
    case 'running': {
      if (job.cancelRequestedAt) return { kind: 'canceled' };
      const verdict = verdictOf(SERVER_LOST, job);
      return verdict.kind === 'queued' ? 'begin' : verdict;
    }
  }
}

function written(verdict: Verdict): Partial<Job> {
  switch (verdict.kind) {
    case 'queued':
      return { state: 'queued' };
    case 'succeeded':
      return { state: 'succeeded', result: JSON.stringify(verdict.result), endedAt: new Date() };
    case 'failed':
      return { state: 'failed', failure: JSON.stringify(verdict.failure), endedAt: new Date() };
    case 'canceled':
      return { state: 'canceled', endedAt: new Date() };
  }
}

function triggerOf(job: Job): HandlerTrigger {
  const args = JSON.parse(job.args) as JsonObject;
  const handler = job.handler ?? '';
  return job.kind === 'schedule'
    ? { kind: 'schedule', schedule: handler, tick: args as ScheduleTick }
    : { kind: 'command', command: handler, args, job: { id: job.id } };
}

/** Work in the background: of plugins, and of the server's own. */
import { appendAudit, isUuid, type Transaction } from '../../database/index.ts';
import type { Acting } from '../../registry/installations/index.ts';
import { JOB_LIMITS } from '../../spec/limits.ts';
import type { JobProgress, JobState } from '../../spec/host/jobs.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { checkWork, enqueue, type JobWork, type NewJob } from './enqueue.ts';
import { JobEntity, type Job } from './entities.ts';
import { createJobLog, readJobLog, type JobLogLine } from './job-log.ts';
import { toJobView, type JobView } from './job-view.ts';
import { forgetJobs } from './forgetting.ts';
import { releaseFiles } from './releasing.ts';
import { RunningJobs, type RunningPorts, type ServerWorker } from './running.ts';

/** Whose jobs are meant: all of the organization, or those behind which a user stands. */
export type JobAudience = 'all' | { readonly userId: string };

export type JobQuery = {
  readonly limit: number;
  /** The id of the last job of the page before. */
  readonly before?: string;
  readonly state?: JobState;
  readonly plugin?: PluginId;
  readonly scheduleId?: string;
};

export type Jobs = {
  /**
   * Wants a job in the caller's transaction.
   *
   * @example const id = await jobs.enqueue(tx, orgId, {
   *   work: { kind: 'command', plugin: 'kelompok/csv-import', command: 'import-members', args: {}, files },
   *   caller: { kind: 'user', id: principal.id, role },
   * })
   * @returns its id
   * @throws Refusal `plugin_not_installed`, `handler_unknown`, `job_arguments_invalid`, `jobs_too_many`,
   * `job_delay_invalid`
   */
  enqueue(tx: Transaction, orgId: string, job: NewJob): Promise<string>;
  /**
   * Whether a command could be wanted. @returns the id of the installation
   * @throws Refusal `plugin_not_installed`, `handler_unknown`, `job_arguments_invalid`
   */
  check(tx: Transaction, orgId: string, work: JobWork & { readonly kind: 'command' }): Promise<string>;
  /** Says who does a kind of the server's own jobs; before `start`. `kind` is a lower-case word. */
  register(kind: string, worker: ServerWorker): void;
  /** Begins to take jobs; to be called once everybody has registered. */
  start(): void;
  /** @throws Refusal `job_not_found` */
  read(orgId: string, jobId: string, audience: JobAudience): Promise<JobView>;
  /** Newest first, one more than the limit where there are more. */
  list(orgId: string, audience: JobAudience, query: JobQuery): Promise<JobView[]>;
  /** At most JOB_LIMITS.logPageMax lines after the line of this number. @throws Refusal `job_not_found` */
  readLog(orgId: string, jobId: string, audience: JobAudience, after: number): Promise<JobLogLine[]>;
  /** A job that waits is over at once; one at work is told to stop. @throws Refusal `job_not_found`, `job_ended` */
  cancel(acting: Acting, jobId: string, audience: JobAudience): Promise<JobView>;
  /** The progress of the job that runs under this request id. @throws Refusal `job_not_running` */
  progress(requestId: string, progress: JobProgress): Promise<void>;
  /** Takes a line that was logged under a request id; one that is no job's is ignored. */
  logged(requestId: string | null, line: Pick<JobLogLine, 'level' | 'text'>): void;
  /** Removes jobs that ended long ago, or before too many others. @returns how many it dealt with; call again while some */
  forget(): Promise<number>;
  /** Takes no more jobs, waits for `graceMs` for those at work, then ends them. */
  close(graceMs: number): Promise<void>;
};

const CANCEL_CHANNEL = 'souk_job_canceled';

export async function openJobs(ports: RunningPorts): Promise<Jobs> {
  const { database, queue } = ports;
  const workers = new Map<string, ServerWorker>();
  const jobLog = createJobLog(database, ports.log);
  const running = new RunningJobs(ports, jobLog, workers, sweepEarly(ports));
  const lookForCanceled = (): void => {
    running
      .lookForCanceled()
      .catch((error: unknown) => ports.log.warn({ err: error }, 'canceled jobs could not be looked for'));
  };
  const stopListening = await database.notifications.listen(CANCEL_CHANNEL, {
    notified: (jobId) => running.cancel(jobId),
    connected: lookForCanceled,
  });
  const looking = setInterval(lookForCanceled, JOB_LIMITS.cancelLookMs).unref();
  let worker: { close(): Promise<void> } | undefined;
  return {
    enqueue: (tx, orgId, job) => enqueue(queue, tx, orgId, job),
    check: (tx, orgId, work) => checkWork(tx, orgId, work),
    register: (kind, work) => void workers.set(kind, work),
    start: () => {
      const options = {
        tasksMax: JOB_LIMITS.runsPerServerMax,
        groupTasksMax: JOB_LIMITS.runsPerOrganizationMax,
      };
      worker = queue.work('jobs', options, (tasks) => tasks.map((task) => running.work(task)));
    },
    read: async (orgId, jobId, audience) => toJobView(await findJob(ports, orgId, jobId, audience)),
    list: (orgId, audience, query) => listJobs(ports, orgId, audience, query),
    readLog: async (orgId, jobId, audience, after) => {
      await findJob(ports, orgId, jobId, audience);
      await jobLog.flush();
      return readJobLog(database, orgId, jobId, after);
    },
    cancel: (acting, jobId, audience) => cancelJob(ports, acting, jobId, audience),
    progress: async (requestId, progress) => {
      const atWork = running.find(requestId);
      if (!atWork) throw new Refusal('job_not_running', { detail: 'This run is not the run of a job.' });
      await running.progress(atWork, progress);
    },
    logged: (requestId, line) => {
      const atWork = requestId === null ? undefined : running.find(requestId);
      if (atWork) jobLog.append(atWork, line);
    },
    forget: () => forgetJobs(database),
    close: async (graceMs) => {
      const grace = setTimeout(() => running.stop(), graceMs).unref();
      await worker?.close();
      clearTimeout(grace);
      clearInterval(looking);
      stopListening();
      await jobLog.flush();
    },
  };
}

/** @returns what is told how many bytes of a job are kept; when they are many it does not wait for the sweep */
function sweepEarly({ database, log }: RunningPorts): (bytes: number) => void {
  let unsweptBytes = 0;
  return (bytes) => {
    unsweptBytes += bytes;
    if (unsweptBytes < JOB_LIMITS.keptBytesUnswept) return;
    unsweptBytes = 0;
    const sweep = async (): Promise<void> => {
      while ((await forgetJobs(database)) > 0);
    };
    sweep().catch((error: unknown) => log.warn({ err: error }, 'jobs could not be swept'));
  };
}

async function findJob(
  { database }: RunningPorts,
  orgId: string,
  jobId: string,
  audience: JobAudience,
): Promise<Job> {
  const job = isUuid(jobId)
    ? await database.transaction({ kind: 'org', orgId }, ({ em }) =>
        em.findOne(JobEntity, { id: jobId, orgId }),
      )
    : null;
  if (job && isFor(job, audience)) return job;
  throw new Refusal('job_not_found', { detail: 'The organization has no job with this id.' });
}

/** The text that JSON.stringify makes of a caller who is this user, up to the role that he had. */
function callerPrefix(userId: string): string {
  return JSON.stringify({ kind: 'user', id: userId }).slice(0, -1);
}

function isFor({ caller }: Job, audience: JobAudience): boolean {
  return audience === 'all' || caller.startsWith(callerPrefix(audience.userId));
}

function listJobs(
  { database }: RunningPorts,
  orgId: string,
  audience: JobAudience,
  { limit, before, state, plugin, scheduleId }: JobQuery,
): Promise<JobView[]> {
  const where = {
    orgId,
    ...(before === undefined ? {} : { id: { $lt: before } }),
    ...(state === undefined ? {} : { state }),
    ...(plugin === undefined ? {} : { pluginId: plugin }),
    ...(scheduleId === undefined ? {} : { scheduleId }),
    ...(audience === 'all' ? {} : { caller: { $like: `${callerPrefix(audience.userId)}%` } }),
  };
  return database.transaction({ kind: 'org', orgId }, async ({ em }) => {
    const jobs = await em.find(JobEntity, where, { orderBy: { id: 'desc' }, limit: limit + 1 });
    return jobs.map(toJobView);
  });
}

async function cancelJob(
  ports: RunningPorts,
  acting: Acting,
  jobId: string,
  audience: JobAudience,
): Promise<JobView> {
  const job = await markCanceled(ports, acting, jobId, audience);
  if (job.endedAt) await releaseFiles(ports, job);
  return toJobView(job);
}

async function markCanceled(
  { database }: RunningPorts,
  { orgId, actor }: Acting,
  jobId: string,
  audience: JobAudience,
): Promise<Job> {
  return database.transaction({ kind: 'org', orgId }, async (tx) => {
    if (isUuid(jobId)) await tx.em.execute('select 1 from job where id = ? for update', [jobId]);
    const job = isUuid(jobId) ? await tx.em.findOne(JobEntity, { id: jobId, orgId }) : null;
    if (!job || !isFor(job, audience)) {
      throw new Refusal('job_not_found', { detail: 'The organization has no job with this id.' });
    }
    if (job.endedAt) {
      throw new Refusal('job_ended', {
        detail: `The job ended at ${job.endedAt.toISOString()}: ${job.state}.`,
      });
    }
    const now = new Date();
    job.cancelRequestedAt ??= now;
    if (job.state === 'queued') Object.assign(job, { state: 'canceled', endedAt: now });
    await appendAudit(tx, {
      scope: tx.scope,
      actor,
      action: 'job.canceled',
      subject: `job:${job.id}`,
      detail: { kind: job.kind, plugin: job.pluginId ?? null, name: job.handler ?? null },
    });
    await tx.notify(CANCEL_CHANNEL, job.id);
    return job;
  });
}

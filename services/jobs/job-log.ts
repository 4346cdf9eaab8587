/** What jobs log: gathered for a moment, written together, a bounded number of lines of each job. */
import type { Database } from '../../database/index.ts';
import { JOB_LIMITS } from '../../spec/limits.ts';
import type { QueueLog } from '../queue/index.ts';
import { JobLogEntity } from './entities.ts';

export type JobLogLine = {
  readonly line: number;
  readonly at: Date;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly text: string;
};

export type JobLog = {
  append(
    job: { readonly id: string; readonly orgId: string },
    line: Pick<JobLogLine, 'level' | 'text'>,
  ): void;
  /** Writes what is gathered, of all jobs; what was on its way before is written as well. */
  flush(): Promise<void>;
  /** The job is over: its number of lines need not be known any more. */
  forget(jobId: string): void;
};

type Row = Omit<JobLogLine, 'line'> & { readonly job: string; readonly orgId: string };

const FLUSH_MS = 500;

export function createJobLog(database: Database, log: QueueLog): JobLog {
  let gathered: Row[] = [];
  const counts = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let last = Promise.resolve();
  const writeGathered = async (): Promise<void> => {
    const rows = gathered;
    gathered = [];
    if (rows.length === 0) return;
    await write(database, rows).catch((error: unknown) =>
      log.warn({ err: error, lines: rows.length }, 'lines of jobs were lost'),
    );
  };
  /** One after the other: two that are under way at once would give their lines the same numbers. */
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    last = last.then(writeGathered);
    return last;
  };
  return {
    append: ({ id, orgId }, { level, text }) => {
      const count = (counts.get(id) ?? 0) + 1;
      counts.set(id, count);
      if (count > JOB_LIMITS.logLinesMax) return;
      gathered.push({ job: id, orgId, at: new Date(), level, text: JSON.stringify(text) });
      timer ??= setTimeout(() => void flush(), FLUSH_MS).unref();
    },
    flush,
    forget: (jobId) => void counts.delete(jobId),
  };
}

/** Numbers go on after those of an earlier attempt. A job that was removed meanwhile takes no line. */
async function write(database: Database, rows: readonly Row[]): Promise<void> {
  await database.transaction({ kind: 'instance' }, async ({ em }) => {
    const jobs = [...new Set(rows.map(({ job }) => job))];
    const lasts = await em.execute<{ id: string; last: number }[]>(
      `select job.id, coalesce((select max(line) from job_log where job_id = job.id), 0) as last
         from job where job.id in (select jsonb_array_elements_text(?::jsonb)::uuid) for key share of job`,
      [JSON.stringify(jobs)],
    );
    const next = new Map(lasts.map(({ id, last }) => [id, last]));
    const numbered = rows.flatMap((row) => {
      const last = next.get(row.job);
      if (last === undefined || last >= JOB_LIMITS.logLinesMax) return [];
      next.set(row.job, last + 1);
      return [{ ...row, line: last + 1 }];
    });
    if (numbered.length > 0) await em.insertMany(JobLogEntity, numbered);
  });
}

/** @returns the lines after `after`, oldest first */
export async function readJobLog(
  database: Database,
  orgId: string,
  jobId: string,
  after: number,
): Promise<JobLogLine[]> {
  return database.transaction({ kind: 'org', orgId }, async ({ em }) => {
    const where = { orgId, job: jobId, line: { $gt: after } };
    const rows = await em.find(JobLogEntity, where, {
      orderBy: { line: 'asc' },
      limit: JOB_LIMITS.logPageMax,
    });
    return rows.map(({ line, at, level, text }) => ({ line, at, level, text: JSON.parse(text) as string }));
  });
}

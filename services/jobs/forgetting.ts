/** Jobs that ended are kept for a while: for so long, so many, and so many bytes of each organization. */
import type { Database, Transaction } from '../../database/index.ts';
import { JOB_LIMITS } from '../../spec/limits.ts';

const BATCH = 1_000;

/**
 * Measures jobs that ended, and removes those that ended long ago, or before others that are many or large.
 * @returns how many it dealt with; there may be more while it is not 0
 */
export async function forgetJobs(database: Database): Promise<number> {
  return database.transaction({ kind: 'instance' }, async (tx) => {
    const measured = await measure(tx);
    return measured + (await remove(tx));
  });
}

/** Once, after the end: nothing is added to a job then. */
async function measure({ em }: Transaction): Promise<number> {
  const measured = await em.execute<object[]>(
    `update job set kept_bytes = octet_length(args) + octet_length(files) + octet_length(caller)
         + coalesce(octet_length(progress), 0) + coalesce(octet_length(result), 0) + coalesce(octet_length(failure), 0)
         + coalesce((select sum(octet_length(text)) from job_log where job_id = job.id), 0)
       where id in (select id from job where ended_at is not null and kept_bytes is null limit ? for update skip locked)
       returning id`,
    [BATCH],
  );
  return measured.length;
}

async function remove({ em }: Transaction): Promise<number> {
  const { keptMs, keptPerOrganizationMax, keptBytesPerOrganizationMax } = JOB_LIMITS;
  const gone = await em.execute<object[]>(
    `delete from job where id in (
       select id from (select id, ended_at, row_number() over newest as place, sum(kept_bytes) over newest as bytes
         from job where ended_at is not null window newest as (partition by org_id order by id desc)) as ranked
       where ended_at < ? or place > ? or bytes > ? limit ?) returning id`,
    [new Date(Date.now() - keptMs), keptPerOrganizationMax, keptBytesPerOrganizationMax, BATCH],
  );
  return gone.length;
}

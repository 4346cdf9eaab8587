/** Files that came with a job go with its end: nobody can read them any more. */
import type { Database } from '../../database/index.ts';
import type { RunFile } from '../../spec/run.ts';
import type { Files } from '../files/index.ts';
import type { QueueLog } from '../queue/index.ts';
import type { Job } from './entities.ts';

export type ReleasingPorts = {
  readonly database: Database;
  readonly files: Pick<Files, 'delete'>;
  readonly log: QueueLog;
};

/**
 * Removes the files of a job that has ended, but for those that another open job has as well. What cannot be removed
 * now, the sweep of files finds.
 */
export async function releaseFiles(
  { database, files, log }: ReleasingPorts,
  { id: job, orgId, files: text }: Pick<Job, 'id' | 'orgId' | 'files'>,
): Promise<void> {
  const ids = (JSON.parse(text) as RunFile[]).map(({ id }) => id);
  if (ids.length === 0) return;
  try {
    const held = await database.transaction({ kind: 'org', orgId }, ({ em }) =>
      em.execute<{ id: string }[]>(
        `select id from unnest(?::text[]) as file (id) where exists (
           select from job where org_id = ? and ended_at is null and job.id <> ? and strpos(job.files, file.id) > 0)`,
        [`{${ids.join(',')}}`, orgId, job],
      ),
    );
    const kept = new Set(held.map(({ id }) => id));
    await files.delete(
      orgId,
      ids.filter((id) => !kept.has(id)),
    );
  } catch (error) {
    log.warn({ err: error, job }, 'files of a job are kept until their time is over');
  }
}

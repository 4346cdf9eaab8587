import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { startTestDatabase } from '../../tests/support/database.ts';
import { JOB_ENTITIES } from './index.ts';
import { createJobLog, readJobLog } from './job-log.ts';

const fixture = await startTestDatabase(JOB_ENTITIES);
afterAll(() => fixture.drop());
const { database, superuser } = fixture;
const warnings: unknown[] = [];
const log = { warn: (...all: unknown[]) => void warnings.push(all) } as never;

async function makeJob(): Promise<{ id: string; orgId: string }> {
  const job = { id: randomUUID(), orgId: randomUUID() };
  await superuser.query(
    `insert into job (id, org_id, kind, args, files, caller, retry, depth, state, attempt, run_at, created_at)
       values ($1, $2, 'nothing', '{}', '[]', '{}', 'never', 0, 'running', 1, now(), now())`,
    [job.id, job.orgId],
  );
  return job;
}

test('lines that are written while earlier ones are on their way are all kept, in order', async () => {
  const job = await makeJob();
  const jobLog = createJobLog(database, log);
  const flushes = ['one', 'two', 'three', 'four'].map((text) => {
    jobLog.append(job, { level: 'info', text });
    return jobLog.flush();
  });
  await Promise.all(flushes);
  const lines = await readJobLog(database, job.orgId, job.id, 0);
  expect(lines.map(({ line, text }) => [line, text])).toEqual([
    [1, 'one'],
    [2, 'two'],
    [3, 'three'],
    [4, 'four'],
  ]);
  expect(warnings).toEqual([]);
});

test('who asks for what is gathered waits for what is on its way', async () => {
  const job = await makeJob();
  const jobLog = createJobLog(database, log);
  jobLog.append(job, { level: 'info', text: 'on its way' });
  void jobLog.flush();
  await jobLog.flush();
  expect(await readJobLog(database, job.orgId, job.id, 0)).toHaveLength(1);
});

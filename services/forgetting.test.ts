/** What plugins leave behind is bounded for each organization, however fast they leave it. */
import { randomUUID } from 'node:crypto';
import { afterAll, expect, it } from 'vitest';
import { EVENT_LIMITS, JOB_LIMITS } from '../spec/limits.ts';
import { startTestDatabase } from '../tests/support/database.ts';
import { EVENT_ENTITIES } from './events/index.ts';
import { forgetHeard } from './events/events.ts';
import { JOB_ENTITIES } from './jobs/index.ts';
import { forgetJobs } from './jobs/forgetting.ts';

const fixture = await startTestDatabase([...EVENT_ENTITIES, ...JOB_ENTITIES]);
afterAll(() => fixture.drop());
const [noisy, quiet] = [randomUUID(), randomUUID()];

/** Rows without what they belong to: only their number matters here. */
async function insert(sql: string, orgId: string, count: number): Promise<void> {
  const text = sql.replaceAll('ORG', `'${orgId}'`).replaceAll('COUNT', String(count));
  await fixture.superuser.query(`begin; set local session_replication_role = replica; ${text}; commit`);
}

async function countOf(table: string, orgId: string): Promise<number> {
  const { rows } = await fixture.superuser.query<{ n: number }>(
    `select count(*)::int as n from ${table} where org_id = $1`,
    [orgId],
  );
  return rows[0]?.n ?? 0;
}

it('dead letters of an organization beyond their number go, the oldest first', async () => {
  const DEAD = `insert into event_delivery (org_id, event_id, installation_id, subscription, lane, is_fact, state, attempts, dead_at)
    select ORG, gen_random_uuid(), gen_random_uuid(), each::text, 'x', false, 'dead', 8, now() from generate_series(1, COUNT) each`;
  await insert(DEAD, noisy, EVENT_LIMITS.deadLettersPerOrganizationMax + 3);
  await insert(DEAD, quiet, 2);
  await forgetHeard(fixture.database);
  expect(await countOf('event_delivery', noisy)).toBe(EVENT_LIMITS.deadLettersPerOrganizationMax);
  expect(await countOf('event_delivery', quiet)).toBe(2);
  const { rows } = await fixture.superuser.query(
    'select min(subscription::int) as oldest from event_delivery where org_id = $1',
    [noisy],
  );
  expect(rows).toEqual([{ oldest: 4 }]);
});

it('jobs of an organization that ended beyond their number go, and none that waits', async () => {
  const JOBS = `insert into job (id, org_id, kind, args, files, caller, retry, depth, state, attempt, run_at, created_at, ended_at)
    select gen_random_uuid(), ORG, 'import', '{}', '[]', '{}', 'never', 0, 'succeeded', 1, now(), now(),
      case when each > 2 then now() end from generate_series(1, COUNT) each`;
  await insert(JOBS, noisy, JOB_LIMITS.keptPerOrganizationMax + 7);
  await insert(JOBS, quiet, 4);
  while ((await forgetJobs(fixture.database)) > 0);
  expect(await countOf('job', noisy)).toBe(JOB_LIMITS.keptPerOrganizationMax + 2);
  expect(await countOf('job', quiet)).toBe(4);
});

it('jobs of an organization that ended beyond their bytes go, the oldest first, with their logs counted', async () => {
  const [large, small] = [randomUUID(), randomUUID()];
  const JOBS = `insert into job (id, org_id, kind, args, files, caller, retry, depth, state, attempt, run_at, created_at, ended_at, result)
    select ('00000000-0000-7000-8000-' || lpad(each::text, 12, '0'))::uuid, ORG, 'import', '{}', '[]', '{}', 'never', 0, 'succeeded', 1, now(), now(), now(),
      case when each > 1 then repeat('x', ${64 * 1024 * 1024}) end from generate_series(FROM, FROM + COUNT - 1) each`;
  await insert(JOBS.replaceAll('FROM', '2'), large, 4);
  await insert(JOBS.replaceAll('FROM', '100'), small, 3);
  await insert(
    `insert into job_log (job_id, line, org_id, at, level, text) values
      ('00000000-0000-7000-8000-000000000005', 1, ORG, now(), 'info', repeat('y', COUNT))`,
    large,
    100,
  );
  while ((await forgetJobs(fixture.database)) > 0);
  // Three of 64 MiB fit beside a fourth but for what is kept with it, which the log of the newest is a part of.
  const { rows } = await fixture.superuser.query(
    'select right(id::text, 1) as id, kept_bytes::int - length(result) as rest from job where org_id = $1 order by 1',
    [large],
  );
  expect(rows).toEqual([
    { id: '3', rest: 6 },
    { id: '4', rest: 6 },
    { id: '5', rest: 106 },
  ]);
  expect(await countOf('job', small)).toBe(3);
});

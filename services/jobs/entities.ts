import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstallationEntity } from '../../registry/installations/entities/index.ts';
import type { RetryPolicy } from '../../spec/host/job-ending.ts';
import type { JobState } from '../../spec/host/jobs.ts';
import type { PluginId } from '../../spec/plugin-id.ts';

/** JSON that guests write is kept as text: unlike jsonb it takes U+0000 (as an escape) and keeps the order of keys. */
export const JobEntity = defineEntity({
  name: 'Job',
  tableName: 'job',
  properties: {
    id: p.uuid().primary(),
    orgId: p.uuid(),
    /** `command` and `schedule` are runs of a plugin; others are work of the server's own. */
    kind: p.text(),
    installation: () => p.manyToOne(InstallationEntity).nullable().deleteRule('cascade'),
    pluginId: p.text().collation('C').$type<PluginId>().nullable(),
    /** The command, or the schedule of the plugin. */
    handler: p.text().nullable(),
    args: p.text(),
    files: p.text(),
    caller: p.text(),
    /** The schedule that this is a tick of. */
    scheduleId: p.uuid().nullable(),
    retry: p.text().$type<RetryPolicy>(),
    /** Events that led here, one after the other. */
    depth: p.integer(),
    state: p.text().$type<JobState>(),
    attempt: p.integer(),
    progress: p.text().nullable(),
    result: p.text().nullable(),
    failure: p.text().nullable(),
    runAt: p.datetime(),
    createdAt: p.datetime(),
    startedAt: p.datetime().nullable(),
    endedAt: p.datetime().nullable(),
    cancelRequestedAt: p.datetime().nullable(),
    /** What is kept of one that ended; absent until it was measured. */
    keptBytes: p.bigint('number').nullable(),
  },
  indexes: [
    { name: 'job_org_index', properties: ['orgId', 'id'] },
    { name: 'job_open_index', properties: ['orgId', 'state'], where: 'ended_at is null' },
    {
      name: 'job_unmeasured_index',
      properties: ['id'],
      where: 'ended_at is not null and kept_bytes is null',
    },
    { name: 'job_ended_index', properties: ['endedAt'], where: 'ended_at is not null' },
    { name: 'job_schedule_index', properties: ['scheduleId'], where: 'schedule_id is not null' },
  ],
  checks: [
    {
      name: 'job_state_check',
      expression: `state in ('queued', 'running', 'succeeded', 'failed', 'canceled')`,
    },
  ],
});

export type Job = InferEntity<typeof JobEntity>;

/** What a job logged, a bounded number of lines. */
export const JobLogEntity = defineEntity({
  name: 'JobLog',
  tableName: 'job_log',
  properties: {
    job: () => p.manyToOne(JobEntity).primary().deleteRule('cascade'),
    line: p.integer().primary(),
    orgId: p.uuid(),
    at: p.datetime(),
    level: p.text().$type<'debug' | 'info' | 'warn' | 'error'>(),
    /** As JSON, like all that guests write. */
    text: p.text(),
  },
});

/** The tables of jobs, for `openDatabase`. */
export const JOB_ENTITIES = [JobEntity, JobLogEntity];

/** A job as people and its plugin see it. */
import type { GuestJob, JobFailure, JobProgress } from '../../spec/host/jobs.ts';
import type { JsonValue } from '../../spec/json.ts';
import type { Caller } from '../../spec/run.ts';
import type { Job } from './entities.ts';

export type JobView = GuestJob & {
  /** `command` and `schedule` are runs of a plugin. */
  readonly kind: string;
  readonly caller: Caller;
  readonly scheduleId: string | null;
  readonly runAt: Date;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly cancelRequestedAt: Date | null;
};

export function toJobView(job: Job): JobView {
  return {
    id: job.id,
    kind: job.kind,
    plugin: job.pluginId ?? null,
    name: job.handler ?? null,
    state: job.state,
    progress: parsed<JobProgress>(job.progress),
    result: parsed<JsonValue>(job.result),
    failure: parsed<JobFailure>(job.failure),
    attempt: job.attempt,
    caller: JSON.parse(job.caller) as Caller,
    scheduleId: job.scheduleId ?? null,
    runAt: job.runAt,
    createdAt: job.createdAt,
    startedAt: job.startedAt ?? null,
    endedAt: job.endedAt ?? null,
    cancelRequestedAt: job.cancelRequestedAt ?? null,
  };
}

function parsed<Value>(text: string | null | undefined): Value | null {
  return text == null ? null : (JSON.parse(text) as Value);
}

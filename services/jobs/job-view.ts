/** A job as people and its plugin see it. */
import type { JsonValue } from '../../spec/json.ts';
import type { Outcome } from '../../spec/outcome.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { Caller } from '../../spec/run.ts';
import type { Job, JobState } from './entities.ts';

export type JobProgress = {
  readonly done: number;
  /** Null where nobody knows how much there is. */
  readonly total: number | null;
  readonly message: string | null;
};

export type JobFailure = {
  /** A code of the error table, the code of the error that the plugin threw, or the outcome of its run. */
  readonly code: string;
  readonly message: string;
  /** How the run ended, where one was begun. */
  readonly outcome: Exclude<Outcome, 'ok'> | null;
};

export type JobView = {
  readonly id: string;
  /** `command` and `schedule` are runs of a plugin. */
  readonly kind: string;
  readonly plugin: PluginId | null;
  /** The command or the schedule. */
  readonly name: string | null;
  readonly state: JobState;
  readonly progress: JobProgress | null;
  readonly result: JsonValue;
  readonly failure: JobFailure | null;
  /** How often it was begun. */
  readonly attempt: number;
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

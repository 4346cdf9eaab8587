/** `host.jobs`: its calls, and who answers them. */
import type { JsonObject, JsonValue } from '../json.ts';
import { JOB_LIMITS } from '../limits.ts';
import type { Outcome } from '../outcome.ts';
import type { PluginId } from '../plugin-id.ts';
import { Refusal } from '../refusal.ts';
import type { Caller } from '../run.ts';
import type { Capability } from './capability.ts';

export const JOB_STATES = ['queued', 'running', 'succeeded', 'failed', 'canceled'] as const;
export type JobState = (typeof JOB_STATES)[number];

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

/** A job as its plugin sees it. */
export type GuestJob = {
  readonly id: string;
  readonly plugin: PluginId | null;
  /** The command or the schedule. */
  readonly name: string | null;
  readonly state: JobState;
  /** How often it was begun. */
  readonly attempt: number;
  readonly progress: JobProgress | null;
  readonly result: JsonValue;
  readonly failure: JobFailure | null;
};

/** A command that a run wants in the background. */
export type JobRequest = {
  readonly orgId: string;
  readonly plugin: PluginId;
  readonly command: string;
  readonly args: JsonObject;
  readonly caller: Caller;
  readonly requestId: string;
  readonly delayMs: number;
};

export type JobPort = {
  /**
   * @returns the id of the job
   * @throws Refusal `plugin_not_installed`, `handler_unknown`, `job_arguments_invalid`, `jobs_too_many`, `job_delay_invalid`
   */
  enqueue(wish: JobRequest): Promise<string>;
  /** @throws Refusal `job_not_found` */
  read(orgId: string, id: string): Promise<GuestJob>;
  /** @param requestId of the run that says it. @throws Refusal where it is no job */
  progress(requestId: string, progress: JobProgress): Promise<void>;
};

type Context = {
  readonly guest: {
    readonly installationId: string;
    readonly org: { readonly id: string };
    readonly plugin: { readonly id: PluginId };
  };
  readonly caller: Caller;
  readonly requestId: string;
};

const COUNT: JsonObject = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER };

/**
 * `jobs.enqueue(command, args, { delayMs })` → `{ id }`: runs a command of the plugin itself in the background ·
 * `jobs.get(id)` → a job of the plugin itself · `jobs.progress({ done, total, message })`: of the job that calls it
 */
export function jobCapabilities(jobs: JobPort): Capability<Context>[] {
  return [enqueueCapability(jobs), getCapability(jobs), progressCapability(jobs)];
}

function enqueueCapability(jobs: JobPort): Capability<Context> {
  return {
    name: 'jobs.enqueue',
    requires: () => ({ name: 'jobs' }),
    parameters: ['command', 'args'],
    argumentSchema: shape(['command'], {
      command: { type: 'string', maxLength: 63 },
      args: { type: 'object' },
      delayMs: { type: 'number', minimum: 0, maximum: JOB_LIMITS.delayMsMax },
    }),
    act: async ({ command, args, delayMs }, { guest, caller, requestId }) => ({
      id: await jobs.enqueue({
        orgId: guest.org.id,
        plugin: guest.plugin.id,
        command: String(command),
        args: (args as JsonObject | undefined) ?? {},
        caller,
        requestId,
        delayMs: Number(delayMs ?? 0),
      }),
    }),
  };
}

function getCapability(jobs: JobPort): Capability<Context> {
  return {
    name: 'jobs.get',
    requires: () => ({ name: 'jobs' }),
    parameters: ['id'],
    argumentSchema: shape(['id'], { id: { type: 'string', maxLength: 64 } }),
    act: async ({ id }, { guest }) => {
      const job = await jobs.read(guest.org.id, String(id));
      if (job.plugin !== guest.plugin.id) {
        throw new Refusal('job_not_found', { detail: 'The plugin has no job with this id.' });
      }
      const { state, result, attempt, progress, failure } = job;
      return { id: job.id, command: job.name, state, attempt, progress, result, failure };
    },
  };
}

function progressCapability(jobs: JobPort): Capability<Context> {
  return {
    name: 'jobs.progress',
    // Who runs as a job may say how far it is.
    requires: () => null,
    argumentSchema: shape(['done'], {
      done: COUNT,
      total: { anyOf: [COUNT, { type: 'null' }] },
      message: { type: ['string', 'null'], maxLength: JOB_LIMITS.progressMessageCharsMax },
    }),
    act: async ({ done, total, message }, { requestId }) => {
      await jobs.progress(requestId, {
        done: Number(done),
        total: typeof total === 'number' ? total : null,
        message: typeof message === 'string' ? message : null,
      });
      return null;
    },
  };
}

function shape(required: string[], properties: JsonObject): JsonObject {
  return { type: 'object', required, properties, additionalProperties: false };
}

/** What a guest reaches as `host.jobs`. */
import type { Database } from '../../database/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { JOB_LIMITS } from '../../spec/limits.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { Caller } from '../../spec/run.ts';
import type { Capability } from '../capability.ts';
import type { Causes } from '../causes.ts';
import type { Jobs } from './jobs.ts';

type Context = {
  readonly guest: {
    readonly installationId: string;
    readonly org: { readonly id: string };
    readonly plugin: { readonly id: PluginId };
  };
  readonly caller: Caller;
  readonly requestId: string;
};

type Ports = { readonly database: Database; readonly jobs: Jobs; readonly causes: Causes };

const COUNT: JsonObject = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER };

/**
 * `jobs.enqueue(command, args, { delayMs })` → `{ id }`: runs a command of the plugin itself in the background ·
 * `jobs.get(id)` → a job of the plugin itself · `jobs.progress({ done, total, message })`: of the job that calls it
 */
export function jobCapabilities(ports: Ports): Capability<Context>[] {
  return [enqueueCapability(ports), getCapability(ports), progressCapability(ports)];
}

function enqueueCapability({ database, jobs, causes }: Ports): Capability<Context> {
  return {
    name: 'jobs.enqueue',
    requires: () => ({ name: 'jobs' }),
    parameters: ['command', 'args'],
    argumentSchema: shape(['command'], {
      command: { type: 'string', maxLength: 63 },
      args: { type: 'object' },
      delayMs: { type: 'number', minimum: 0, maximum: JOB_LIMITS.delayMsMax },
    }),
    act: async ({ command, args, delayMs }, { guest, caller, requestId }) => {
      const orgId = guest.org.id;
      const work = {
        kind: 'command',
        plugin: guest.plugin.id,
        command: String(command),
        args: (args as JsonObject | undefined) ?? {},
      } as const;
      const depth = causes.depthOf(requestId);
      const id = await database.transaction({ kind: 'org', orgId }, (tx) =>
        jobs.enqueue(tx, orgId, { work, caller, depth, delayMs: Number(delayMs ?? 0) }),
      );
      return { id };
    },
  };
}

function getCapability({ jobs }: Ports): Capability<Context> {
  return {
    name: 'jobs.get',
    requires: () => ({ name: 'jobs' }),
    parameters: ['id'],
    argumentSchema: shape(['id'], { id: { type: 'string', maxLength: 64 } }),
    act: async ({ id }, { guest }) => {
      const job = await jobs.read(guest.org.id, String(id), 'all');
      if (job.plugin !== guest.plugin.id) {
        throw new Refusal('job_not_found', { detail: 'The plugin has no job with this id.' });
      }
      const { state, result, attempt, progress, failure } = job;
      return { id: job.id, command: job.name, state, attempt, progress, result, failure };
    },
  };
}

function progressCapability({ jobs }: Ports): Capability<Context> {
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

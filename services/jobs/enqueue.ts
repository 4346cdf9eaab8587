/** A job comes into being in the transaction of whoever wants it: it is there if and only if that commits. */
import { randomUUIDv7 } from 'node:crypto';
import type { Transaction } from '../../database/index.ts';
import { InstallationEntity, type Installation } from '../../registry/installations/entities/index.ts';
import type { ScheduleTick } from '../../spec/handler.ts';
import {
  checkDelay,
  handlerUnknown,
  requireFittingWork,
  requireJobRoom,
} from '../../spec/host/job-checks.ts';
import type { RetryPolicy } from '../../spec/host/job-ending.ts';
import type { JsonObject } from '../../spec/json.ts';
import { JOB_LIMITS } from '../../spec/limits.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Fault, Refusal } from '../../spec/refusal.ts';
import type { Caller, RunFile } from '../../spec/run.ts';
import type { Queue } from '../queue/index.ts';
import { JobEntity } from './entities.ts';

export type JobWork =
  /** A command that the installed version declares, with arguments that fit its schema. */
  | {
      readonly kind: 'command';
      readonly plugin: PluginId;
      readonly command: string;
      readonly args: JsonObject;
      /** What `host.files` shows to the run. */
      readonly files?: readonly RunFile[];
    }
  /** A tick of a schedule that the installed version declares. */
  | {
      readonly kind: 'schedule';
      readonly plugin: PluginId;
      readonly schedule: string;
      readonly tick: ScheduleTick;
    }
  /** Work of the server's own, by the name under which its worker is registered. */
  | {
      readonly kind: 'server';
      readonly worker: string;
      readonly args: JsonObject;
      /** They go with its end. */
      readonly files?: readonly RunFile[];
      readonly retry: RetryPolicy;
    };

export type NewJob = {
  readonly work: JobWork;
  /** Who stands behind it; a member sees the jobs of his own. */
  readonly caller: Caller;
  /** Not before so many milliseconds have passed. */
  readonly delayMs?: number;
  readonly scheduleId?: string;
  /** Of the run that asks for it (`causes.ts`). */
  readonly depth?: number;
};

type Planned = {
  readonly kind: string;
  readonly installation: Installation | null;
  readonly handler: string | null;
  readonly args: JsonObject;
  readonly files: readonly RunFile[];
  readonly retry: RetryPolicy;
};

/**
 * @param tx in the scope of the organization, or of the instance
 * @returns the id of the job
 * @throws Refusal `plugin_not_installed`, `handler_unknown`, `job_arguments_invalid`, `jobs_too_many`, `job_delay_invalid`
 */
export async function enqueue(queue: Queue, tx: Transaction, orgId: string, job: NewJob): Promise<string> {
  const delayMs = checkDelay(job.delayMs ?? 0);
  const planned = await planWork(tx, orgId, job.work);
  await requireRoom(tx, orgId);
  const id = randomUUIDv7();
  const now = Date.now();
  await tx.em.insert(JobEntity, {
    id,
    orgId,
    kind: planned.kind,
    installation: planned.installation?.id ?? null,
    pluginId: planned.installation?.pluginId ?? null,
    handler: planned.handler,
    args: JSON.stringify(planned.args),
    files: JSON.stringify(planned.files),
    caller: JSON.stringify(job.caller),
    scheduleId: job.scheduleId ?? null,
    retry: planned.retry,
    depth: job.depth ?? 0,
    state: 'queued',
    attempt: 0,
    runAt: new Date(now + delayMs),
    createdAt: new Date(now),
  });
  await queue.send(tx, 'jobs', [{ data: { job: id, org: orgId }, group: orgId, delayMs }]);
  return id;
}

/**
 * Whether a job could be wanted, without wanting it.
 * @returns the id of the installation
 * @throws Refusal `plugin_not_installed`, `handler_unknown`, `job_arguments_invalid`
 */
export async function checkWork(
  tx: Transaction,
  orgId: string,
  work: JobWork & { readonly kind: 'command' },
): Promise<string> {
  const { installation } = await planWork(tx, orgId, work);
  if (!installation) throw new Fault('a command was planned without an installation');
  return installation.id;
}

async function planWork(tx: Transaction, orgId: string, work: JobWork): Promise<Planned> {
  switch (work.kind) {
    case 'server':
      return { ...work, kind: work.worker, installation: null, handler: null, files: work.files ?? [] };
    case 'command': {
      const installation = await findInstallation(tx, orgId, work.plugin);
      const command = (installation.manifest.contributes?.commands ?? []).find(
        ({ name }) => name === work.command,
      );
      if (!command) throw handlerUnknown(work.plugin, 'command', work.command);
      requireFittingWork(work, command.arguments);
      const { files = [], args } = work;
      return {
        kind: 'command',
        installation,
        handler: command.name,
        args,
        files,
        retry: command.retry ?? 'never',
      };
    }
    case 'schedule': {
      const installation = await findInstallation(tx, orgId, work.plugin);
      const schedules = installation.manifest.contributes?.schedules ?? [];
      const schedule = schedules.find(({ name }) => name === work.schedule);
      if (!schedule) throw handlerUnknown(work.plugin, 'schedule', work.schedule);
      const retry = schedule.retry ?? 'never';
      return { kind: 'schedule', installation, handler: schedule.name, args: work.tick, files: [], retry };
    }
  }
}

async function findInstallation(tx: Transaction, orgId: string, pluginId: PluginId): Promise<Installation> {
  const found = await tx.em.findOne(InstallationEntity, { orgId, pluginId });
  if (found) return found;
  throw new Refusal('plugin_not_installed', { detail: `${pluginId} is not installed here.` });
}

/** So that one organization cannot fill the queue that all share. */
async function requireRoom(tx: Transaction, orgId: string): Promise<void> {
  const [row] = await tx.em.execute<{ open: number }[]>(
    `select count(*)::int as open from (select from job where org_id = ? and ended_at is null limit ?) as found`,
    [orgId, JOB_LIMITS.openPerOrganizationMax],
  );
  requireJobRoom(row?.open ?? 0);
}

/**
 * Begins what is due. A tick is claimed by moving the schedule on to its next time, in the transaction that wants the
 * job: however many servers look, it is begun once, or, where all were away, by the policy for missed ticks.
 */
import type { Database, Transaction } from '../../database/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { SCHEDULE_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { Jobs, JobWork } from '../jobs/index.ts';
import { firstRun } from './declared.ts';
import { ScheduleEntity, type Schedule } from './entities.ts';

type Ports = { readonly database: Database; readonly jobs: Jobs };
type Due = { id: string; installation_state: string; is_at_work: boolean };

const BATCH = 50;

/** @returns how many ticks there were; call again while there are some */
export async function beginDue({ database, jobs }: Ports): Promise<number> {
  return database.transaction({ kind: 'instance' }, async (tx) => {
    const due = await tx.em.execute<Due[]>(
      `select schedule.id,
          case when installation.serving_snapshot_id is null then installation.state else 'active' end
            as installation_state,
          exists (select from job where schedule_id = schedule.id and ended_at is null) as is_at_work
        from schedule join installation on installation.id = schedule.installation_id
        where schedule.next_at <= now() order by schedule.next_at limit ? for update of schedule skip locked`,
      [BATCH],
    );
    for (const each of due) {
      const schedule = await tx.em.findOneOrFail(ScheduleEntity, { id: each.id });
      await tick(tx, jobs, schedule, each);
    }
    return due.length;
  });
}

async function tick(tx: Transaction, jobs: Jobs, schedule: Schedule, due: Due): Promise<void> {
  const now = new Date();
  const scheduledAt = schedule.nextAt ?? now;
  schedule.lastAt = scheduledAt;
  schedule.nextAt = firstRun(schedule.cron, schedule.timeZone, now);
  const isLate = now.getTime() - scheduledAt.getTime() > SCHEDULE_LIMITS.lateMs;
  if (due.installation_state !== 'active') schedule.lastNote = 'notActive';
  else if (isLate && schedule.missed === 'skip') schedule.lastNote = 'missed';
  else if (due.is_at_work) schedule.lastNote = 'overlapped';
  else await begin(tx, jobs, schedule, scheduledAt);
}

async function begin(tx: Transaction, jobs: Jobs, schedule: Schedule, scheduledAt: Date): Promise<void> {
  try {
    schedule.lastJobId = await jobs.enqueue(tx, schedule.orgId, {
      work: workOf(schedule, scheduledAt),
      caller: { kind: 'system' },
      scheduleId: schedule.id,
    });
    schedule.lastNote = 'started';
  } catch (error) {
    // Such as arguments that do not fit the command of a newer version: shown with the schedule.
    if (!(error instanceof Refusal) || error.code === 'database_unavailable') throw error;
    schedule.lastNote = error.code;
  }
}

function workOf({ pluginId: plugin, command, name, args }: Schedule, scheduledAt: Date): JobWork {
  if (command) return { kind: 'command', plugin, command, args: JSON.parse(args) as JsonObject };
  return { kind: 'schedule', plugin, schedule: name, tick: { scheduledAt: scheduledAt.toISOString() } };
}

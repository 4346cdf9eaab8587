/** Keeps a row for each schedule that an installed version declares, and none for those that it does not. */
import { randomUUIDv7 } from 'node:crypto';
import type { Database, Transaction } from '../../database/index.ts';
import { nextRuns, parseCron } from '../../spec/cron.ts';
import type { Contributions } from '../../spec/manifest.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { ScheduleEntity, type Schedule } from './entities.ts';

type Declared = NonNullable<Contributions['schedules']>[number];
type Row = { id: string; org_id: string; plugin_id: PluginId; schedules: Declared[] | null };

const LOCK = 7_605_032;

/** @param orgId of which organization; null for all */
export async function syncDeclared(database: Database, orgId: string | null): Promise<void> {
  await database.transaction({ kind: 'instance' }, async (tx) => {
    await tx.em.execute('select pg_advisory_xact_lock(?)', [LOCK]);
    const rows = await tx.em.execute<Row[]>(
      `select id, org_id, plugin_id, manifest #> '{contributes,schedules}' as schedules from installation
        where (?::uuid is null or org_id = ?::uuid) and (manifest #> '{contributes,schedules}' is not null
          or exists (select from schedule where installation_id = installation.id and origin = 'plugin'))`,
      [orgId, orgId],
    );
    for (const row of rows) await syncInstallation(tx, row);
  });
}

async function syncInstallation(tx: Transaction, row: Row): Promise<void> {
  const kept = await tx.em.find(ScheduleEntity, { installation: row.id, origin: 'plugin' });
  const declared = new Map((row.schedules ?? []).map((each) => [each.name, each]));
  for (const schedule of kept) {
    const now = declared.get(schedule.name);
    declared.delete(schedule.name);
    if (!now) tx.em.remove(schedule);
    else adopt(schedule, now);
  }
  for (const schedule of declared.values()) tx.em.persist(create(tx, row, schedule));
}

/** A new version may be due at other times; what an administrator paused stays so. */
function adopt(schedule: Schedule, { cron, timeZone = 'UTC', missed = 'skip' }: Declared): void {
  schedule.missed = missed;
  if (schedule.cron === cron && schedule.timeZone === timeZone) return;
  Object.assign(schedule, { cron, timeZone });
  if (schedule.state === 'running') schedule.nextAt = firstRun(cron, timeZone);
}

function create(
  tx: Transaction,
  row: Row,
  { name, cron, timeZone = 'UTC', missed = 'skip' }: Declared,
): Schedule {
  return tx.em.create(ScheduleEntity, {
    id: randomUUIDv7(),
    orgId: row.org_id,
    installation: row.id,
    pluginId: row.plugin_id,
    origin: 'plugin',
    name,
    command: null,
    args: '{}',
    cron,
    timeZone,
    missed,
    state: 'running',
    nextAt: firstRun(cron, timeZone),
    lastAt: null,
    lastNote: null,
    lastJobId: null,
    createdAt: new Date(),
    createdBy: `plugin:${row.plugin_id}`,
  });
}

/** @returns null for an expression that is never due, or not any more understood */
export function firstRun(cron: string, timeZone: string, after = new Date()): Date | null {
  const parsed = parseCron(cron, timeZone);
  return typeof parsed === 'string' ? null : (nextRuns(parsed, after, 1)[0] ?? null);
}

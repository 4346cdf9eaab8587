import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstallationEntity } from '../../registry/installations/entities/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';

/** What is done about ticks for which no server was there: nothing, or one run for all of them. */
export const MISSED_POLICIES = ['skip', 'once'] as const;
export type MissedPolicy = (typeof MISSED_POLICIES)[number];

/** One schedule of one organization: a plugin's own, or a command of a plugin that an administrator wants run. */
export const ScheduleEntity = defineEntity({
  name: 'Schedule',
  tableName: 'schedule',
  properties: {
    id: p.uuid().primary(),
    orgId: p.uuid(),
    installation: () => p.manyToOne(InstallationEntity).deleteRule('cascade'),
    pluginId: p.text().collation('C').$type<PluginId>(),
    origin: p.text().$type<'plugin' | 'admin'>(),
    /** The plugin's name of it, or the administrator's words. */
    name: p.text(),
    /** Of the administrator's; null where the plugin's own handler is run. */
    command: p.text().nullable(),
    args: p.text(),
    cron: p.text(),
    timeZone: p.text(),
    missed: p.text().$type<MissedPolicy>(),
    state: p.text().$type<'running' | 'paused'>(),
    /** Null while it is paused, and for one that is never due again. */
    nextAt: p.datetime().nullable(),
    lastAt: p.datetime().nullable(),
    /** What came of the last tick: `started`, `overlapped`, `missed`, `notActive`, or the code of a refusal. */
    lastNote: p.text().nullable(),
    lastJobId: p.uuid().nullable(),
    createdAt: p.datetime(),
    createdBy: p.text(),
  },
  uniques: [{ name: 'schedule_name_unique', properties: ['installation', 'origin', 'name'] }],
  indexes: [
    { name: 'schedule_org_index', properties: ['orgId', 'id'] },
    { name: 'schedule_due_index', properties: ['nextAt'], where: 'next_at is not null' },
  ],
  checks: [{ name: 'schedule_state_check', expression: `state in ('running', 'paused')` }],
});

export type Schedule = InferEntity<typeof ScheduleEntity>;

/** The tables of schedules, for `openDatabase`. */
export const SCHEDULE_ENTITIES = [ScheduleEntity];

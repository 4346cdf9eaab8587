import { defineEntity, p } from '@mikro-orm/core';
import type { LogLevel } from './log-line.ts';

/** One line that a plugin logged, or that Souk logged about it. A trigger removes them with their installation. */
const PluginLogLineEntity = defineEntity({
  name: 'PluginLogLine',
  tableName: 'plugin_log_line',
  properties: {
    /** Of one organization, in the order of the commits: its writers take turns. */
    id: p.bigint('string').primary().autoincrement(),
    orgId: p.uuid(),
    installationId: p.uuid(),
    at: p.datetime(),
    level: p.text().$type<LogLevel>(),
    text: p.text(),
    requestId: p.text().nullable(),
  },
  indexes: [
    { name: 'plugin_log_line_installation_index', properties: ['orgId', 'installationId', 'id'] },
    { name: 'plugin_log_line_age_index', properties: ['at'] },
  ],
  checks: [
    { name: 'plugin_log_line_level_check', expression: `level in ('debug', 'info', 'warn', 'error')` },
  ],
});

/** How often something happened to one installation in one day (UTC), on all servers together. */
const PluginCountEntity = defineEntity({
  name: 'PluginCount',
  tableName: 'plugin_count',
  properties: {
    orgId: p.uuid().primary(),
    installationId: p.uuid().primary(),
    day: p.date().primary(),
    /** A `CountKind` of tally.ts. */
    kind: p.text().collation('C').primary(),
    name: p.text().collation('C').primary(),
    count: p.bigint(),
    /** What belongs to the kind: milliseconds, bytes. */
    amount: p.double(),
    lastAt: p.datetime(),
  },
});

/** The tables of logs and counts, for `openDatabase`. */
export const TELEMETRY_ENTITIES = [PluginLogLineEntity, PluginCountEntity];

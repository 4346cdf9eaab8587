/** What waits to be delivered, by the plugin that has yet to hear it, and why. */
import type { Database } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';

export type WaitingFor = {
  readonly plugin: PluginId;
  /** Deliveries that wait, those at work included. */
  readonly waiting: number;
  readonly waitingSince: Date | null;
  readonly deadLetters: number;
  /** Tries of the lane that was put off most often, with nobody to blame; at EVENT_LIMITS.putOffMax it is given up. */
  readonly putOff: number;
  /** When the first of what failed, or was put off, is tried again. */
  readonly nextTryAt: Date | null;
  /** Why the oldest of what failed, or was put off, waits. */
  readonly error: string | null;
};

type Row = {
  plugin_id: PluginId;
  waiting: number;
  waiting_since: Date | string | null;
  dead: number;
  put_off: number;
  next_try_at: Date | string | null;
  error: string | null;
};

/** One row for each installation; what is counted is bounded by EVENT_LIMITS. */
const SQL = `select installation.plugin_id, coalesce(counted.waiting, 0) as waiting, event.emitted_at as waiting_since,
    coalesce(counted.dead, 0) as dead, coalesce(lanes.put_off, 0) as put_off, lanes.next_try_at, oldest.last_error as error
  from (select installation_id, count(*) filter (where state <> 'dead')::int as waiting,
      count(*) filter (where state = 'dead')::int as dead, min(id) filter (where state <> 'dead') as first,
      min(id) filter (where state <> 'dead' and last_error is not null) as troubled
    from event_delivery where org_id = ? group by installation_id) counted
  join installation on installation.id = counted.installation_id
  left join event_delivery head on head.id = counted.first
  left join event on event.id = head.event_id
  left join event_delivery oldest on oldest.id = counted.troubled
  left join (select installation_id, max(put_off) as put_off,
      min(due_at) filter (where holder is null) as next_try_at
    from event_lane where org_id = ? group by installation_id) lanes
    on lanes.installation_id = counted.installation_id
  order by installation.plugin_id`;

export async function listWaiting(database: Database, orgId: string): Promise<WaitingFor[]> {
  const rows = await database.transaction({ kind: 'org', orgId }, ({ em }) =>
    em.execute<Row[]>(SQL, [orgId, orgId]),
  );
  return rows.map((row) => ({
    plugin: row.plugin_id,
    waiting: row.waiting,
    waitingSince: dateOf(row.waiting_since),
    deadLetters: row.dead,
    putOff: row.put_off,
    nextTryAt: dateOf(row.next_try_at),
    error: row.error,
  }));
}

function dateOf(value: Date | string | null): Date | null {
  return value === null ? null : new Date(value);
}

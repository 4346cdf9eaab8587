/**
 * Tells plugins what happened to installations. A trigger writes that down in the transaction of the change; here it
 * becomes events, by one server at a time, in the order in which it happened.
 */
import type { Database } from '../../database/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { CORE_EVENTS } from '../../spec/event-name.ts';
import type { NewEvent } from '../../spec/host/events.ts';
import type { Tell } from './emit.ts';

type CoreEvent = keyof typeof CORE_EVENTS;
type Row = { id: string; org_id: string; type: string; data: JsonObject };

const BATCH = 100;
const LOCK = 7_605_031;

/** @returns how many; call again while there are some */
export async function announceChanges(database: Database, tell: Tell): Promise<number> {
  return database.transaction({ kind: 'instance' }, async (tx) => {
    const [lock] = await tx.em.execute<{ won: boolean }[]>('select pg_try_advisory_xact_lock(?) as won', [
      LOCK,
    ]);
    if (!lock?.won) return 0;
    const rows = await tx.em.execute<Row[]>(
      `select id::text, org_id, type, data from organization_event where not is_announced order by id limit ?`,
      [BATCH],
    );
    for (const [orgId, events] of byOrganization(rows))
      await tell(tx, orgId, { names: [...new Set(events.map(({ name }) => name))], make: () => events });
    const last = rows.at(-1)?.id;
    if (last !== undefined) {
      const ids = JSON.stringify(rows.map(({ id }) => id));
      await tx.em.execute(
        `update organization_event set is_announced = true
           where id in (select jsonb_array_elements_text(?::jsonb)::bigint)`,
        [ids],
      );
    }
    return rows.length;
  });
}

function byOrganization(rows: readonly Row[]): Map<string, NewEvent[]> {
  const events = new Map<string, NewEvent[]>();
  for (const row of rows) {
    const name = nameOf(row);
    if (name === undefined) continue;
    const told = events.get(row.org_id) ?? [];
    told.push({ name, key: String(row.data['plugin']), data: row.data });
    events.set(row.org_id, told);
  }
  return events;
}

/** Steps on the way are not told: who hears them could do nothing with them. */
function nameOf({ type, data }: Row): CoreEvent | undefined {
  switch (type) {
    case 'installation.created':
    case 'installation.updated':
    case 'installation.deleted':
      return type;
    case 'installation.status_changed':
      return STATES.get(String(data['state']));
    default:
      return undefined;
  }
}

const STATES: ReadonlyMap<string, CoreEvent> = new Map([
  ['active', 'installation.activated'],
  ['inactive', 'installation.deactivated'],
  ['failed', 'installation.failed'],
]);

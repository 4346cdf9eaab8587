/** Counts in the database: by installation and day, summed over all servers. */
import type { Database, Transaction } from '../../database/index.ts';
import { TELEMETRY_LIMITS } from '../../spec/limits.ts';
import type { LogOwner } from './log-line.ts';
import type { Count, CountKind } from './tally.ts';

export type KeptCount = Count & { readonly lastAt: Date };

/** Rows are taken in one order, so that two servers that add to the same ones wait and do not lock each other out. */
const ADD = `insert into plugin_count (org_id, installation_id, day, kind, name, count, amount, last_at)
  select ?::uuid, ?::uuid, (?::timestamptz at time zone 'UTC')::date, kind, name, count, amount, ?
    from jsonb_to_recordset(?::jsonb) as fresh (kind text, name text, count bigint, amount double precision)
   order by kind collate "C", name collate "C"
  on conflict (org_id, installation_id, day, kind, name) do update
    set count = plugin_count.count + excluded.count, last_at = greatest(plugin_count.last_at, excluded.last_at),
      amount = case when excluded.kind = 'memory' then greatest(plugin_count.amount, excluded.amount)
        else plugin_count.amount + excluded.amount end`;

const READ = `select kind, name, sum(count)::text as count, max(last_at) as last_at,
    case when kind = 'memory' then max(amount) else sum(amount) end as amount
  from plugin_count where org_id = ? and installation_id = ? and day > (?::timestamptz at time zone 'UTC')::date - ?::int
  group by kind, name order by kind, name`;

/** @param tx in the scope of the organization */
export async function addCounts(
  tx: Transaction,
  { orgId, installationId }: LogOwner,
  counts: readonly Count[],
  at: Date,
): Promise<void> {
  await tx.em.execute(ADD, [orgId, installationId, at, at, JSON.stringify(counts)]);
}

type Row = { kind: CountKind; name: string; count: string; amount: number; last_at: string | Date };

/** @param days today (UTC) and so many before it, together */
export async function readCounts(
  database: Database,
  { orgId, installationId }: LogOwner,
  days: number,
  now: Date,
): Promise<KeptCount[]> {
  const rows = await database.transaction(
    { kind: 'org', orgId },
    ({ em }) => em.execute<Row[]>(READ, [orgId, installationId, now, days]),
    { access: 'read only' },
  );
  return rows.map(({ kind, name, count, amount, last_at }) => ({
    kind,
    name,
    count: Number(count),
    amount,
    lastAt: new Date(last_at),
  }));
}

/** @returns how many rows were old enough to go */
export async function forgetCounts(database: Database, now: Date): Promise<number> {
  const rows = await database.transaction({ kind: 'instance' }, ({ em }) =>
    em.execute<object[]>(
      `delete from plugin_count where day <= (?::timestamptz at time zone 'UTC')::date - ?::int returning 1`,
      [now, TELEMETRY_LIMITS.countsKeptDays],
    ),
  );
  return rows.length;
}

/** Lines in the database: written in batches, the newest kept, read by pages and by who follows. */
import type { Database, Transaction } from '../../database/index.ts';
import { TELEMETRY_LIMITS } from '../../spec/limits.ts';
import { levelsFrom, type LogFilter, type LogLevel, type LogLine, type LogOwner } from './log-line.ts';
import type { Backlog } from './log-queue.ts';

/** Notified with the organization's id when lines were added there. */
export const LOG_CHANNEL = 'souk_plugin_log';

/** Ids are given under this lock, so that who follows by id misses none that commits late. */
const TAKE_TURNS = `select pg_advisory_xact_lock(hashtextextended(?, 0))`;

const INSERT = `insert into plugin_log_line (org_id, installation_id, at, level, text, request_id)
  select ?::uuid, installation_id, at, level, text, request_id
    from jsonb_to_recordset(?::jsonb) as line (place int, installation_id uuid, at timestamptz, level text, text text,
      request_id text)
   order by place`;

/** The newest line that is too much, and every older one. Found once: as a condition on each row it would be slow. */
const TRIM = `delete from plugin_log_line where org_id = ? and installation_id = ? and id <= (
    select max(id) from (
      select id, row_number() over newest as place, sum(octet_length(text)) over newest as size
        from plugin_log_line where org_id = ? and installation_id = ? window newest as (order by id desc)
    ) as ranked where place > ? or size > ?)`;

/** @param tx in the scope of the organization */
export async function writeLines(
  tx: Transaction,
  orgId: string,
  backlogs: readonly Backlog[],
): Promise<void> {
  const lines = backlogs.flatMap(({ owner, lines: some }) =>
    some.map(({ at, level, text, requestId }) => ({
      installation_id: owner.installationId,
      at,
      level,
      text,
      request_id: requestId,
    })),
  );
  if (lines.length === 0) return;
  await takeTurns(tx, orgId);
  const placed = lines.map((line, place) => ({ place, ...line }));
  await tx.em.execute(INSERT, [orgId, JSON.stringify(placed)]);
  await tx.notify(LOG_CHANNEL, orgId);
}

/** Removes what is beyond the limits of one installation. @param tx in the scope of the organization */
export async function trimLines(tx: Transaction, { orgId, installationId }: LogOwner): Promise<void> {
  const { linesMax, lineBytesMax } = TELEMETRY_LIMITS;
  await takeTurns(tx, orgId);
  await tx.em.execute(TRIM, [orgId, installationId, orgId, installationId, linesMax, lineBytesMax]);
}

/** Rows are removed one writer after the other, too: two that remove in different orders would lock each other out. */
async function takeTurns(tx: Transaction, orgId: string): Promise<void> {
  await tx.em.execute(TAKE_TURNS, [`souk.plugin-log:${orgId}`]);
}

type Row = { id: string; at: string | Date; level: LogLevel; text: string; request_id: string | null };

/** The newest lines that fit the filter and are older than `before`, oldest first. */
export async function readLines(
  database: Database,
  owner: LogOwner,
  { filter, before, limit }: { filter: LogFilter; before: string | null; limit: number },
): Promise<LogLine[]> {
  const { sql, values } = conditionsOf(owner, filter);
  const rows = await select(
    database,
    owner,
    `${sql}${before === null ? '' : ' and id < ?'} order by id desc`,
    [...values, ...(before === null ? [] : [before]), limit],
  );
  return rows.toReversed();
}

/** The next lines after `after` that fit the filter, oldest first. */
export function followLines(
  database: Database,
  owner: LogOwner,
  { filter, after, limit }: { filter: LogFilter; after: string; limit: number },
): Promise<LogLine[]> {
  const { sql, values } = conditionsOf(owner, filter);
  return select(database, owner, `${sql} and id > ? order by id`, [...values, after, limit]);
}

/** @returns the id of the newest line, for who wants to hear only what comes */
export async function newestLineId(database: Database, owner: LogOwner): Promise<string> {
  const [newest] = await readLines(database, owner, { filter: {}, before: null, limit: 1 });
  return newest?.id ?? '0';
}

async function select(
  database: Database,
  { orgId }: LogOwner,
  rest: string,
  values: readonly unknown[],
): Promise<LogLine[]> {
  const rows = await database.transaction(
    { kind: 'org', orgId },
    ({ em }) =>
      em.execute<Row[]>(`select id, at, level, text, request_id from plugin_log_line where ${rest} limit ?`, [
        ...values,
      ]),
    { access: 'read only' },
  );
  return rows.map(({ id, at, level, text, request_id }) => ({
    id: String(id),
    at: new Date(at),
    level,
    text,
    requestId: request_id,
  }));
}

function conditionsOf(
  { orgId, installationId }: LogOwner,
  filter: LogFilter,
): { sql: string; values: unknown[] } {
  const { level, since, until, requestId, text } = filter;
  const levels = level === undefined ? [] : levelsFrom(level);
  const conditions: [string, readonly unknown[]][] = [
    ['org_id = ?', [orgId]],
    ['installation_id = ?', [installationId]],
    ...(levels.length === 0 ? [] : [[`level in (${levels.map(() => '?').join(', ')})`, levels] as const]),
    ...(since === undefined ? [] : [['at >= ?', [since]] as const]),
    ...(until === undefined ? [] : [['at < ?', [until]] as const]),
    ...(requestId === undefined ? [] : [['request_id = ?', [requestId]] as const]),
    ...(text === undefined ? [] : [['position(lower(?) in lower(text)) > 0', [text]] as const]),
  ].map(([sql, values]) => [sql as string, values as readonly unknown[]]);
  return {
    sql: conditions.map(([sql]) => sql).join(' and '),
    values: conditions.flatMap(([, values]) => values),
  };
}

/** Lines that are old enough, of one organization after the other. @returns how many went */
export async function forgetLines(database: Database, now: Date): Promise<number> {
  const before = new Date(now.getTime() - TELEMETRY_LIMITS.linesKeptMs);
  const owners = await database.transaction({ kind: 'instance' }, ({ em }) =>
    em.execute<{ org_id: string }[]>(`select distinct org_id from plugin_log_line where at < ?`, [before]),
  );
  let gone = 0;
  for (const { org_id: orgId } of owners) {
    gone += await database.transaction({ kind: 'org', orgId }, async (tx) => {
      await takeTurns(tx, orgId);
      const rows = await tx.em.execute<object[]>(
        `delete from plugin_log_line where org_id = ? and at < ? returning 1`,
        [orgId, before],
      );
      return rows.length;
    });
  }
  return gone;
}

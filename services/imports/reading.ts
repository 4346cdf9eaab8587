/** Imports as people see them. */
import { isUuid, type Transaction } from '../../database/index.ts';
import type { Counts, Outcome } from '../../spec/records/verdict.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { HTTP_LIMITS } from '../../spec/limits.ts';
import { Refusal, type Violation } from '../../spec/refusal.ts';
import { settleLost, type EndingPorts } from './ending.ts';
import type { ImportPage, ImportPageRequest } from './import-request.ts';

export type ImportView = {
  readonly id: string;
  readonly origin: 'file' | 'plugin';
  readonly type: string;
  readonly mode: 'apply' | 'dryRun';
  readonly state: 'queued' | 'running' | 'completed' | 'failed';
  readonly plugin: string;
  readonly pluginVersion: string;
  readonly pluginDigest: string;
  readonly file: JsonObject | null;
  readonly options: JsonObject;
  readonly counts: Counts;
  readonly problem: string | null;
  /** The job that works on it. */
  readonly job: string | null;
  /** The audit entry below which its rows hang. */
  readonly audit: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
};

export type ImportRow = {
  readonly import: string;
  readonly row: number;
  readonly type: string;
  readonly outcome: Outcome;
  readonly record: string | null;
  readonly original: JsonValue;
  /** Normalized; of rows that a person decides about. */
  readonly data: JsonValue;
  readonly reasons: readonly Violation[];
  /** Records that it may be. */
  readonly candidates: readonly string[];
  readonly decision: JsonObject | null;
};

export type RowQuery = ImportPageRequest & {
  /** Absent: rows of every import that changes records. */
  readonly importId?: string;
  readonly outcome?: Outcome;
};

type ImportTableRow = {
  [
    key in 'id' | 'record_type' | 'plugin_id' | 'plugin_version' | 'plugin_digest' | 'created_by' | 'audit_id'
  ]: string;
} & Pick<ImportView, 'origin' | 'mode' | 'state' | 'file' | 'options' | 'problem'> & {
    [key in Outcome]: number;
  } & { created_at: string; started_at: string | null; ended_at: string | null; job_id: string | null };

const COLUMNS = `id, origin, record_type, mode, state, plugin_id, plugin_version, plugin_digest, file, options,
  accepted, merged, unchanged, rejected, held, problem, job_id, audit_id, created_by,
  to_json(created_at) #>> '{}' as created_at, to_json(started_at) #>> '{}' as started_at,
  to_json(ended_at) #>> '{}' as ended_at`;

export function listImports(
  { database, tell }: EndingPorts,
  orgId: string,
  { limit = HTTP_LIMITS.pageSizeDefault, cursor }: ImportPageRequest,
): Promise<ImportPage<ImportView>> {
  if (cursor !== undefined && !isUuid(cursor)) throw cursorInvalid();
  return database.transaction({ kind: 'org', orgId }, async (tx) => {
    await settleLost(tx, tell);
    const rows = await tx.em.execute<ImportTableRow[]>(
      `select ${COLUMNS} from record_import where org_id = ? and id < ? order by id desc limit ?`,
      [orgId, cursor ?? 'ffffffff-ffff-ffff-ffff-ffffffffffff', limit + 1],
    );
    const items = rows.slice(0, limit).map(viewOf);
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  });
}

function cursorInvalid(): Refusal {
  return new Refusal('cursor_invalid', { detail: 'The cursor is not one that this list gave.' });
}

export function readImport(
  { database, tell }: EndingPorts,
  orgId: string,
  importId: string,
): Promise<ImportView> {
  return database.transaction({ kind: 'org', orgId }, async (tx) => {
    await settleLost(tx, tell);
    const [row] = isUuid(importId)
      ? await tx.em.execute<ImportTableRow[]>(
          `select ${COLUMNS} from record_import where org_id = ? and id = ?`,
          [orgId, importId],
        )
      : [];
    if (!row) throw importNotFound();
    return viewOf(row);
  });
}

export function importNotFound(): Refusal {
  return new Refusal('import_not_found', { detail: 'The organization has no import of this id.' });
}

function viewOf(row: ImportTableRow): ImportView {
  const { id, origin, mode, state, file, options, problem } = row;
  const { accepted, merged, unchanged, rejected, held } = row;
  return {
    id,
    origin,
    type: row.record_type,
    mode,
    state,
    plugin: row.plugin_id,
    pluginVersion: row.plugin_version,
    pluginDigest: row.plugin_digest,
    file,
    options,
    counts: { accepted, merged, unchanged, rejected, held },
    problem,
    job: row.job_id,
    audit: row.audit_id,
    createdBy: row.created_by,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}

type EvidenceRow = Pick<ImportRow, 'row' | 'outcome' | 'reasons' | 'candidates' | 'decision'> & {
  import_id: string;
  record_type: string;
  record_id: string | null;
  original: string;
  data: string | null;
};

export const ROW_COLUMNS = `evidence.import_id, evidence.row, batch.record_type, evidence.outcome, evidence.record_id,
  evidence.original, evidence.data, evidence.reasons, evidence.candidates, evidence.decision`;
export const ROW_TABLES =
  'record_evidence evidence join record_import batch on batch.id = evidence.import_id';

export async function listRows(
  ports: EndingPorts,
  orgId: string,
  query: RowQuery,
): Promise<ImportPage<ImportRow>> {
  const { importId, limit = HTTP_LIMITS.pageSizeDefault } = query;
  if (importId !== undefined) await readImport(ports, orgId, importId);
  return ports.database.transaction({ kind: 'org', orgId }, async (tx) => {
    const rows = await loadRows(tx, orgId, query, limit + 1);
    const items = rows.slice(0, limit).map(rowOf);
    const last = items.at(-1);
    const nextCursor = rows.length > limit && last ? `${last.import}.${last.row}` : null;
    return { items, nextCursor };
  });
}

function loadRows(tx: Transaction, orgId: string, query: RowQuery, limit: number): Promise<EvidenceRow[]> {
  const { importId, outcome } = query;
  const [afterImport, afterRow] = readCursor(query.cursor);
  return tx.em.execute<EvidenceRow[]>(
    `select ${ROW_COLUMNS} from ${ROW_TABLES}
      where evidence.org_id = ? and (evidence.import_id, evidence.row) > (?::uuid, ?::int)
        ${importId === undefined ? `and batch.mode = 'apply'` : 'and evidence.import_id = ?'}
        ${outcome === undefined ? '' : `and evidence.outcome = '${outcome}'`}
      order by evidence.import_id, evidence.row limit ?`,
    [orgId, afterImport, afterRow, ...(importId === undefined ? [] : [importId]), limit],
  );
}

/** @throws Refusal `cursor_invalid` */
function readCursor(cursor: string | undefined): [string, number] {
  if (cursor === undefined) return ['00000000-0000-0000-0000-000000000000', 0];
  const [id = '', row = ''] = cursor.split('.');
  if (!isUuid(id) || !/^[0-9]{1,9}$/u.test(row)) throw cursorInvalid();
  return [id, Number(row)];
}

export function rowOf(row: EvidenceRow): ImportRow {
  return {
    import: row.import_id,
    row: row.row,
    type: row.record_type,
    outcome: row.outcome,
    record: row.record_id,
    original: JSON.parse(row.original) as JsonValue,
    data: row.data === null ? null : (JSON.parse(row.data) as JsonValue),
    reasons: row.reasons,
    candidates: row.candidates,
    decision: row.decision,
  };
}

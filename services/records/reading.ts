/** Records as people and plugins see them, with the evidence of where they come from. */
import { isUuid, type Database, type Transaction } from '../../database/index.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { checkRecordCursor, checkRecordFilter, recordsThatFit } from '../../spec/host/record-checks.ts';
import type { RecordPage, RecordQuery, RecordView } from '../../spec/host/records.ts';
import { HTTP_LIMITS, RECORD_LIMITS } from '../../spec/limits.ts';
import { Refusal } from '../../spec/refusal.ts';
import { findRecordType } from './record-types.ts';

export type EvidenceView = {
  readonly import: string;
  readonly row: number;
  readonly outcome: string;
  /** The values as they stood in the source. */
  readonly original: JsonValue;
  readonly plugin: string;
  readonly pluginVersion: string;
  readonly pluginDigest: string;
  /** Id, name, size and SHA-256; null for what a plugin proposed by itself. */
  readonly file: JsonObject | null;
  readonly decision: JsonObject | null;
  readonly at: string;
  /** The audit entry of the import. */
  readonly audit: string;
};

export type RecordDetail = RecordView & {
  /** Field to the plugin whose value it is; `*` for all others. */
  readonly sources: Readonly<Record<string, string>>;
  readonly evidence: readonly EvidenceView[];
};

type Row = { id: string; data: JsonObject; revision: number; created_at: string; updated_at: string };

const COLUMNS = `id, data, revision, to_json(created_at) #>> '{}' as created_at,
  to_json(updated_at) #>> '{}' as updated_at`;

/**
 * By id, which is older records first but for those of one moment.
 * @throws Refusal `record_type_unknown`, `name_ambiguous`, `record_request_invalid`, `cursor_invalid`
 */
export function listRecords(
  database: Database,
  orgId: string,
  type: string,
  { filter = [], cursor, limit = HTTP_LIMITS.pageSizeDefault }: RecordQuery,
): Promise<RecordPage> {
  checkRecordCursor(cursor);
  checkRecordFilter(filter);
  return inOrg(database, orgId, async (tx) => {
    const { qualifiedName } = await findRecordType(tx, orgId, type);
    const rows = await tx.em.execute<Row[]>(
      `select ${COLUMNS} from org_record where org_id = ? and record_type = ? and id > ?
        ${'and data ->> ? = ? '.repeat(filter.length)} order by id limit ?`,
      [orgId, qualifiedName, cursor ?? '00000000-0000-0000-0000-000000000000', ...filter.flat(), limit + 1],
    );
    const items = rows.slice(0, recordsThatFit(rows, limit)).map((row) => viewOf(row, qualifiedName));
    return { items, nextCursor: rows.length > items.length ? (items.at(-1)?.id ?? null) : null };
  });
}

function inOrg<Result>(
  database: Database,
  orgId: string,
  work: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  return database.transaction({ kind: 'org', orgId }, work, { access: 'read only' });
}

function viewOf({ id, data, revision, created_at, updated_at }: Row, type: string): RecordView {
  return { id, type, data, revision, createdAt: created_at, updatedAt: updated_at };
}

/** @returns undefined where there is none. @throws Refusal `record_type_unknown`, `name_ambiguous` */
export function findRecord(
  database: Database,
  orgId: string,
  type: string,
  id: string,
): Promise<RecordView | undefined> {
  return inOrg(database, orgId, async (tx) => {
    const { qualifiedName } = await findRecordType(tx, orgId, type);
    const row = await loadRow(tx, orgId, qualifiedName, id);
    return row && viewOf(row, qualifiedName);
  });
}

async function loadRow(
  tx: Transaction,
  orgId: string,
  type: string,
  id: string,
): Promise<(Row & { sources: Record<string, string> }) | undefined> {
  if (!isUuid(id)) return undefined;
  const [row] = await tx.em.execute<(Row & { sources: Record<string, string> })[]>(
    `select ${COLUMNS}, sources from org_record where org_id = ? and record_type = ? and id = ?`,
    [orgId, type, id],
  );
  return row;
}

/** @throws Refusal `record_type_unknown`, `name_ambiguous`, `record_not_found` */
export function readRecord(
  database: Database,
  orgId: string,
  type: string,
  id: string,
): Promise<RecordDetail> {
  return inOrg(database, orgId, async (tx) => {
    const { qualifiedName } = await findRecordType(tx, orgId, type);
    const row = await loadRow(tx, orgId, qualifiedName, id);
    if (!row) throw new Refusal('record_not_found', { detail: `There is no ${qualifiedName} of this id.` });
    return {
      ...viewOf(row, qualifiedName),
      sources: row.sources,
      evidence: await loadEvidence(tx, orgId, id),
    };
  });
}

type EvidenceRow = {
  import_id: string;
  row: number;
  outcome: string;
  original: string;
  plugin_id: string;
  plugin_version: string;
  plugin_digest: string;
  file: JsonObject | null;
  decision: JsonObject | null;
  at: string;
  audit_id: string;
};

async function loadEvidence(tx: Transaction, orgId: string, recordId: string): Promise<EvidenceView[]> {
  const rows = await tx.em.execute<EvidenceRow[]>(
    `select evidence.import_id, evidence.row, evidence.outcome, evidence.original, evidence.decision,
        to_json(evidence.created_at) #>> '{}' as at, batch.plugin_id, batch.plugin_version, batch.plugin_digest,
        batch.file, batch.audit_id
      from record_evidence evidence join record_import batch on batch.id = evidence.import_id
      where evidence.org_id = ? and evidence.record_id = ?
      order by evidence.created_at desc, evidence.row desc limit ${RECORD_LIMITS.evidenceShownMax}`,
    [orgId, recordId],
  );
  return rows.map((row) => ({
    import: row.import_id,
    row: row.row,
    outcome: row.outcome,
    original: JSON.parse(row.original) as JsonValue,
    plugin: row.plugin_id,
    pluginVersion: row.plugin_version,
    pluginDigest: row.plugin_digest,
    file: row.file,
    decision: row.decision,
    at: row.at,
    audit: row.audit_id,
  }));
}

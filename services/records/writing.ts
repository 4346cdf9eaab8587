/** Writes what a batch of rows has come to, in a handful of statements whatever the number of rows. */
import { createHash } from 'node:crypto';
import type { Transaction } from '../../database/index.ts';
import type { JsonValue } from '../../spec/json.ts';
import { RECORD_LIMITS } from '../../spec/limits.ts';
import type { DecidedRow } from '../../spec/records/decide-batch.ts';
import type { KnownRecord, KnownRecords } from '../../spec/records/known-records.ts';
import { requireRecordRoom } from '../../spec/host/record-checks.ts';
import { countsOf, reasonsOf, recordOf } from '../../spec/records/verdict.ts';
import type { Tell } from '../events/index.ts';
import type { RecordImport } from './batch.ts';
import { tellChanges } from './telling.ts';

export type WrittenBatch = {
  readonly known: KnownRecords;
  readonly rows: readonly DecidedRow[];
  readonly tell: Tell;
};

/** @throws Refusal `record_quota_exceeded` */
export async function writeBatch(
  tx: Transaction,
  batch: RecordImport,
  { known, rows, tell }: WrittenBatch,
): Promise<void> {
  const { added, changed } = known.changes();
  switch (batch.mode) {
    case 'apply':
      await countUsage(tx, batch, added.length, rows.length);
      await writeRecords(tx, batch, known, tell);
      break;
    case 'dryRun':
      await countUsage(tx, batch, 0, rows.length);
      await keepDrafts(tx, batch, [...added, ...changed]);
      break;
  }
  await insertEvidence(tx, batch, rows);
  await addCounts(tx, batch, rows);
}

/** Records that are new or changed, with what they are found by; subscribers hear of them. */
export async function writeRecords(
  tx: Transaction,
  batch: RecordImport,
  known: KnownRecords,
  tell: Tell,
): Promise<void> {
  const { added, changed } = known.changes();
  await insertRecords(tx, batch, added);
  await updateRecords(tx, batch, changed);
  await replaceKeys(tx, batch, added, changed);
  await tellChanges(tell, tx, batch, { added, changed });
}

/** @throws Refusal `record_quota_exceeded` */
export async function countUsage(
  tx: Transaction,
  { orgId }: RecordImport,
  records: number,
  evidence: number,
): Promise<void> {
  const [usage] = await tx.em.execute<{ records: number; evidence: number }[]>(
    `insert into record_usage (org_id, records, evidence) values (?, ?, ?)
      on conflict (org_id) do update set records = record_usage.records + excluded.records,
        evidence = record_usage.evidence + excluded.evidence returning records, evidence`,
    [orgId, records, evidence],
  );
  if (usage) requireRecordRoom(usage);
}

function insertRecords(
  tx: Transaction,
  batch: RecordImport,
  records: readonly KnownRecord[],
): Promise<unknown> {
  if (records.length === 0) return Promise.resolve();
  return tx.em.execute(
    `insert into org_record (id, org_id, record_type, data, sources, revision, last_import_id, created_at, updated_at)
      select id, ?, ?, data, sources, 1, ?, now(), now()
        from jsonb_to_recordset(?::jsonb) as fresh (id uuid, data jsonb, sources jsonb)`,
    [batch.orgId, batch.recordType, batch.id, contentsOf(records)],
  );
}

function updateRecords(
  tx: Transaction,
  batch: RecordImport,
  records: readonly KnownRecord[],
): Promise<unknown> {
  if (records.length === 0) return Promise.resolve();
  return tx.em.execute(
    `update org_record set data = fresh.data, sources = fresh.sources, revision = org_record.revision + 1,
        last_import_id = ?, updated_at = now()
      from jsonb_to_recordset(?::jsonb) as fresh (id uuid, data jsonb, sources jsonb)
      where org_record.id = fresh.id and org_record.org_id = ?`,
    [batch.id, contentsOf(records), batch.orgId],
  );
}

function contentsOf(records: readonly KnownRecord[]): string {
  return JSON.stringify(records.map(({ id, data, sources }) => ({ id, data, sources })));
}

function keyRows(records: readonly KnownRecord[]): string {
  return JSON.stringify(records.flatMap(({ id, keys }) => keys.map(({ text }) => ({ id, key: text }))));
}

async function replaceKeys(
  tx: Transaction,
  { orgId, recordType }: RecordImport,
  added: readonly KnownRecord[],
  changed: readonly KnownRecord[],
): Promise<void> {
  if (changed.length > 0)
    await tx.em.execute(
      `delete from record_key where org_id = ?
        and record_id = any (array (select jsonb_array_elements_text(?::jsonb)::uuid))`,
      [orgId, JSON.stringify(changed.map(({ id }) => id))],
    );
  if (added.length + changed.length > 0)
    await tx.em.execute(
      `insert into record_key (org_id, record_type, key, record_id)
        select ?, ?, key, id from jsonb_to_recordset(?::jsonb) as fresh (id uuid, key text) on conflict do nothing`,
      [orgId, recordType, keyRows([...added, ...changed])],
    );
}

async function keepDrafts(
  tx: Transaction,
  { id, orgId }: RecordImport,
  records: readonly KnownRecord[],
): Promise<void> {
  if (records.length === 0) return;
  await tx.em.execute(
    `insert into record_draft (import_id, record_id, org_id, data, sources)
      select ?, id, ?, data, sources from jsonb_to_recordset(?::jsonb) as fresh (id uuid, data jsonb, sources jsonb)
      on conflict (import_id, record_id) do update set data = excluded.data, sources = excluded.sources`,
    [id, orgId, contentsOf(records)],
  );
  await tx.em.execute(
    `insert into record_draft_key (import_id, key, record_id, org_id)
      select ?, key, id, ? from jsonb_to_recordset(?::jsonb) as fresh (id uuid, key text) on conflict do nothing`,
    [id, orgId, keyRows(records)],
  );
}

function insertEvidence(tx: Transaction, batch: RecordImport, rows: readonly DecidedRow[]): Promise<unknown> {
  if (rows.length === 0) return Promise.resolve();
  return tx.em.execute(
    `insert into record_evidence (import_id, row, org_id, outcome, record_id, original, data, target_id, reasons,
        candidates, proposal_hash, created_at)
      select ?, row, ?, outcome, record, original, data, target, reasons, candidates, hash, now()
        from jsonb_to_recordset(?::jsonb) as fresh (row int, outcome text, record uuid, original text, data text,
          target uuid, reasons jsonb, candidates jsonb, hash text)`,
    [batch.id, batch.orgId, JSON.stringify(rows.map((row) => evidenceOf(row, batch)))],
  );
}

function evidenceOf(
  { proposal, verdict, data }: DecidedRow,
  { mode }: RecordImport,
): Record<string, JsonValue> {
  const isHeld = verdict.outcome === 'held';
  return {
    row: proposal.row,
    outcome: verdict.outcome,
    // What a dry run would make is not there afterwards.
    record: mode === 'apply' ? recordOf(verdict) : null,
    original: originalText(proposal.original),
    data: isHeld ? JSON.stringify(data) : null,
    target: proposal.id ?? null,
    reasons: reasonsOf(verdict),
    candidates: isHeld ? [...verdict.candidates] : [],
    hash: isHeld && mode === 'apply' ? verdict.proposalHash : null,
  };
}

/** A value that is too long is represented by its digest. JSON.stringify escapes what PostgreSQL does not store. */
function originalText(original: JsonValue): string {
  const text = JSON.stringify(original);
  if (text.length <= RECORD_LIMITS.originalCharsMax) return text;
  const sha256 = createHash('sha256').update(text).digest('hex');
  return JSON.stringify({ omitted: 'longer than is kept', chars: text.length, sha256 });
}

async function addCounts(tx: Transaction, { id }: RecordImport, rows: readonly DecidedRow[]): Promise<void> {
  const counts = countsOf(rows.map(({ verdict }) => verdict.outcome));
  await tx.em.execute(
    `update record_import set accepted = accepted + ?, merged = merged + ?, unchanged = unchanged + ?,
      rejected = rejected + ?, held = held + ? where id = ?`,
    [counts.accepted, counts.merged, counts.unchanged, counts.rejected, counts.held, id],
  );
}

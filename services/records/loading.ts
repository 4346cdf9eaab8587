/** What a batch of rows has to know of the database, in a handful of statements whatever the number of rows. */
import type { Transaction } from '../../database/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { CORE_RECORD_TYPES } from '../../spec/modules/core-modules.ts';
import type { RecordImport } from './batch.ts';
import type { JudgedType } from '../../spec/records/judged-type.ts';
import { keysOf, slugKey } from '../../spec/records/keys.ts';
import {
  KnownRecords,
  PER_KEY_MAX,
  type FieldSources,
  type KnownRecord,
  type PriorDecision,
} from '../../spec/records/known-records.ts';
import { lookups, namedIds, type ReadRow } from '../../spec/records/read-row.ts';

/** @param tx in the scope of the organization, with the turn of its record type */
export async function loadKnown(
  tx: Transaction,
  batch: RecordImport,
  judged: JudgedType,
  rows: readonly ReadRow[],
): Promise<KnownRecords> {
  const decisions = await loadDecisions(tx, batch, rows);
  const known = new KnownRecords(await loadReferences(tx, batch, judged, rows), decisions);
  const texts = [...new Set(rows.flatMap(lookups))];
  const ids = new Set([...(await idsByKey(tx, batch, texts)), ...namedIds(rows, decisions)]);
  for (const record of await loadStored(tx, batch, judged, [...ids])) known.put(record);
  if (batch.mode === 'dryRun')
    for (const draft of await loadDrafts(tx, batch, judged, [...ids], texts)) known.put(draft);
  return known;
}

async function idsByKey(
  tx: Transaction,
  { orgId, recordType }: RecordImport,
  texts: string[],
): Promise<string[]> {
  const rows = await tx.em.execute<{ record_id: string }[]>(
    `select distinct found.record_id from jsonb_array_elements_text(?::jsonb) as wanted (key)
      cross join lateral (select record_id from record_key
        where org_id = ? and record_type = ? and key = wanted.key order by record_id limit ${PER_KEY_MAX}) as found`,
    [JSON.stringify(texts), orgId, recordType],
  );
  return rows.map(({ record_id }) => record_id);
}

type StoredRow = { id: string; data: JsonObject; sources: FieldSources; last_import_id: string };

async function loadStored(
  tx: Transaction,
  { orgId, recordType }: RecordImport,
  judged: JudgedType,
  ids: readonly string[],
): Promise<KnownRecord[]> {
  const rows = await tx.em.execute<StoredRow[]>(
    `select id, data, sources, last_import_id from org_record where org_id = ? and record_type = ?
      and id = any (array (select jsonb_array_elements_text(?::jsonb)::uuid))`,
    [orgId, recordType, JSON.stringify(ids)],
  );
  return rows.map((row) => knownOf(row, judged));
}

function knownOf({ id, data, sources, last_import_id }: StoredRow, { type }: JudgedType): KnownRecord {
  const keys = keysOf(type, data);
  return { id, data, sources, lastImportId: last_import_id, keys, standing: 'stored', stored: data };
}

/** Records as the earlier rows of a dry run would have left them. */
async function loadDrafts(
  tx: Transaction,
  { id: importId }: RecordImport,
  judged: JudgedType,
  ids: readonly string[],
  texts: readonly string[],
): Promise<KnownRecord[]> {
  const rows = await tx.em.execute<StoredRow[]>(
    `select record_id as id, data, sources, import_id as last_import_id from record_draft where import_id = ?
      and record_id = any (array (
        select jsonb_array_elements_text(?::jsonb)::uuid
        union select found.record_id from jsonb_array_elements_text(?::jsonb) as wanted (key)
          cross join lateral (select record_id from record_draft_key
            where import_id = ? and key = wanted.key order by record_id limit ${PER_KEY_MAX}) as found))`,
    [importId, JSON.stringify(ids), JSON.stringify(texts), importId],
  );
  return rows.map((row) => knownOf(row, judged));
}

/** The slugs that rows name and that are there, as `type:slug`. */
async function loadReferences(
  tx: Transaction,
  { orgId }: RecordImport,
  { type }: JudgedType,
  rows: readonly ReadRow[],
): Promise<Set<string>> {
  const found = new Set<string>();
  for (const [field, target] of Object.entries(type.references ?? {})) {
    if (!CORE_RECORD_TYPES.has(target)) continue;
    const slugs = new Set(rows.flatMap(({ data }) => (typeof data[field] === 'string' ? [data[field]] : [])));
    const keys = new Map([...slugs].map((slug) => [slugKey(slug), slug]));
    const hits = await tx.em.execute<{ key: string }[]>(
      `select distinct key from record_key where org_id = ? and record_type = ?
        and key = any (array (select jsonb_array_elements_text(?::jsonb)))`,
      [orgId, target, JSON.stringify([...keys.keys()])],
    );
    for (const { key } of hits) found.add(`${target}:${keys.get(key)}`);
  }
  return found;
}

type DecidedRow = {
  proposal_hash: string;
  outcome: string;
  record_id: string | null;
  import_id: string;
  row: number;
};

/** What became of equal rows that were held before; the latest counts. */
async function loadDecisions(
  tx: Transaction,
  { orgId }: RecordImport,
  rows: readonly ReadRow[],
): Promise<Map<string, PriorDecision>> {
  const found = await tx.em.execute<DecidedRow[]>(
    `select proposal_hash, outcome, record_id, import_id, row from record_evidence where org_id = ?
      and proposal_hash is not null
      and proposal_hash = any (array (select jsonb_array_elements_text(?::jsonb))) order by created_at, row`,
    [orgId, JSON.stringify(rows.map(({ hash }) => hash))],
  );
  return new Map(found.map((row) => [row.proposal_hash, priorOf(row)]));
}

function priorOf({ outcome, record_id, import_id, row }: DecidedRow): PriorDecision {
  if (outcome === 'held') return { kind: 'waiting', importId: import_id, row };
  return record_id === null ? { kind: 'rejected' } : { kind: 'recorded', recordId: record_id };
}

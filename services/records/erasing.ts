/** Erases a record: its data, and the personal values that its evidence kept. */
import { appendAudit, isUuid, type Database, type Transaction } from '../../database/index.ts';
import type { Acting } from '../../registry/installations/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { CORE_RECORD_TYPES } from '../../spec/modules/core-modules.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { Tell } from '../events/index.ts';
import { findRecordType } from './record-types.ts';
import { takeTypeLock } from './proposing.ts';
import { tellDeletion } from './telling.ts';

export type EraseRequest = {
  /** Name of the record type, bare or qualified; it does not have to be in force. */
  readonly type: string;
  readonly id: string;
};

type Found = { readonly orgId: string; readonly recordType: string; readonly id: string };

/** Takes the place of the values of a row. What the audit's digest covers stays: row, outcome and record. */
const ERASED = JSON.stringify({ omitted: 'erased' });

/**
 * @throws Refusal `record_type_unknown`, `name_ambiguous`, `record_not_found`, `record_referenced`
 */
export function eraseRecord(
  { database, tell }: { readonly database: Database; readonly tell: Tell },
  { orgId, actor }: Acting,
  { type, id }: EraseRequest,
): Promise<void> {
  return database.transaction({ kind: 'org', orgId }, async (tx) => {
    const { qualifiedName: recordType } = await findRecordType(tx, orgId, type);
    await lockTypes(tx, orgId, recordType);
    const found = { orgId, recordType, id };
    const data = await requireRecord(tx, found);
    await requireUnreferenced(tx, found, data);
    await tx.em.execute('delete from org_record where org_id = ? and id = ?', [orgId, id]);
    await tx.em.execute('update record_usage set records = records - 1 where org_id = ?', [orgId]);
    const evidenceRows = await eraseEvidence(tx, found);
    await tellDeletion(tell, tx, found, Object.keys(data));
    await appendAudit(tx, {
      scope: { kind: 'org', orgId },
      actor,
      action: 'record.erased',
      subject: `record:${id}`,
      detail: { recordType, evidenceRows },
    });
  });
}

/** Its own type, and those whose rows may come to name it meanwhile; in one order, so that two cannot wait crosswise. */
async function lockTypes(tx: Transaction, orgId: string, recordType: string): Promise<void> {
  const types = new Set([recordType, ...referrersOf(recordType).map(({ type }) => type)]);
  for (const type of [...types].sort()) await takeTypeLock(tx, orgId, type);
}

function referrersOf(recordType: string): { readonly type: string; readonly field: string }[] {
  return [...CORE_RECORD_TYPES].flatMap(([type, { references = {} }]) =>
    Object.entries(references).flatMap(([field, target]) => (target === recordType ? [{ type, field }] : [])),
  );
}

/** @throws Refusal `record_not_found` */
async function requireRecord(tx: Transaction, { orgId, recordType, id }: Found): Promise<JsonObject> {
  const [row] = isUuid(id)
    ? await tx.em.execute<{ data: JsonObject }[]>(
        'select data from org_record where org_id = ? and record_type = ? and id = ?',
        [orgId, recordType, id],
      )
    : [];
  if (!row) throw new Refusal('record_not_found', { detail: `There is no ${recordType} of this id.` });
  return row.data;
}

/** @throws Refusal `record_referenced`, which says by what */
async function requireUnreferenced(tx: Transaction, found: Found, data: JsonObject): Promise<void> {
  const { orgId, recordType, id } = found;
  const slug = data['slug'];
  for (const { type, field } of typeof slug === 'string' ? referrersOf(recordType) : []) {
    const [row] = await tx.em.execute<{ id: string }[]>(
      'select id from org_record where org_id = ? and record_type = ? and data ->> ? = ? limit 1',
      [orgId, type, field, String(slug)],
    );
    if (row) throw referenced(`The ${type} ${row.id} names it as its ${field}.`);
  }
  const [waiting] = await tx.em.execute<{ import_id: string; row: number }[]>(
    `select import_id, row from record_evidence where org_id = ? and outcome = 'held' and candidates @> ?::jsonb
      and exists (select from record_import where id = import_id and mode = 'apply') limit 1`,
    [orgId, JSON.stringify([id])],
  );
  if (waiting)
    throw referenced(
      `The row ${waiting.row} of the import ${waiting.import_id} waits for review and may be about it.`,
    );
}

function referenced(detail: string): Refusal {
  return new Refusal('record_referenced', { detail });
}

/** An equal row that comes again is a new row: nothing remembers what was decided about the one before. */
async function eraseEvidence(tx: Transaction, { orgId, id }: Found): Promise<number> {
  await tx.em.execute('delete from record_draft where org_id = ? and record_id = ?', [orgId, id]);
  await tx.em.execute('delete from record_draft_key where org_id = ? and record_id = ?', [orgId, id]);
  const rows = await tx.em.execute<object[]>(
    `update record_evidence set original = ?, data = null, reasons = '[]', candidates = '[]', proposal_hash = null
      where org_id = ? and record_id = ? returning row`,
    [ERASED, orgId, id],
  );
  return rows.length;
}

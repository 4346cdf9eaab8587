/** Takes what a plugin proposes: the one way in which records come to be, and change. */
import { randomUUIDv7 } from 'node:crypto';
import type { Database, Transaction } from '../../database/index.ts';
import { requireDistinctRows } from '../../spec/host/record-checks.ts';
import type { ProposalAnswer, ProposalBatch, RecordPort, RowAnswer } from '../../spec/host/records.ts';
import { answerBatch, saysNothing } from '../../spec/records/batch-answer.ts';
import { decideRows, readable, readRows, type DecidedRow } from '../../spec/records/decide-batch.ts';
import { hasOwnFields, judge } from '../../spec/records/judged-type.ts';
import type { KnownRecords } from '../../spec/records/known-records.ts';
import type { Judgement } from '../../spec/records/proposal.ts';
import type { Outcome } from '../../spec/records/verdict.ts';
import type { Violation } from '../../spec/refusal.ts';
import type { Tell } from '../events/index.ts';
import { createImport, requireRunning, type NewImport, type RecordImport } from './batch.ts';
import { loadKnown } from './loading.ts';
import { findRecordType } from './record-types.ts';
import { Turns } from './turns.ts';
import { writeBatch } from './writing.ts';

/**
 * Rows are decided in order, one batch after the other for each record type of an organization. A row of an import
 * that was decided before is answered as it was then.
 */
export function proposing(database: Database, tell: Tell): RecordPort['propose'] {
  const turns = new Turns();
  return (batch) => {
    requireDistinctRows(batch.rows);
    // A guest with many calls in flight would else hold a connection for each of them while it waits for the lock.
    return turns.take(batch.orgId, () =>
      database.transaction({ kind: 'org', orgId: batch.orgId }, (tx) => proposeIn(tx, batch, tell)),
    );
  };
}

async function proposeIn(tx: Transaction, batch: ProposalBatch, tell: Tell): Promise<ProposalAnswer> {
  const found = await findRecordType(tx, batch.orgId, batch.type);
  const judged = judge(found);
  await takeTypeLock(tx, batch.orgId, judged.name);
  const target = await importOf(tx, batch, judged.name);
  const { id: plugin } = batch.proposer.plugin;
  const ownFields = hasOwnFields(found, plugin) ? 'yes' : 'no';
  const judgement: Judgement = { judged, plugin, ownFields, importId: target.id };
  const before = await answeredBefore(tx, batch);
  const fresh = batch.rows.filter(({ row }) => !before.has(row));
  const readings = readRows(fresh, judgement);
  const known = await loadKnown(tx, target, judged, readable(readings));
  const decided = decideRows(readings, known, judgement);
  return finish(tx, batch, target, { known, decided, before, tell });
}

/** The running import that was named, or a batch of its own, which is made once something is to be kept. */
async function importOf(tx: Transaction, batch: ProposalBatch, recordType: string): Promise<RecordImport> {
  const { orgId, importId, proposer } = batch;
  if (importId !== undefined) return requireRunning(tx, orgId, importId, { proposer, recordType });
  return { id: randomUUIDv7(), orgId, recordType, mode: 'apply' };
}

type Result = {
  readonly known: KnownRecords;
  readonly decided: readonly DecidedRow[];
  readonly before: ReadonlyMap<number, RowAnswer>;
  readonly tell: Tell;
};

async function finish(
  tx: Transaction,
  batch: ProposalBatch,
  target: RecordImport,
  { known, decided, before, tell }: Result,
): Promise<ProposalAnswer> {
  if (!saysNothing(batch, decided)) {
    if (batch.importId === undefined) await createImport(tx, ownImport(batch, target));
    await writeBatch(tx, target, { known, rows: decided, tell });
  }
  return answerBatch(batch, { importId: target.id, mode: target.mode, decided }, before);
}

function ownImport({ proposer }: ProposalBatch, target: RecordImport): NewImport {
  const actor = { kind: 'plugin', plugin: proposer.plugin.id } as const;
  return { ...target, origin: 'plugin', proposer, file: null, options: {}, actor };
}

type AnsweredRow = { row: number; outcome: Outcome; record_id: string | null; reasons: Violation[] };

async function answeredBefore(
  tx: Transaction,
  { importId, rows }: ProposalBatch,
): Promise<Map<number, RowAnswer>> {
  if (importId === undefined) return new Map();
  const found = await tx.em.execute<AnsweredRow[]>(
    `select row, outcome, record_id, reasons from record_evidence where import_id = ?
      and row = any (array (select jsonb_array_elements_text(?::jsonb)::int))`,
    [importId, JSON.stringify(rows.map(({ row }) => row))],
  );
  return new Map(
    found.map(({ row, outcome, record_id, reasons }) => [row, { row, outcome, record: record_id, reasons }]),
  );
}

/** One batch after the other: what a row could mean must not change while it is decided. */
export async function takeTypeLock(tx: Transaction, orgId: string, recordType: string): Promise<void> {
  await tx.em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [
    `souk.records:${orgId}:${recordType}`,
  ]);
}

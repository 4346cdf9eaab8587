/** Takes what a plugin proposes: the one way in which records come to be, and change. */
import { randomUUIDv7 } from 'node:crypto';
import type { Database, Transaction } from '../../database/index.ts';
import { Refusal, type Violation } from '../../spec/refusal.ts';
import type { Tell } from '../events/index.ts';
import { createImport, requireRunning, type NewImport, type Proposer, type RecordImport } from './batch.ts';
import { decideRow, type Judgement, type Proposal, type Verdict } from './decision.ts';
import { findRecordType, hasOwnFields, judge } from './judged-type.ts';
import type { KnownRecords } from './known-records.ts';
import { loadKnown } from './loading.ts';
import { readRow, type ReadRow } from './read-row.ts';
import { Turns } from './turns.ts';
import {
  countsOf,
  reasonsOf,
  recordOf,
  writeBatch,
  type Counts,
  type DecidedRow,
  type Outcome,
} from './writing.ts';

export type ProposalBatch = {
  readonly orgId: string;
  readonly proposer: Proposer;
  /** Name of the record type, bare or qualified. */
  readonly type: string;
  /** The import that the run was begun for; absent where a plugin proposes by itself. */
  readonly importId?: string;
  readonly rows: readonly Proposal[];
};

export type RowAnswer = {
  readonly row: number;
  readonly outcome: Outcome;
  readonly record: string | null;
  readonly reasons: readonly Violation[];
};

export type ProposalAnswer = Counts & {
  /** Null where a plugin proposed by itself what is there already. */
  readonly import: string | null;
  readonly rows: readonly RowAnswer[];
};

export type Propose = (batch: ProposalBatch) => Promise<ProposalAnswer>;

/**
 * Rows are decided in order, one batch after the other for each record type of an organization. A row of an import
 * that was decided before is answered as it was then.
 *
 * The function throws Refusal `record_type_unknown`, `record_type_not_in_force`, `name_ambiguous`,
 * `record_request_invalid`, `import_not_running`, `record_quota_exceeded`
 */
export function proposing(database: Database, tell: Tell): Propose {
  const turns = new Turns();
  return (batch) => {
    requireDistinctRows(batch.rows);
    // A guest with many calls in flight would else hold a connection for each of them while it waits for the lock.
    return turns.take(batch.orgId, () =>
      database.transaction({ kind: 'org', orgId: batch.orgId }, (tx) => proposeIn(tx, batch, tell)),
    );
  };
}

function requireDistinctRows(rows: readonly Proposal[]): void {
  const seen = new Set<number>();
  for (const { row } of rows) {
    if (seen.has(row))
      throw new Refusal('record_request_invalid', { detail: `The row ${row} stands twice in one proposal.` });
    seen.add(row);
  }
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
  const read = fresh.map((proposal) => ({ proposal, read: readRow(proposal, judgement) }));
  const readable = read.flatMap((each) => (Array.isArray(each.read) ? [] : [each.read as ReadRow]));
  const known = await loadKnown(tx, target, judged, readable);
  const decided = read.map((each): DecidedRow => ({
    proposal: each.proposal,
    verdict: decideRow(each.read, known, judgement),
    data: Array.isArray(each.read) ? null : (each.read as ReadRow).data,
  }));
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
  const isOwn = batch.importId === undefined;
  const saysNothing = isOwn && decided.every(({ verdict }) => verdict.outcome === 'unchanged');
  if (!saysNothing) {
    if (isOwn) await createImport(tx, ownImport(batch, target));
    await writeBatch(tx, target, { known, rows: decided, tell });
  }
  const fresh = new Map(
    decided.map(({ proposal, verdict }) => [proposal.row, answerOf(proposal, verdict, target)]),
  );
  const rows = batch.rows.flatMap(({ row }) => before.get(row) ?? fresh.get(row) ?? []);
  return { import: saysNothing ? null : target.id, ...countsOf(rows.map(({ outcome }) => outcome)), rows };
}

function ownImport({ proposer }: ProposalBatch, target: RecordImport): NewImport {
  const actor = { kind: 'plugin', plugin: proposer.plugin.id } as const;
  return { ...target, origin: 'plugin', proposer, file: null, options: {}, actor };
}

function answerOf({ row }: Proposal, verdict: Verdict, { mode }: RecordImport): RowAnswer {
  const record = mode === 'apply' ? recordOf(verdict) : null;
  return { row, outcome: verdict.outcome, record, reasons: reasonsOf(verdict) };
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

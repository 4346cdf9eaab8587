/** What the plugin that proposed a batch of rows is answered. */
import type { ImportMode } from '../host/imports.ts';
import type { ProposalAnswer, ProposalBatch, RowAnswer } from '../host/records.ts';
import type { DecidedRow } from './decide-batch.ts';
import { countsOf, reasonsOf, recordOf } from './verdict.ts';

/** Rows that were decided, for an import or for a batch of their own. */
export type DecidedBatch = {
  /** The import; of a batch of its own the id that it would get. */
  readonly importId: string;
  readonly mode: ImportMode;
  readonly decided: readonly DecidedRow[];
};

/** @returns whether there is nothing to keep: a plugin proposed by itself what is there already */
export function saysNothing({ importId }: ProposalBatch, decided: readonly DecidedRow[]): boolean {
  return importId === undefined && decided.every(({ verdict }) => verdict.outcome === 'unchanged');
}

/** @param before rows of the same import that had been decided before, as they were answered then */
export function answerBatch(
  batch: ProposalBatch,
  { importId, mode, decided }: DecidedBatch,
  before: ReadonlyMap<number, RowAnswer>,
): ProposalAnswer {
  const fresh = new Map(decided.map((each) => [each.proposal.row, rowAnswer(each, mode)]));
  const rows = batch.rows.flatMap(({ row }) => before.get(row) ?? fresh.get(row) ?? []);
  const counts = countsOf(rows.map(({ outcome }) => outcome));
  return { import: saysNothing(batch, decided) ? null : importId, ...counts, rows };
}

/** What a dry run would make is not there afterwards. */
export function rowAnswer({ proposal, verdict }: DecidedRow, mode: ImportMode): RowAnswer {
  const record = mode === 'apply' ? recordOf(verdict) : null;
  return { row: proposal.row, outcome: verdict.outcome, record, reasons: reasonsOf(verdict) };
}

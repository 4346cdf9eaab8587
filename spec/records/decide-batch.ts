/** A batch of rows: read, and decided in order, each against what the rows before it have made. */
import type { Violation } from '../refusal.ts';
import { decideRow } from './decision.ts';
import type { KnownRecords } from './known-records.ts';
import type { RecordData } from './normalise.ts';
import type { Judgement, Proposal } from './proposal.ts';
import { readRow, type ReadRow } from './read-row.ts';
import type { Verdict } from './verdict.ts';

/** A row that was read, or the rules that it broke before it was looked at further. */
export type Reading = { readonly proposal: Proposal; readonly read: ReadRow | Violation[] };

/** A row and what becomes of it; `data` of those that could be normalized. */
export type DecidedRow = {
  readonly proposal: Proposal;
  readonly verdict: Verdict;
  readonly data: RecordData | null;
};

export function readRows(rows: readonly Proposal[], judgement: Judgement): Reading[] {
  return rows.map((proposal) => ({ proposal, read: readRow(proposal, judgement) }));
}

/** @returns the rows that something has to be looked up for */
export function readable(readings: readonly Reading[]): ReadRow[] {
  return readings.flatMap(({ read }) => (Array.isArray(read) ? [] : [read]));
}

/** Decides the rows in order, and puts what becomes of them into `known`. */
export function decideRows(
  readings: readonly Reading[],
  known: KnownRecords,
  judgement: Judgement,
): DecidedRow[] {
  return readings.map(({ proposal, read }) => ({
    proposal,
    verdict: decideRow(read, known, judgement),
    data: Array.isArray(read) ? null : read.data,
  }));
}

/** What records are refused for wherever they are proposed and read. */
import { ISOLATE_LIMITS, RECORD_LIMITS } from '../limits.ts';
import type { JsonObject } from '../json.ts';
import type { Proposal } from '../records/proposal.ts';
import { Refusal } from '../refusal.ts';
import { isUuid } from '../uuid.ts';

/** @throws Refusal `record_request_invalid` */
export function requireDistinctRows(rows: readonly Proposal[]): void {
  const seen = new Set<number>();
  for (const { row } of rows) {
    if (seen.has(row))
      throw new Refusal('record_request_invalid', { detail: `The row ${row} stands twice in one proposal.` });
    seen.add(row);
  }
}

/** @param usage with what is added. @throws Refusal `record_quota_exceeded` */
export function requireRecordRoom(usage: { readonly records: number; readonly evidence: number }): void {
  const { recordsMax, evidenceRowsMax } = RECORD_LIMITS;
  if (usage.records <= recordsMax && usage.evidence <= evidenceRowsMax) return;
  throw new Refusal('record_quota_exceeded', {
    detail: `An organization keeps at most ${recordsMax} records and ${evidenceRowsMax} rows of evidence.`,
  });
}

/** @throws Refusal `cursor_invalid` */
export function checkRecordCursor(cursor: string | undefined): void {
  if (cursor === undefined || isUuid(cursor)) return;
  throw new Refusal('cursor_invalid', { detail: 'The cursor is not one that this list gave.' });
}

/** PostgreSQL has no U+0000 in text. @throws Refusal `record_request_invalid` */
export function checkRecordFilter(filter: readonly (readonly [string, string])[]): void {
  if (filter.length > RECORD_LIMITS.filtersMax)
    throw new Refusal('record_request_invalid', {
      detail: `There are ${filter.length} filters; at most ${RECORD_LIMITS.filtersMax} are taken.`,
    });
  if (filter.flat().some((text) => text.includes('\0') || !text.isWellFormed()))
    throw new Refusal('record_request_invalid', {
      detail: 'A filter holds U+0000 or half a surrogate pair.',
    });
}

/** A page reaches a guest in one answer, with room for what is around the data. */
const PAGE_CHARS_MAX = ISOLATE_LIMITS.answerCharsMax / 2;

/** @returns how many of the records make a page: as many as were asked for, fewer where they are large */
export function recordsThatFit(records: readonly { readonly data: JsonObject }[], limit: number): number {
  let chars = 0;
  const first = records.findIndex(({ data }) => (chars += JSON.stringify(data).length) > PAGE_CHARS_MAX);
  return Math.min(limit, first === -1 ? records.length : Math.max(1, first));
}

/** @param why a sentence. @returns Refusal `import_not_running` */
export function importNotRunning(why: string): Refusal {
  return new Refusal('import_not_running', { detail: why });
}

/**
 * Records in memory: what plugins propose is decided by the very code of a server, with its evidence, dry runs and
 * quotas. What is held waits; there is nobody here to decide it.
 */
import type { ImportPort } from '../../spec/host/imports.ts';
import type { NewEvent } from '../../spec/host/events.ts';
import {
  checkRecordCursor,
  checkRecordFilter,
  importNotRunning,
  recordsThatFit,
  requireDistinctRows,
  requireRecordRoom,
} from '../../spec/host/record-checks.ts';
import type {
  ProposalAnswer,
  ProposalBatch,
  Proposer,
  RecordPage,
  RecordPort,
  RecordQuery,
  RecordView,
  RowAnswer,
} from '../../spec/host/records.ts';
import type { JsonObject } from '../../spec/json.ts';
import { RECORD_LIMITS } from '../../spec/limits.ts';
import type { OrgModules } from '../../spec/modules/org-modules.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { answerBatch, saysNothing } from '../../spec/records/batch-answer.ts';
import { decideRows, readable, readRows, type DecidedRow } from '../../spec/records/decide-batch.ts';
import { hasOwnFields, judge, requireRecordType, type JudgedType } from '../../spec/records/judged-type.ts';
import { KnownRecords } from '../../spec/records/known-records.ts';
import type { Judgement } from '../../spec/records/proposal.ts';
import { lookups, namedIds, type ReadRow } from '../../spec/records/read-row.ts';
import { changeEvents, importEvent } from '../../spec/records/record-events.ts';
import { CORE_RECORD_TYPES } from '../../spec/modules/core-modules.ts';
import { Refusal } from '../../spec/refusal.ts';
import { createBatchBook, type Batch, type BatchBook, type MemoryImport } from './imports.ts';
import { createRecordTable, type RecordTable } from './record-table.ts';

export type MemoryRecords = RecordPort &
  ImportPort & {
    /** Of all types, in the order of their ids. */
    all(): readonly RecordView[];
    /** Batches of proposals, oldest first. */
    imports(): readonly MemoryImport[];
    /**
     * Puts records there that somebody else has said.
     * @param rows the data of each
     * @throws Refusal `record_request_invalid` for rows that are not accepted, and as `propose`
     */
    give(type: string, rows: readonly JsonObject[]): void;
    /** Ends an import that is running, and tells of it. */
    end(importId: string, end: ImportEnd): void;
  };

export type ImportEnd = { readonly state: 'completed' | 'failed'; readonly problem: string | null };

export type RecordPorts = {
  /** What the organization has now. */
  readonly modules: () => OrgModules;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Tells facts to whoever subscribes. */
  readonly tell: (events: readonly NewEvent[]) => void;
  /** Called for each batch of rows that was decided. */
  readonly decided: (batch: ProposalBatch, answer: ProposalAnswer) => void;
};

type Parts = RecordPorts & { readonly table: RecordTable; readonly book: BatchBook };

export function createMemoryRecords(ports: RecordPorts): MemoryRecords {
  const parts: Parts = { ...ports, table: createRecordTable(), book: createBatchBook() };
  const { table, book, modules } = parts;
  const end = (importId: string, ended: ImportEnd): void => endImport(parts, book.find(importId), ended);
  return {
    end,
    all: () => table.views(),
    imports: () => book.views(),
    propose: async (batch) => propose(parts, batch),
    give: (type, rows) => give(parts, type, rows),
    find: async (_orgId, type, id) => {
      const { qualifiedName } = requireRecordType(modules(), type);
      return table.views().find((record) => record.type === qualifiedName && record.id === id);
    },
    list: async (_orgId, type, query) => list(parts, type, query),
    beginOwn: async (wish) => book.begin(wish, judge(requireRecordType(modules(), wish.type)).name).id,
    endOwn: async (_orgId, installationId, importId, problem) => {
      const batch = book.find(importId);
      if (batch?.installationId !== installationId || batch.state !== 'running')
        throw importNotRunning('The plugin has no running import of this id.');
      end(importId, { state: 'completed', problem });
      return { id: importId, counts: book.view(batch).counts };
    },
  };
}

function propose(parts: Parts, proposal: ProposalBatch): ProposalAnswer {
  requireDistinctRows(proposal.rows);
  const { book } = parts;
  const found = requireRecordType(parts.modules(), proposal.type);
  const judged = judge(found);
  const { plugin, installationId } = proposal.proposer;
  const recordType = judged.name;
  const batch =
    proposal.importId === undefined
      ? book.alone(proposal, recordType)
      : book.requireRunning(proposal.importId, { installationId, recordType });
  const ownFields = hasOwnFields(found, plugin.id) ? 'yes' : 'no';
  const judgement: Judgement = { judged, plugin: plugin.id, ownFields, importId: batch.id };
  const before: ReadonlyMap<number, RowAnswer> = new Map(batch.rows);
  const fresh = proposal.rows.filter(({ row }) => !before.has(row));
  const readings = readRows(fresh, judgement);
  const known = knownOf(parts, batch, judged, readable(readings));
  const decided = decideRows(readings, known, judgement);
  if (!saysNothing(proposal, decided)) write(parts, batch, known, decided);
  const answer = answerBatch(proposal, { importId: batch.id, mode: batch.mode, decided }, before);
  parts.decided(proposal, answer);
  return answer;
}

const SOMEBODY: Proposer = {
  installationId: 'somebody',
  plugin: { id: 'somebody/else' as PluginId, version: '0.0.0' },
  digest: '',
};

function give(parts: Parts, type: string, data: readonly JsonObject[]): void {
  const rows = data.map((each, index) => ({ row: index + 1, original: each, data: each }));
  const answer = propose(parts, { orgId: '', proposer: SOMEBODY, type, rows });
  const wrong = answer.rows.find(({ outcome }) => outcome !== 'accepted');
  if (!wrong) return;
  const [reason] = wrong.reasons;
  throw new Refusal('record_request_invalid', {
    detail: `${type} ${wrong.row} of those that are given is ${wrong.outcome}: ${reason?.pointer ?? ''} ${reason?.message ?? ''}.`,
    violations: wrong.reasons,
  });
}

/** What a batch of rows has to know: see `services/records/loading.ts`. */
function knownOf(
  { table, book }: Parts,
  { mode, drafts }: Batch,
  judged: JudgedType,
  rows: readonly ReadRow[],
): KnownRecords {
  const decisions = book.decisionsOn(rows.map(({ hash }) => hash));
  const known = new KnownRecords(referencesOf(table, judged, rows), decisions);
  const texts = [...new Set(rows.flatMap(lookups))];
  const stored = table.matching(judged.name, { ids: namedIds(rows, decisions), texts });
  for (const record of stored) known.put(record);
  if (mode === 'apply') return known;
  const ids = [...stored.map(({ id }) => id), ...namedIds(rows, decisions)];
  for (const draft of drafts.matching(judged.name, { ids, texts })) known.put(draft);
  return known;
}

function referencesOf(table: RecordTable, { type }: JudgedType, rows: readonly ReadRow[]): Set<string> {
  const named = Object.entries(type.references ?? {}).flatMap(([field, target]) =>
    rows.flatMap(({ data }) => {
      const slug = data[field];
      const isThere =
        typeof slug === 'string' && CORE_RECORD_TYPES.has(target) && table.hasSlug(target, slug);
      return isThere ? [`${target}:${slug}`] : [];
    }),
  );
  return new Set(named);
}

/** @throws Refusal `record_quota_exceeded` */
function write(
  { table, book, nowMs, tell }: Parts,
  batch: Batch,
  known: KnownRecords,
  decided: readonly DecidedRow[],
): void {
  const changes = known.changes();
  const isApplied = batch.mode === 'apply';
  const records = table.size + (isApplied ? changes.added.length : 0);
  requireRecordRoom({ records, evidence: book.evidence + decided.length });
  book.keep(batch);
  book.note(batch, decided);
  (isApplied ? table : batch.drafts).write(batch.recordType, changes, nowMs());
  if (isApplied) tell(changeEvents(batch, changes));
}

function list({ modules, table }: Parts, type: string, query: RecordQuery): RecordPage {
  const { filter = [], cursor, limit = RECORD_LIMITS.listMax } = query;
  checkRecordCursor(cursor);
  checkRecordFilter(filter);
  const { qualifiedName } = requireRecordType(modules(), type);
  const wanted = table
    .views()
    .filter((record) => record.type === qualifiedName && record.id > (cursor ?? ''))
    .filter(({ data }) => filter.every(([field, text]) => textOf(data, field) === text));
  const items = wanted.slice(0, recordsThatFit(wanted.slice(0, limit + 1), limit));
  return { items, nextCursor: wanted.length > items.length ? (items.at(-1)?.id ?? null) : null };
}

/** As `data ->> field` of PostgreSQL reads it. */
function textOf(data: RecordView['data'], field: string): string | null {
  const value = Object.hasOwn(data, field) ? data[field] : null;
  if (value === null || value === undefined) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function endImport({ book, tell }: Parts, batch: Batch | undefined, { state, problem }: ImportEnd): void {
  if (batch?.state !== 'running') return;
  batch.state = state;
  batch.problem = problem;
  const { id, recordType, plugin, mode } = batch;
  tell([importEvent({ id, state, recordType, plugin, mode, counts: book.view(batch).counts })]);
}

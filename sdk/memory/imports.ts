/** Batches of proposals in memory: what was begun, what became of each row, and how it ended. */
import type { GuestImport, ImportMode } from '../../spec/host/imports.ts';
import { importNotRunning } from '../../spec/host/record-checks.ts';
import type { ProposalBatch, RowAnswer } from '../../spec/host/records.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { DecidedRow } from '../../spec/records/decide-batch.ts';
import { newRecordId, type PriorDecision } from '../../spec/records/known-records.ts';
import { rowAnswer } from '../../spec/records/batch-answer.ts';
import { countsOf, type Counts } from '../../spec/records/verdict.ts';
import { createRecordTable, type RecordTable } from './record-table.ts';

/** A batch of proposals, as a person would see it. */
export type MemoryImport = {
  readonly id: string;
  readonly type: string;
  readonly plugin: PluginId;
  readonly mode: ImportMode;
  readonly state: 'running' | 'completed' | 'failed';
  /** What is wrong with the source as a whole. */
  readonly problem: string | null;
  readonly counts: Counts;
  /** In the order of their numbers. */
  readonly rows: readonly RowAnswer[];
};

export type Batch = {
  readonly id: string;
  readonly recordType: string;
  readonly mode: ImportMode;
  readonly plugin: PluginId;
  readonly installationId: string;
  readonly jobId: string | null;
  readonly fileId: string | null;
  readonly rows: Map<number, RowAnswer>;
  /** Records as the rows of a dry run would have left them. */
  readonly drafts: RecordTable;
  state: MemoryImport['state'];
  problem: string | null;
};

export type BatchBook = {
  begin(wish: GuestImport, recordType: string): Batch;
  /** A batch of its own, which is over with its one proposal; not kept before `keep`. */
  alone(proposal: ProposalBatch, recordType: string): Batch;
  keep(batch: Batch): void;
  /** @throws Refusal `import_not_running`, which tells nothing about imports of others */
  requireRunning(
    importId: string,
    wanted: { readonly installationId: string; readonly recordType: string },
  ): Batch;
  find(importId: string): Batch | undefined;
  /** Notes what became of rows. */
  note(batch: Batch, rows: readonly DecidedRow[]): void;
  /** Rows that are kept as evidence. */
  readonly evidence: number;
  /** That an equal row waits for a person. */
  decisionsOn(hashes: readonly string[]): ReadonlyMap<string, PriorDecision>;
  view(batch: Batch): MemoryImport;
  views(): MemoryImport[];
};

export function createBatchBook(): BatchBook {
  const batches = new Map<string, Batch>();
  const held = new Map<string, PriorDecision>();
  let evidence = 0;
  return {
    get evidence() {
      return evidence;
    },
    begin: (wish, recordType) => {
      const underWay = [...batches.values()].find((batch) => isUnderWay(batch, wish, recordType));
      const batch = underWay ?? newBatch({ ...wish, recordType, fileId: wish.file?.id ?? null });
      batches.set(batch.id, batch);
      return batch;
    },
    alone: ({ proposer }, recordType) => ({
      ...newBatch({ proposer, recordType, mode: 'apply', jobId: null, fileId: null }),
      state: 'completed',
    }),
    keep: (batch) => void batches.set(batch.id, batch),
    find: (importId) => batches.get(importId),
    requireRunning: (importId, { installationId, recordType }) => {
      const batch = batches.get(importId);
      if (batch?.installationId !== installationId)
        throw importNotRunning('The plugin has no import of this id.');
      if (batch.state !== 'running') throw importNotRunning(`The import is ${batch.state}.`);
      if (batch.recordType !== recordType)
        throw importNotRunning(`The import takes records of ${batch.recordType}.`);
      return batch;
    },
    note: (batch, rows) => {
      evidence += rows.length;
      for (const row of rows) {
        batch.rows.set(row.proposal.row, rowAnswer(row, batch.mode));
        const { verdict, proposal } = row;
        if (verdict.outcome === 'held' && batch.mode === 'apply')
          held.set(verdict.proposalHash, { kind: 'waiting', importId: batch.id, row: proposal.row });
      }
    },
    decisionsOn: (hashes) =>
      new Map(
        hashes.flatMap((hash): [string, PriorDecision][] => {
          const prior = held.get(hash);
          return prior ? [[hash, prior]] : [];
        }),
      ),
    view: viewOf,
    views: () => [...batches.values()].map(viewOf),
  };
}

type NewBatch = Pick<GuestImport, 'proposer' | 'mode' | 'jobId'> & Pick<Batch, 'recordType' | 'fileId'>;

function newBatch({ proposer, recordType, mode, jobId, fileId }: NewBatch): Batch {
  const { installationId, plugin } = proposer;
  const begun = { id: newRecordId(), recordType, mode, plugin: plugin.id, installationId, jobId, fileId };
  return { ...begun, rows: new Map(), drafts: createRecordTable(), state: 'running', problem: null };
}

/** A job that was cut off and begins again goes on with its import. */
function isUnderWay(batch: Batch, { proposer, mode, jobId, file }: GuestImport, recordType: string): boolean {
  const isSame = batch.jobId === jobId && batch.installationId === proposer.installationId;
  const isAlike =
    batch.recordType === recordType && batch.mode === mode && batch.fileId === (file?.id ?? null);
  return jobId !== null && batch.state === 'running' && isSame && isAlike;
}

function viewOf({ id, recordType, plugin, mode, state, problem, rows }: Batch): MemoryImport {
  const sorted = [...rows.values()].sort((left, right) => left.row - right.row);
  const counts = countsOf(sorted.map(({ outcome }) => outcome));
  return { id, type: recordType, plugin, mode, state, problem, counts, rows: sorted };
}

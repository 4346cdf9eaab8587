/** An import of a file, from its beginning to its end, as a server's job does it. */
import type { ContractAnswer } from '../../spec/contracts/dispatch.ts';
import type { ImportMode } from '../../spec/host/imports.ts';
import type { Proposer } from '../../spec/host/records.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { RECORD_LIMITS } from '../../spec/limits.ts';
import type { ImportKind } from '../../spec/modules/core-modules.ts';
import {
  importerInput,
  importerOf,
  problemOf,
  unreadRows,
  type ImporterOutput,
} from '../../spec/records/importer-call.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { RunFile } from '../../spec/run.ts';
import type { MemoryImport } from './imports.ts';
import type { MemoryRecords } from './records.ts';

export type ImportRun = {
  readonly orgId: string;
  readonly kind: ImportKind;
  /** The importer. */
  readonly proposer: Proposer;
  readonly file: RunFile;
  /** For the plugin; what it takes, its documentation says. */
  readonly options: JsonObject;
  readonly mode: ImportMode;
};

/** The call of the importer's action `import`. */
export type ImporterRun = {
  readonly contract: string;
  readonly input: JsonValue;
  readonly files: readonly RunFile[];
  readonly jobId: string;
};

/**
 * @param call answers, or throws a Refusal, as `dispatch`
 * @returns the import as it ended: what the importer was refused for, or failed with, is its problem
 */
export async function runImport(
  records: MemoryRecords,
  call: (run: ImporterRun) => Promise<Pick<ContractAnswer, 'output'>>,
  { orgId, kind, proposer, file, options, mode }: ImportRun,
): Promise<MemoryImport> {
  const { recordType: type, contract } = importerOf(kind);
  const jobId = crypto.randomUUID();
  const id = await records.beginOwn({ orgId, proposer, type, file, mode, jobId });
  const input = importerInput({ id, type, mode, file, options });
  try {
    const { output } = await call({ contract, input, files: [file], jobId });
    const answer = output as unknown as ImporterOutput;
    const rows = unreadRows(answer.problems);
    for (let from = 0; from < rows.length; from += RECORD_LIMITS.rowsPerProposalMax) {
      const batch = rows.slice(from, from + RECORD_LIMITS.rowsPerProposalMax);
      await records.propose({ orgId, proposer, type, importId: id, rows: batch });
    }
    records.end(id, { state: 'completed', problem: problemOf(answer) });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    records.end(id, { state: 'failed', problem: error.message });
  }
  return records.imports().find((each) => each.id === id) as MemoryImport;
}

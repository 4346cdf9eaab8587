/**
 * Imports of files: a plugin reads the file and proposes its rows, in the background. A run that was cut off begins
 * again from the start of the file; rows that were decided before are answered as they were then.
 */
import type { AuditActor } from '../../database/index.ts';
import type { GuestImport } from '../../spec/host/imports.ts';
import { beginImport, IMPORT_WORKER } from './beginning.ts';
import { settleLost } from './ending.ts';
import {
  listImports,
  listRows,
  readImport,
  type ImportRow,
  type ImportView,
  type RowQuery,
} from './reading.ts';
import { decideHeld, type ReviewDecision } from './review.ts';
import { importWorker } from './working.ts';
import type { ImportPage, ImportPorts, ImportRequest, ImportPageRequest } from './import-request.ts';
import { beginOwn, endOwn } from './own-import.ts';

export type Imports = {
  /** @throws Refusal `contract_not_implemented`, `plugin_not_installed`, `plugin_not_active`, `jobs_too_many` */
  begin(wish: ImportRequest): Promise<ImportView>;
  /** Newest first. @throws Refusal `cursor_invalid` */
  list(orgId: string, page: ImportPageRequest): Promise<ImportPage<ImportView>>;
  /** @throws Refusal `import_not_found` */
  read(orgId: string, importId: string): Promise<ImportView>;
  /** Rows of one import, or of all: in the order of the file. @throws Refusal `import_not_found`, `cursor_invalid` */
  rows(orgId: string, query: RowQuery): Promise<ImportPage<ImportRow>>;
  /** @throws Refusal `import_not_found`, `import_row_not_held`, `import_decision_invalid` */
  decide(orgId: string, actor: AuditActor, decision: ReviewDecision): Promise<ImportRow>;
  beginOwn(wish: GuestImport): Promise<string>;
  endOwn(
    orgId: string,
    installationId: string,
    importId: string,
    problem: string | null,
  ): Promise<ImportView>;
  /** Ends imports whose job is over without having said so. @returns how many */
  settle(): Promise<number>;
};

/** Registers the worker of imports; to be called before the jobs are started. */
export function openImports(ports: ImportPorts): Imports {
  const { database, jobs, tell } = ports;
  jobs.register(IMPORT_WORKER, importWorker(ports));
  return {
    begin: (wish) => beginImport(ports, wish),
    list: (orgId, page) => listImports(ports, orgId, page),
    read: (orgId, importId) => readImport(ports, orgId, importId),
    rows: (orgId, query) => listRows(ports, orgId, query),
    decide: (orgId, actor, decision) => decideHeld(ports, { orgId, actor }, decision),
    beginOwn: (wish) => beginOwn(database, wish),
    endOwn: (orgId, installationId, importId, problem) =>
      endOwn(ports, orgId, installationId, { importId, problem }),
    settle: () => database.transaction({ kind: 'instance' }, (tx) => settleLost(tx, tell)),
  };
}

/** The job of one import: lets the plugin read the file, and writes down how that ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ImportMode } from '../../spec/host/imports.ts';
import type { Proposer } from '../../spec/host/records.ts';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { RECORD_LIMITS } from '../../spec/limits.ts';
import type { ImportKind } from '../../spec/modules/core-modules.ts';
import { CORE_MODULES } from '../../spec/modules/core-modules.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import {
  importerInput,
  importerOf,
  problemOf,
  unreadRows,
  type ImporterOutput,
} from '../../spec/records/importer-call.ts';
import { Fault, Refusal } from '../../spec/refusal.ts';
import type { RunFile } from '../../spec/run.ts';
import type { ServerJob, ServerWorker } from '../jobs/index.ts';
import { requireImporter } from './beginning.ts';
import { endImport } from './ending.ts';
import type { ImportPorts } from './import-request.ts';
import { readImport } from './reading.ts';

/** Of one attempt of the job: a runner that died, or a server that is full, is worth another try. */
const TRIES_MAX = 3;
const PAUSE_MS = 1_000;
const PASSING: ReadonlySet<unknown> = new Set(['runnerDied', 'loadShed']);

type Running = {
  readonly id: string;
  readonly mode: ImportMode;
  readonly recordType: string;
  readonly contract: string;
  readonly plugin: PluginId;
  readonly proposer: Proposer;
  readonly file: RunFile;
  readonly options: JsonObject;
};

export function importWorker(ports: ImportPorts): ServerWorker {
  return async (job) => {
    const importId = String(job.args['import']);
    try {
      const running = await start(ports, job.orgId, importId);
      const output = await readFile(ports, job, running);
      await takeProblems(ports, job.orgId, running, output);
      await endImport(ports, job.orgId, importId, { state: 'completed', problem: problemOf(output) });
    } catch (error) {
      // A job that was canceled, or goes on at another server, says so itself.
      if (error instanceof Refusal && !job.signal.aborted && error.code !== 'database_unavailable')
        await endImport(ports, job.orgId, importId, { state: 'failed', problem: error.message });
      throw error;
    }
    return resultOf(ports, job.orgId, importId);
  };
}

async function resultOf(ports: ImportPorts, orgId: string, importId: string): Promise<JsonValue> {
  const { id, counts } = await readImport(ports, orgId, importId);
  return { import: id, ...counts };
}

type Row = { mode: ImportMode; record_type: string; plugin_id: PluginId; file: RunFile; options: JsonObject };

/** The rows are those of the version that reads them. */
function start({ database }: ImportPorts, orgId: string, id: string): Promise<Running> {
  return database.transaction({ kind: 'org', orgId }, async (tx) => {
    const [row] = await tx.em.execute<Row[]>(
      `select mode, record_type, plugin_id, file, options from record_import
        where id = ? and org_id = ? and state in ('queued', 'running') for update`,
      [id, orgId],
    );
    if (!row) throw new Refusal('import_not_running', { detail: 'The import is over.' });
    const { mode, record_type: recordType, plugin_id: plugin, file, options } = row;
    const { contract } = importerOf(kindOf(recordType));
    const proposer = await requireImporter(tx, orgId, plugin, contract);
    await tx.em.execute(
      `update record_import set state = 'running', started_at = coalesce(started_at, now()), plugin_version = ?,
        plugin_digest = ?, installation_id = ? where id = ?`,
      [proposer.plugin.version, proposer.digest, proposer.installationId, id],
    );
    return { id, mode, recordType, contract, plugin, proposer, file, options };
  });
}

function kindOf(recordType: string): ImportKind {
  const kind = CORE_MODULES.find((module) => module.recordType.name === recordType)?.name;
  if (kind === undefined) throw new Fault('an import of a file is of no kind');
  return kind;
}

async function readFile(
  { contracts }: ImportPorts,
  job: ServerJob,
  running: Running,
): Promise<ImporterOutput> {
  const { id, mode, recordType, contract, plugin, file, options } = running;
  const call = {
    orgId: job.orgId,
    contract,
    action: 'import',
    input: importerInput({ id, type: recordType, mode, file, options }),
    mode: 'one',
    plugin,
    caller: job.caller,
    requestId: job.id,
    files: [file],
    job: { id: job.id },
    signal: job.signal,
  } as const;
  for (let tries = 1; ; tries += 1) {
    try {
      return (await contracts.call(call)).output as unknown as ImporterOutput;
    } catch (error) {
      const isPassing = error instanceof Refusal && PASSING.has(error.extensions['contractError']);
      if (!isPassing || tries >= TRIES_MAX || job.signal.aborted) throw error;
      job.log('warn', 'The run of the plugin was cut off; it begins again.');
      await sleep(PAUSE_MS, undefined, { signal: job.signal });
    }
  }
}

/** Rows that the plugin could not even propose are rejected with its words. */
async function takeProblems(
  { records }: ImportPorts,
  orgId: string,
  { id, recordType, proposer }: Running,
  { problems }: ImporterOutput,
): Promise<void> {
  const rows = unreadRows(problems);
  for (let from = 0; from < rows.length; from += RECORD_LIMITS.rowsPerProposalMax) {
    const batch = rows.slice(from, from + RECORD_LIMITS.rowsPerProposalMax);
    await records.propose({ orgId, proposer, type: recordType, importId: id, rows: batch });
  }
}

/** One batch of proposals: a file that is imported, or one call of a plugin by itself. Its rows hang below it. */
import { appendAudit, isUuid, type AuditActor, type Transaction } from '../../database/index.ts';
import { actorName } from '../../registry/installations/actor.ts';
import type { ImportMode } from '../../spec/host/imports.ts';
import { importNotRunning } from '../../spec/host/record-checks.ts';
import type { Proposer } from '../../spec/host/records.ts';
import type { JsonObject } from '../../spec/json.ts';
import { countsOf } from '../../spec/records/verdict.ts';

export type RecordImport = {
  readonly id: string;
  readonly orgId: string;
  readonly recordType: string;
  readonly mode: ImportMode;
};

export type NewImport = {
  readonly id: string;
  readonly orgId: string;
  readonly origin: 'file' | 'plugin';
  readonly recordType: string;
  readonly mode: ImportMode;
  readonly proposer: Proposer;
  readonly file: JsonObject | null;
  readonly options: JsonObject;
  readonly actor: AuditActor;
};

/** Makes the batch, and the audit entry below which its rows hang. */
export async function createImport(tx: Transaction, wish: NewImport): Promise<RecordImport> {
  const { id, orgId, origin, recordType, mode, proposer, file, options, actor } = wish;
  const auditId = await appendAudit(tx, {
    scope: { kind: 'org', orgId },
    actor,
    action: origin === 'file' ? 'import.created' : 'records.proposed',
    subject: `import:${id}`,
    detail: { recordType, mode, plugin: proposer.plugin.id, version: proposer.plugin.version, file },
  });
  const row = {
    id,
    org_id: orgId,
    origin,
    record_type: recordType,
    mode,
    file,
    options,
    audit_id: auditId,
    state: origin === 'file' ? 'queued' : 'completed',
    installation_id: proposer.installationId,
    plugin_id: proposer.plugin.id,
    plugin_version: proposer.plugin.version,
    plugin_digest: proposer.digest,
    created_by: actorName(actor),
    ...countsOf([]),
    created_at: 'now',
    ...(origin === 'file' ? {} : { started_at: 'now', ended_at: 'now' }),
  };
  await tx.em.execute(
    `insert into record_import select * from jsonb_populate_record(null::record_import, ?::jsonb)`,
    [JSON.stringify(row)],
  );
  return { id, orgId, recordType, mode };
}

type RunningRow = {
  id: string;
  record_type: string;
  mode: ImportMode;
  state: string;
  installation_id: string;
};

/**
 * The import that a run names, if it is this organization's and this installation's, takes this type, and runs.
 * @throws Refusal `import_not_running`, which tells nothing about imports of others
 */
export async function requireRunning(
  tx: Transaction,
  orgId: string,
  importId: string,
  { proposer, recordType }: { readonly proposer: Proposer; readonly recordType: string },
): Promise<RecordImport> {
  const [row] = isUuid(importId)
    ? await tx.em.execute<RunningRow[]>(
        `select id, record_type, mode, state, installation_id from record_import
          where id = ? and org_id = ? and installation_id = ? for share`,
        [importId, orgId, proposer.installationId],
      )
    : [];
  if (!row) throw importNotRunning('The plugin has no import of this id.');
  if (row.state !== 'running') throw importNotRunning(`The import is ${row.state}.`);
  if (row.record_type !== recordType)
    throw importNotRunning(`The import takes records of ${row.record_type}.`);
  return { id: row.id, orgId, recordType, mode: row.mode };
}

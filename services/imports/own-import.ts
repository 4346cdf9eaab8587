/** An import that the run of a plugin begins and ends by itself. */
import { randomUUIDv7 } from 'node:crypto';
import { isUuid, type Database, type Transaction } from '../../database/index.ts';
import type { GuestImport } from '../../spec/host/imports.ts';
import { importNotRunning } from '../../spec/host/record-checks.ts';
import type { JsonObject } from '../../spec/json.ts';
import { createImport, requireTakenType } from '../records/index.ts';
import { endImport, type EndingPorts } from './ending.ts';
import { readImport, type ImportView } from './reading.ts';

/**
 * @returns the id of the import; of the one that is under way where the same job begins again
 * @throws Refusal `record_type_unknown`, `record_type_not_in_force`, `name_ambiguous`
 */
export function beginOwn(database: Database, wish: GuestImport): Promise<string> {
  const { orgId, proposer, file, mode, jobId } = wish;
  return database.transaction({ kind: 'org', orgId }, async (tx) => {
    const recordType = await requireTakenType(tx, orgId, wish.type);
    const underWay = await findUnderWay(tx, wish, recordType);
    if (underWay !== undefined) return underWay;
    const id = randomUUIDv7();
    const actor = { kind: 'plugin', plugin: proposer.plugin.id } as const;
    const origin = file === null ? 'plugin' : 'file';
    const batch = { id, orgId, origin, recordType, mode, proposer, options: {}, actor } as const;
    await createImport(tx, { ...batch, file: file as JsonObject | null });
    await tx.em.execute(
      `update record_import set state = 'running', started_at = now(), ended_at = null, job_id = ? where id = ?`,
      [jobId, id],
    );
    return id;
  });
}

async function findUnderWay(
  tx: Transaction,
  wish: GuestImport,
  recordType: string,
): Promise<string | undefined> {
  const { orgId, proposer, file, mode, jobId } = wish;
  if (jobId === null) return undefined;
  const [row] = await tx.em.execute<{ id: string }[]>(
    `select id from record_import where org_id = ? and job_id = ? and installation_id = ? and state = 'running'
      and record_type = ? and mode = ? and file ->> 'id' is not distinct from ?::text`,
    [orgId, jobId, proposer.installationId, recordType, mode, file?.id ?? null],
  );
  return row?.id;
}

/** @throws Refusal `import_not_running` */
export async function endOwn(
  ports: EndingPorts,
  orgId: string,
  installationId: string,
  end: { readonly importId: string; readonly problem: string | null },
): Promise<ImportView> {
  const { importId, problem } = end;
  const rows = isUuid(importId)
    ? await ports.database.transaction({ kind: 'org', orgId }, ({ em }) =>
        em.execute<object[]>(
          `select 1 from record_import where id = ? and org_id = ? and installation_id = ? and state = 'running'`,
          [importId, orgId, installationId],
        ),
      )
    : [];
  if (rows.length === 0) throw importNotRunning('The plugin has no running import of this id.');
  await endImport(ports, orgId, importId, { state: 'completed', problem });
  return readImport(ports, orgId, importId);
}

/** Puts an import in line. */
import { randomUUIDv7 } from 'node:crypto';
import type { Transaction } from '../../database/index.ts';
import { InstallationEntity } from '../../registry/installations/entities/index.ts';
import type { Proposer } from '../../spec/host/records.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { importerOf } from '../../spec/records/importer-call.ts';
import { Refusal } from '../../spec/refusal.ts';
import { createImport } from '../records/index.ts';
import type { ImportPorts, ImportRequest } from './import-request.ts';
import { readImport, type ImportView } from './reading.ts';

/** The kind of job that works on imports. */
export const IMPORT_WORKER = 'import';

export async function beginImport(ports: ImportPorts, wish: ImportRequest): Promise<ImportView> {
  const { database, jobs } = ports;
  const { orgId, actor, caller, plugin, file, options, mode } = wish;
  const { recordType, contract } = importerOf(wish.kind);
  const id = randomUUIDv7();
  await database.transaction({ kind: 'org', orgId }, async (tx) => {
    const proposer = await requireImporter(tx, orgId, plugin, contract);
    const batch = { id, orgId, origin: 'file', recordType, mode, proposer, options, actor } as const;
    await createImport(tx, { ...batch, file: file as JsonObject });
    const work = {
      kind: 'server',
      worker: IMPORT_WORKER,
      args: { import: id },
      files: [file],
      retry: 'interrupted',
    } as const;
    const job = await jobs.enqueue(tx, orgId, { work, caller });
    await tx.em.execute('update record_import set job_id = ? where id = ?', [job, id]);
  });
  return readImport(ports, orgId, id);
}

/** @throws Refusal `plugin_not_installed`, `plugin_not_active`, `contract_not_implemented` */
export async function requireImporter(
  tx: Transaction,
  orgId: string,
  plugin: PluginId,
  contract: string,
): Promise<Proposer> {
  const found = await tx.em.findOne(InstallationEntity, { orgId, pluginId: plugin });
  if (!found) throw new Refusal('plugin_not_installed', { detail: `${plugin} is not installed here.` });
  if (!(found.manifest.contributes?.contracts ?? []).includes(contract)) {
    throw new Refusal('contract_not_implemented', {
      detail: `${plugin} ${found.version} does not implement ${contract}.`,
    });
  }
  if (found.state !== 'active')
    throw new Refusal('plugin_not_active', { detail: `${plugin} is ${found.state} here.` });
  return {
    installationId: found.id,
    plugin: { id: plugin, version: found.version },
    digest: found.digest,
  };
}

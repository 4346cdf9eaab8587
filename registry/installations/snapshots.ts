/** Earlier versions of an installation, kept whole: what it was, was granted and was configured to be. */
import { randomUUIDv7 } from 'node:crypto';
import type { Transaction } from '../../database/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { Refusal } from '../../spec/refusal.ts';
import { actorName } from './actor.ts';
import type { Acting } from './context.ts';
import { InstallationSnapshotEntity, type Installation } from './entities/index.ts';

/** As many earlier versions as an installation keeps to go back to. */
const SNAPSHOTS_MAX = 10;

/** @throws Refusal `plan_outdated` when it is no longer kept */
export async function requireSnapshot(
  tx: Transaction,
  row: Installation,
  id: string,
): Promise<{ config: JsonObject }> {
  const snapshot = await tx.em.findOne(InstallationSnapshotEntity, { id, installation: row.id });
  if (snapshot) return snapshot;
  throw new Refusal('plan_outdated', { detail: `The earlier version of ${row.pluginId} is no longer kept.` });
}

export function takeSnapshot(
  tx: Transaction,
  row: Installation,
  { orgId, actor }: Acting,
  at: Date,
): { id: string } {
  const owner = { id: randomUUIDv7(), installation: row.id, orgId };
  const snapshot = { ...owner, ...keptColumns(row), takenAt: at, takenBy: actorName(actor) };
  tx.em.persist(tx.em.create(InstallationSnapshotEntity, snapshot));
  return owner;
}

type KeptColumns = Pick<
  Installation,
  | 'version'
  | 'digest'
  | 'manifest'
  | 'signature'
  | 'keyIds'
  | 'ownerOrgId'
  | 'range'
  | 'isPinned'
  | 'grants'
  | 'config'
>;

/** What an installation and its snapshots have in common. */
export function keptColumns(from: KeptColumns): KeptColumns {
  const { version, digest, manifest, signature, keyIds, ownerOrgId, range, isPinned, grants, config } = from;
  return { version, digest, manifest, signature, keyIds, ownerOrgId, range, isPinned, grants, config };
}

export async function forgetOldSnapshots(tx: Transaction, row: Installation): Promise<void> {
  await tx.em.execute(
    `delete from installation_snapshot where installation_id = ? and id in (
       select id from installation_snapshot where installation_id = ? order by taken_at desc, id desc offset ?)`,
    [row.id, row.id, SNAPSHOTS_MAX],
  );
}

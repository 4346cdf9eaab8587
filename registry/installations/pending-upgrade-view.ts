/** What people see of an upgrade that waits. */
import type { Transaction } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { PendingUpgradeEntity, type PendingUpgrade } from './entities/index.ts';
import type { Advisory, NameConflict, PermissionRequest, PlanChange } from './planning/plan.ts';

export type PendingUpgradeView = {
  readonly version: string;
  readonly changes: readonly PlanChange[];
  /** What has to be consented to. */
  readonly permissions: readonly PermissionRequest[];
  readonly advisories: readonly Advisory[];
  readonly conflicts: readonly NameConflict[];
  readonly since: Date;
  readonly requestedBy: string;
};

export function viewOfPending({
  pluginId,
  answer,
  createdAt,
  createdBy,
}: PendingUpgrade): PendingUpgradeView {
  const { changes, permissions, advisories, conflicts } = answer;
  const version = changes.find(({ plugin }) => plugin === pluginId)?.toVersion ?? '';
  return { version, changes, permissions, advisories, conflicts, since: createdAt, requestedBy: createdBy };
}

export async function loadPendingUpgrades(
  tx: Transaction,
  orgId: string,
): Promise<Map<PluginId, PendingUpgradeView>> {
  const rows = await tx.em.find(PendingUpgradeEntity, { orgId });
  return new Map(rows.map((row) => [row.pluginId, viewOfPending(row)]));
}

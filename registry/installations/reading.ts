/** What people see of the installations of their organization. */
import type { JsonObject } from '../../spec/json.ts';
import type { Permission } from '../../spec/permission.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { configInEffect } from './config-in-effect.ts';
import type { InstallationsContext } from './context.ts';
import {
  ConsentReceiptEntity,
  InstallationEntity,
  InstallationSnapshotEntity,
  type Installation,
} from './entities/index.ts';
import { findDangers, type Danger } from './danger.ts';
import { loadRows, requireInstalled } from './organization-rows.ts';
import { loadPendingUpgrades, type PendingUpgradeView } from './pending-upgrade-view.ts';
import { loadInstanceConfig } from './planning/load-world.ts';
import type { OrgLock } from './planning/plan.ts';
import { loadStatuses, statusViewOf, type Statuses, type StatusView } from './health.ts';
import type { InstallationState } from './state.ts';

export type InstallationView = StatusView & {
  readonly id: string;
  readonly plugin: PluginId;
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly signed: 'yes' | 'no';
  readonly state: InstallationState;
  /** The range that somebody asked for; null for a dependency. */
  readonly range: string | null;
  readonly pinned: boolean;
  /** `global`: the instance runs it for every organization, and decides about version and grants. */
  readonly scope: 'organization' | 'global';
  readonly grants: readonly Permission[];
  /** The organization's layer, and what is in effect. */
  readonly config: JsonObject;
  readonly effectiveConfig: JsonObject;
  /** Versions to go back to, newest first; of `read` only. */
  readonly kept?: readonly { readonly version: string; readonly digest: string; readonly takenAt: Date }[];
  /** The version was declared unsafe since it was installed. */
  readonly danger: Danger | null;
  /** An upgrade that waits for consent, while this version runs. */
  readonly pendingUpgrade: PendingUpgradeView | null;
  readonly revision: number;
  readonly installedAt: Date;
  readonly updatedAt: Date;
};

export type ReceiptView = {
  readonly id: string;
  readonly plugin: PluginId;
  readonly installationId: string;
  readonly version: string;
  readonly digest: string;
  readonly asked: readonly Permission[];
  readonly granted: readonly Permission[];
  readonly grantedAt: Date;
  readonly grantedBy: string;
};

export async function listInstallations(
  context: InstallationsContext,
  orgId: string,
): Promise<InstallationView[]> {
  const dangers = await findDangers(context, orgId);
  return context.database.transaction({ kind: 'org', orgId }, async (tx) => {
    const rows = await loadRows(tx, orgId);
    const instance = await loadInstanceConfig(tx, [...rows.keys()]);
    const pending = await loadPendingUpgrades(tx, orgId);
    const statuses = await loadStatuses(tx, orgId);
    return [...rows.values()].map((row) => ({
      ...toView(row, instance.get(row.pluginId) ?? {}, statuses),
      danger: dangers.get(row.pluginId) ?? null,
      pendingUpgrade: pending.get(row.pluginId) ?? null,
    }));
  });
}

/** @throws Refusal `plugin_not_installed` */
export async function readInstallation(
  context: InstallationsContext,
  orgId: string,
  plugin: PluginId,
): Promise<InstallationView> {
  const dangers = await findDangers(context, orgId);
  return context.database.transaction({ kind: 'org', orgId }, async (tx) => {
    const row = requireInstalled(await loadRows(tx, orgId), plugin);
    const instance = (await loadInstanceConfig(tx, [plugin])).get(plugin) ?? {};
    const snapshots = await tx.em.find(
      InstallationSnapshotEntity,
      { installation: row.id },
      { orderBy: { takenAt: 'desc', id: 'desc' } },
    );
    const kept = snapshots.map(({ version, digest, takenAt }) => ({ version, digest, takenAt }));
    const pendingUpgrade = (await loadPendingUpgrades(tx, orgId)).get(plugin) ?? null;
    return {
      ...toView(row, instance, await loadStatuses(tx, orgId)),
      danger: dangers.get(plugin) ?? null,
      pendingUpgrade,
      kept,
    };
  });
}

function toView(
  row: Installation,
  instance: JsonObject,
  statuses: Statuses,
): Omit<InstallationView, 'danger' | 'pendingUpgrade'> {
  const { id, version, digest, manifest, state, grants, config, revision, installedAt, updatedAt } = row;
  return {
    id,
    plugin: row.pluginId,
    name: manifest.name,
    version,
    digest,
    signed: row.signature === 'unsigned' ? 'no' : 'yes',
    state,
    ...statusViewOf(row, statuses),
    range: row.range ?? null,
    pinned: row.isPinned,
    scope: row.seat ? 'global' : 'organization',
    grants,
    config,
    effectiveConfig: configInEffect(row, instance),
    revision,
    installedAt,
    updatedAt,
  };
}

/** Newest first; they outlive the installation. */
export async function listReceipts(
  { database }: InstallationsContext,
  orgId: string,
  plugin: PluginId,
): Promise<ReceiptView[]> {
  return database.transaction({ kind: 'org', orgId }, async (tx) => {
    const rows = await tx.em.find(
      ConsentReceiptEntity,
      { orgId, pluginId: plugin },
      { orderBy: { grantedAt: 'desc', id: 'desc' } },
    );
    return rows.map(({ pluginId, orgId: _orgId, ...receipt }) => ({ ...receipt, plugin: pluginId }));
  });
}

export async function exportLock({ database }: InstallationsContext, orgId: string): Promise<OrgLock> {
  return database.transaction({ kind: 'org', orgId }, async (tx) => {
    const rows = await tx.em.find(InstallationEntity, { orgId }, { orderBy: { pluginId: 'asc' } });
    const plugins = rows.map(({ pluginId, version, digest, range, isPinned }) => ({
      plugin: pluginId,
      version,
      digest,
      range: range ?? null,
      pinned: isPinned,
    }));
    return { lockVersion: 1, plugins };
  });
}

/** What an administrator changes about an installation without a plan: its configuration, and fewer rights. */
import { appendAudit, type AuditActor, type Transaction } from '../../database/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { coversPermission, type Permission } from '../../spec/permission.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { actorName } from './actor.ts';
import { writeReceipt } from './receipt.ts';
import { grantFaults, toGrant } from './grant.ts';
import { requireFittingConfig, requireStorableConfig } from '../../spec/plugin-config.ts';
import { configInEffect, requireOpenParts } from './config-in-effect.ts';
import { announceChange, underOrgLock, type Acting, type InstallationsContext } from './context.ts';
import { InstanceConfigEntity, type Installation } from './entities/index.ts';
import { CHANGES_CHANNEL } from './guest-cache.ts';
import { loadRows, requireInstalled } from './organization-rows.ts';
import { decidedByInstance } from './seat.ts';
import { settleSeats } from './seats.ts';
import { loadInstanceConfig } from './planning/load-world.ts';

/**
 * Replaces the organization's layer.
 * @throws Refusal `plugin_not_installed`, `config_invalid` with every violation of what would be in effect
 */
export async function setConfig(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
  config: JsonObject,
): Promise<void> {
  requireStorableConfig(config);
  await changeRow(context, acting, plugin, 'installation.configured', async (tx, row) => {
    const instance = (await loadInstanceConfig(tx, [plugin])).get(plugin) ?? {};
    if (row.seat) requireOpenParts(plugin, row.seat, instance, config);
    requireFittingConfig(plugin, row.manifest, configInEffect({ ...row, config }, instance));
    row.config = config;
  });
}

/**
 * Replaces the grants by narrower ones, at once.
 * @throws Refusal `plugin_not_installed`, `plugin_is_global`, `grant_not_held` with each that no grant held covers
 */
export async function narrowGrants(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
  grants: readonly Permission[],
): Promise<void> {
  await changeRow(context, acting, plugin, 'installation.grants-narrowed', async (tx, row) => {
    if (row.seat) throw decidedByInstance(plugin, 'what it may do is granted by the instance.');
    requireHeld(row.grants, grants);
    row.grants = grants.map(toGrant);
    writeReceipt(tx, acting, row, context.now());
  });
}

function requireHeld(held: readonly Permission[], grants: readonly Permission[]): void {
  const violations = grants.flatMap((grant, index) => {
    const pointer = `/grants/${index}`;
    const faults = grantFaults(grant);
    if (faults.length > 0) return faults.map((message) => ({ pointer, message }));
    const isHeld = held.some((wide) => coversPermission(wide, grant));
    return isHeld ? [] : [{ pointer, message: `${describeExtent(grant)} was not granted` }];
  });
  if (violations.length === 0) return;
  throw new Refusal('grant_not_held', {
    detail: `${violations
      .slice(0, 3)
      .map(({ message }) => message)
      .join('; ')}.`,
    violations,
  });
}

function describeExtent({ name, scope, methods }: Permission): string {
  return [
    name,
    ...(scope ? [`of ${scope.join(' ')}`] : []),
    ...(methods ? [`(${methods.join(' ')})`] : []),
  ].join(' ');
}

async function changeRow(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
  action: string,
  change: (tx: Transaction, row: Installation) => Promise<void>,
): Promise<void> {
  await underOrgLock(context, acting.orgId, async (tx) => {
    const row = requireInstalled(await loadRows(tx, acting.orgId), plugin);
    await change(tx, row);
    row.revision += 1;
    row.updatedAt = context.now();
    await announceChange(context, tx, acting.orgId, plugin);
    await appendAudit(tx, {
      scope: { kind: 'org', orgId: acting.orgId },
      actor: acting.actor,
      action,
      subject: `plugin:${plugin}`,
    });
    if (tx.scope.kind === 'instance') await settleSeats(tx, context, acting.actor);
  });
}

/** @returns the instance's layer; empty where nobody set it */
export function readInstanceConfig(
  { database }: InstallationsContext,
  plugin: PluginId,
): Promise<JsonObject> {
  return database.transaction(
    { kind: 'instance' },
    async (tx) => (await loadInstanceConfig(tx, [plugin])).get(plugin) ?? {},
  );
}

/** Replaces the instance's layer for a plugin. What an organization's own layer makes of it is shown at activation. */
export async function setInstanceConfig(
  { database, now, cache }: InstallationsContext,
  actor: AuditActor,
  plugin: PluginId,
  config: JsonObject,
): Promise<void> {
  requireStorableConfig(config);
  await database.transaction({ kind: 'instance' }, async (tx) => {
    await tx.em.upsert(InstanceConfigEntity, {
      pluginId: plugin,
      config,
      updatedAt: now(),
      updatedBy: actorName(actor),
    });
    await tx.em.execute('select pg_notify(?, ?)', [CHANGES_CHANNEL, '*']);
    tx.afterCommit(() => cache.forgetAll());
    const subject = `plugin:${plugin}`;
    await appendAudit(tx, { scope: { kind: 'instance' }, actor, action: 'instance-config.changed', subject });
  });
}

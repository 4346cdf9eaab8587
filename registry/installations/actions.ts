/** What an organization decides about the rights that plugins define. */
import { appendAudit } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { actionsOf, type ActionRole, type ActionView } from './action-view.ts';
import { announceChange, underOrgLock, type Acting, type InstallationsContext } from './context.ts';
import { ActionRoleEntity } from './entities/action-role.ts';
import { loadRows, requireInstalled } from './organization-rows.ts';

/** @throws Refusal `plugin_not_installed` */
export function listActions(
  { database }: InstallationsContext,
  orgId: string,
  plugin: PluginId,
): Promise<ActionView[]> {
  return database.transaction({ kind: 'org', orgId }, async (tx) => {
    const { manifest } = requireInstalled(await loadRows(tx, orgId), plugin);
    const rows = await tx.em.find(ActionRoleEntity, { orgId, pluginId: plugin });
    return actionsOf(manifest, new Map(rows.map(({ action, role }) => [action, role])));
  });
}

/**
 * Decides from which role on an action may be done; it counts at once.
 * @throws Refusal `plugin_not_installed`, `action_unknown`
 */
export async function setActionRole(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
  { action, role }: { readonly action: string; readonly role: ActionRole },
): Promise<ActionView[]> {
  const { orgId, actor } = acting;
  await underOrgLock(context, orgId, async (tx) => {
    const { manifest } = requireInstalled(await loadRows(tx, orgId), plugin);
    const known = (manifest.contributes?.actions ?? []).map(({ name }) => name);
    if (!known.includes(action)) {
      throw new Refusal('action_unknown', {
        detail: `${plugin} defines ${known.length > 0 ? known.join(', ') : 'no actions'}.`,
      });
    }
    await tx.em.upsert(ActionRoleEntity, { orgId, pluginId: plugin, action, role });
    await announceChange(context, tx, orgId, plugin);
    await appendAudit(tx, {
      scope: { kind: 'org', orgId },
      actor,
      action: 'installation.action-mapped',
      subject: `plugin:${plugin}`,
      detail: { action, role },
    });
  });
  return listActions(context, orgId, plugin);
}

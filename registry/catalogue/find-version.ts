import type { Transaction } from '../../database/index.ts';
import { isPluginId, splitPluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { isVersion } from '../../spec/version.ts';
import { type Plugin, PluginEntity, PluginVersionEntity, type PluginVersion } from '../entities/index.ts';
import { seesUnapproved, type Viewer } from './viewer.ts';

export type FoundVersion = { readonly plugin: Plugin; readonly version: PluginVersion };

/**
 * @param tx in the scope of `viewer`
 * @param id what came in an address; anything
 * @throws Refusal `not_found`, also for what the viewer may not see
 */
export async function findPlugin(tx: Transaction, viewer: Viewer, id: string): Promise<Plugin> {
  const plugin = isPluginId(id) ? await tx.em.findOne(PluginEntity, splitPluginId(id)) : null;
  if (!plugin) throw pluginNotFound(id);
  if (seesUnapproved(viewer, plugin.ownerOrgId) || (await hasApproved(tx, plugin.id))) return plugin;
  throw pluginNotFound(id);
}

/** A plugin of which nothing has been approved does not exist yet, but for its owner and the reviewers. */
async function hasApproved(tx: Transaction, pluginId: string): Promise<boolean> {
  const found = await tx.em.findOne(
    PluginVersionEntity,
    { plugin: pluginId, state: 'approved' },
    { fields: ['id'], disableIdentityMap: true },
  );
  return found !== null;
}

/** @throws Refusal `not_found`, also for what the viewer may not see */
export async function findVersion(
  tx: Transaction,
  viewer: Viewer,
  id: string,
  version: string,
  lazy: readonly ('files' | 'envelope')[] = [],
): Promise<FoundVersion> {
  const plugin = await findPlugin(tx, viewer, id);
  const found = isVersion(version)
    ? await tx.em.findOne(PluginVersionEntity, { plugin: plugin.id, version }, { populate: lazy })
    : null;
  if (found && (found.state === 'approved' || seesUnapproved(viewer, plugin.ownerOrgId)))
    return { plugin, version: found };
  throw new Refusal('not_found', { detail: `${plugin.publisher}/${plugin.name} has no such version.` });
}

function pluginNotFound(id: string): Refusal {
  return new Refusal('not_found', {
    detail: isPluginId(id) ? `There is no plugin ${id}.` : 'This is no plugin id.',
  });
}

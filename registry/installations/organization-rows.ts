/** The installations of one organization, as rows by plugin. */
import type { Transaction } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { graphOf, type Graph } from './dependency-graph.ts';
import { InstallationEntity, type Installation } from './entities/index.ts';

export type Rows = ReadonlyMap<PluginId, Installation>;

export async function loadRows(tx: Transaction, orgId: string): Promise<Rows> {
  const rows = await tx.em.find(InstallationEntity, { orgId }, { orderBy: { pluginId: 'asc' } });
  return new Map(rows.map((row) => [row.pluginId, row]));
}

export function graphOfRows(rows: Rows): Graph {
  return graphOf([...rows.values()].map(({ pluginId, manifest }) => ({ plugin: pluginId, manifest })));
}

export function requireInstalled(rows: Rows, plugin: PluginId): Installation {
  const row = rows.get(plugin);
  if (row) return row;
  throw new Refusal('plugin_not_installed', {
    detail: `${plugin} is not installed in this organization.`,
    extensions: { plugin },
  });
}

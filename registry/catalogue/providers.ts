/** The catalogue as a list of what can be connected: each plugin with what it offers and what it wants to know. */
import type { Database } from '../../database/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Manifest } from '../../spec/manifest.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { searchPlugins } from './search.ts';
import type { SearchQuery } from './search-query.ts';
import { scopeOfViewer, type Viewer } from './viewer.ts';

export type Provider = {
  readonly plugin: PluginId;
  readonly name: string;
  readonly description: string | null;
  /** Its newest version that is offered. */
  readonly version: string;
  readonly type: string | null;
  readonly category: string | null;
  /** What others can use of it. */
  readonly capabilities: {
    readonly contracts: readonly string[];
    readonly commands: readonly string[];
    readonly subscribes: readonly string[];
    readonly endpoints: number;
  };
  /** JSON Schema of its configuration; null where it has none. */
  readonly configSchema: JsonObject | null;
  readonly secrets: readonly {
    readonly name: string;
    readonly title: string | null;
    readonly required: boolean;
  }[];
  readonly permissions: readonly string[];
};

/** @throws Refusal `search_invalid` or `cursor_invalid` */
export async function listProviders(
  database: Database,
  viewer: Viewer,
  query: SearchQuery,
): Promise<{ readonly items: readonly Provider[]; readonly nextCursor: string | null }> {
  const { hits, nextCursor } = await searchPlugins(database, viewer, query);
  const manifests = await loadManifests(
    database,
    viewer,
    hits.map(({ id, latestVersion }) => ({ id, version: latestVersion })),
  );
  const items = hits.flatMap(({ id }) => {
    const manifest = manifests.get(id);
    return manifest ? [providerOf(id, manifest)] : [];
  });
  return { items, nextCursor: nextCursor ?? null };
}

async function loadManifests(
  database: Database,
  viewer: Viewer,
  wanted: readonly { readonly id: PluginId; readonly version: string }[],
): Promise<ReadonlyMap<PluginId, Manifest>> {
  const rows = await database.transaction(scopeOfViewer(viewer), ({ em }) =>
    em.execute<{ id: PluginId; manifest: Manifest }[]>(
      `select plugin.publisher || '/' || plugin.name as id, plugin_version.manifest
         from jsonb_to_recordset(?::jsonb) as wanted (id text, version text)
         join plugin on plugin.publisher = split_part(wanted.id, '/', 1) and plugin.name = split_part(wanted.id, '/', 2)
         join plugin_version on plugin_version.plugin_id = plugin.id and plugin_version.version = wanted.version`,
      [JSON.stringify(wanted)],
    ),
  );
  return new Map(rows.map(({ id, manifest }) => [id, manifest]));
}

function providerOf(plugin: PluginId, manifest: Manifest): Provider {
  const { contracts = [], commands = [], events, endpoints = [] } = manifest.contributes ?? {};
  return {
    plugin,
    name: manifest.name,
    description: manifest.description ?? null,
    version: manifest.version,
    type: manifest.type ?? null,
    category: manifest.category ?? null,
    capabilities: {
      contracts,
      commands: commands.map(({ name }) => name),
      subscribes: events?.subscribes ?? [],
      endpoints: endpoints.length,
    },
    configSchema: (manifest.config as JsonObject | undefined) ?? null,
    secrets: Object.entries(manifest.secrets ?? {}).map(([name, { title, required }]) => ({
      name,
      title: title ?? null,
      required: required ?? false,
    })),
    permissions: [...new Set((manifest.permissions ?? []).map(({ name }) => name))],
  };
}

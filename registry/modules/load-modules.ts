/** The modules of one organization, from what it has installed at this moment. */
import type { Transaction } from '../../database/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Manifest } from '../../spec/manifest.ts';
import { assembleModules, type ModuleSource, type OrgModules } from '../../spec/modules/org-modules.ts';
import type { Permission } from '../../spec/permission.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { effectiveConfig } from '../../spec/plugin-config.ts';
import type { InstallationState } from '../installations/state.ts';

type Row = {
  plugin_id: PluginId;
  state: InstallationState;
  is_serving_snapshot: boolean;
  version: string;
  digest: string;
  manifest: Manifest;
  grants: readonly Permission[];
  config: JsonObject;
  instance_config: JsonObject | null;
};

/** While the next version is being activated, the snapshot of the one before it is what counts. */
const SQL = `select installation.plugin_id, installation.state, kept.id is not null as is_serving_snapshot,
    coalesce(kept.version, installation.version) as version, coalesce(kept.digest, installation.digest) as digest,
    coalesce(kept.manifest, installation.manifest) as manifest,
    coalesce(kept.grants, installation.grants) as grants, coalesce(kept.config, installation.config) as config,
    instance_config.config as instance_config
  from installation
    left join installation_snapshot kept on kept.id = installation.serving_snapshot_id
    left join instance_config on instance_config.plugin_id = installation.plugin_id
  where installation.org_id = ?
    and jsonb_array_length(coalesce(coalesce(kept.manifest, installation.manifest)
      -> 'contributes' -> 'modules', '[]')) > 0`;

/** @param tx in the scope of the organization */
export async function loadModules(tx: Transaction, orgId: string): Promise<OrgModules> {
  return assembleModules((await tx.em.execute<Row[]>(SQL, [orgId])).map(sourceOf));
}

function sourceOf(row: Row): ModuleSource {
  const { plugin_id, state, version, digest, manifest, grants, config, instance_config } = row;
  return {
    plugin: plugin_id,
    version,
    digest,
    active: state === 'active' || row.is_serving_snapshot ? 'yes' : 'no',
    grants,
    modules: manifest.contributes?.modules ?? [],
    config: effectiveConfig(manifest, instance_config ?? {}, config),
  };
}

/** Who hears an event: active installations whose manifest subscribes to it, as far as their grants allow. */
import type { Transaction } from '../../database/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Permission } from '../../spec/permission.ts';
import type { PluginId } from '../../spec/plugin-id.ts';

export type Party = {
  readonly id: string;
  readonly plugin: PluginId;
  readonly digest: string;
  readonly subscribes: readonly string[];
  readonly grants: readonly Permission[];
  readonly emits: Readonly<Record<string, JsonObject>> | null;
};

type Row = {
  id: string;
  plugin_id: PluginId;
  digest: string;
  subscribes: string[] | null;
  grants: Permission[];
  emits: Record<string, JsonObject> | null;
};

/** While the next version is being activated, the snapshot of the one before it is what serves. */
const SQL = `with asked as (select jsonb_array_elements_text(?::jsonb)::uuid as id)
  select installation.id, installation.plugin_id, coalesce(kept.digest, installation.digest) as digest,
    coalesce(kept.manifest, installation.manifest) #> '{contributes,events,subscribes}' as subscribes,
    case when installation.id in (select id from asked) then
      coalesce(kept.manifest, installation.manifest) #> '{contributes,events,emits}' end as emits,
    coalesce(kept.grants, installation.grants) as grants
  from installation left join installation_snapshot kept on kept.id = installation.serving_snapshot_id
  where installation.org_id = ? and (installation.state = 'active' or kept.id is not null
      or installation.id in (select id from asked))
    and (installation.id in (select id from asked) or coalesce(kept.manifest, installation.manifest)
      #> '{contributes,events,subscribes}' is not null)`;

/** @param emitters installations that emit, whose declared events come along */
export async function loadParties(
  tx: Transaction,
  orgId: string,
  emitters: readonly string[],
): Promise<Party[]> {
  const rows = await tx.em.execute<Row[]>(SQL, [JSON.stringify(emitters), orgId]);
  return rows.map(({ plugin_id, subscribes, ...row }) => ({
    ...row,
    plugin: plugin_id,
    subscribes: subscribes ?? [],
  }));
}

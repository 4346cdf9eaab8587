/** Who hears an event: active installations whose manifest subscribes to it, as far as their grants allow. */
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

/** While the next version is being activated, the snapshot of the one before it is what serves. */
export type PartyRow = {
  readonly id: string;
  readonly plugin_id: PluginId;
  readonly digest: string;
  readonly subscribes: string[] | null;
  readonly grants: Permission[];
  readonly emits: Record<string, JsonObject> | null;
};

export function partiesOf(rows: readonly PartyRow[]): Party[] {
  return rows.map(({ plugin_id, subscribes, ...row }) => ({
    ...row,
    plugin: plugin_id,
    subscribes: subscribes ?? [],
  }));
}

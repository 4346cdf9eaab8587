import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { JsonObject } from '../../../spec/json.ts';
import type { PluginId } from '../../../spec/plugin-id.ts';

/** The instance's layer of a plugin's configuration, below that of every organization. */
export const InstanceConfigEntity = defineEntity({
  name: 'InstanceConfig',
  tableName: 'instance_config',
  properties: {
    pluginId: p.text().collation('C').primary().$type<PluginId>(),
    config: p.json<JsonObject>(),
    updatedAt: p.datetime(),
    updatedBy: p.text(),
  },
});

export type InstanceConfig = InferEntity<typeof InstanceConfigEntity>;

import { defineEntity, p } from '@mikro-orm/core';
import { PluginEntity } from './plugin.ts';

/** A private plugin made visible to one more organization, by an instance admin. */
export const PluginGrantEntity = defineEntity({
  name: 'PluginGrant',
  tableName: 'plugin_grant',
  properties: {
    plugin: () => p.manyToOne(PluginEntity).primary().deleteRule('cascade'),
    orgId: p.uuid().primary(),
    grantedAt: p.datetime(),
    grantedBy: p.text(),
  },
  indexes: [{ name: 'plugin_grant_org_index', properties: ['orgId'] }],
});

import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { PluginEntity } from './plugin.ts';
import { IS_INSTANCE, ownedBy } from './visibility.ts';

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
  rowLevelSecurity: 'force',
  policies: [
    { name: 'plugin_grant_read', command: 'select', using: ownedBy('org_id') },
    { name: 'plugin_grant_insert', command: 'insert', check: `(${IS_INSTANCE})` },
    { name: 'plugin_grant_delete', command: 'delete', using: `(${IS_INSTANCE})` },
  ],
});

export type PluginGrant = InferEntity<typeof PluginGrantEntity>;

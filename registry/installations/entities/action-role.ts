import { defineEntity, p } from '@mikro-orm/core';
import type { PluginId } from '../../../spec/plugin-id.ts';
import type { ActionRole } from '../action-view.ts';

/** From which role on a right that a plugin defines is held; without a row the manifest's default counts. */
export const ActionRoleEntity = defineEntity({
  name: 'ActionRole',
  tableName: 'action_role',
  properties: {
    orgId: p.uuid().primary(),
    pluginId: p.text().collation('C').primary().$type<PluginId>(),
    action: p.text().collation('C').primary(),
    role: p.text().$type<ActionRole>(),
  },
  checks: [{ name: 'action_role_role_check', expression: `role in ('member', 'admin', 'owner')` }],
});

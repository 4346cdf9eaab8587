import { randomUUIDv7 } from 'node:crypto';
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { PluginId } from '../../../spec/plugin-id.ts';

/** A member asks the administrators of an organization for a plugin. */
export const PluginRequestEntity = defineEntity({
  name: 'PluginRequest',
  tableName: 'plugin_request',
  properties: {
    id: p
      .uuid()
      .primary()
      .onCreate(() => randomUUIDv7()),
    orgId: p.uuid(),
    pluginId: p.text().collation('C').$type<PluginId>(),
    reason: p.text(),
    state: p.text().$type<'open' | 'granted' | 'declined'>(),
    requestedBy: p.text(),
    requestedAt: p.datetime(),
    decidedBy: p.text().nullable(),
    decidedAt: p.datetime().nullable(),
    /** What the administrator answered. */
    answer: p.text().nullable(),
  },
  indexes: [{ name: 'plugin_request_state_index', properties: ['orgId', 'state', 'requestedAt'] }],
  checks: [{ name: 'plugin_request_state_check', expression: `state in ('open', 'granted', 'declined')` }],
});

export type PluginRequest = InferEntity<typeof PluginRequestEntity>;

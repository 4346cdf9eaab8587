import { defineEntity, p } from '@mikro-orm/core';
import type { PluginId } from '../../../spec/plugin-id.ts';
import type { InstallationState } from '../state.ts';

export type OrganizationEventType =
  | 'installation.created'
  | 'installation.updated'
  | 'installation.deleted'
  | 'installation.status_changed';

/** As the trigger writes it. */
export type OrganizationEventData = {
  readonly plugin: PluginId;
  readonly version: string;
  readonly digest: string;
  readonly state: InstallationState;
  readonly reason: string | null;
  /** Where a health test changed the status. */
  readonly health?: 'done' | 'failed';
};

/** What happened to an installation. A trigger of migration 0008 writes it. */
export const OrganizationEventEntity = defineEntity({
  name: 'OrganizationEvent',
  tableName: 'organization_event',
  properties: {
    id: p.bigint('string').primary().autoincrement(),
    orgId: p.uuid(),
    type: p.text().$type<OrganizationEventType>(),
    data: p.json<OrganizationEventData>(),
    at: p.datetime(),
    /** Whether plugins have been told; a trigger writes the row without it. */
    isAnnounced: p.boolean().default(false),
  },
  indexes: [
    { name: 'organization_event_org_index', properties: ['orgId', 'id'] },
    { name: 'organization_event_age_index', properties: ['at'] },
    { name: 'organization_event_news_index', properties: ['id'], where: 'not is_announced' },
  ],
});

import { defineEntity, p } from '@mikro-orm/core';
import type { OrganizationEventData, OrganizationEventType } from '../events.ts';

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

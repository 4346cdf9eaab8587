import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { OrganizationEntity } from './organization.ts';

/** A namespace of plugin names, unique on the instance, owned by an organization. */
export const PublisherEntity = defineEntity({
  name: 'Publisher',
  tableName: 'publisher',
  properties: {
    name: p.text().collation('C').primary(),
    orgId: () => p.manyToOne(OrganizationEntity).mapToPk().fieldName('org_id').index('publisher_org_index'),
    createdAt: p.datetime(3),
  },
});

export type Publisher = InferEntity<typeof PublisherEntity>;

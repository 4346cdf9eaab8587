import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

/** A tenant. Inside it is its UUID; in addresses it is its slug, which never changes. */
export const OrganizationEntity = defineEntity({
  name: 'Organization',
  tableName: 'organization',
  properties: {
    id: p.uuid().primary(),
    slug: p.text().collation('C'),
    name: p.text(),
    /** Whether its private registry takes packages without a signature. */
    unsignedPackages: p.text().$type<'allow' | 'refuse'>(),
    createdAt: p.datetime(3),
  },
  uniques: [{ name: 'organization_slug_unique', properties: ['slug'] }],
  checks: [
    { name: 'organization_unsigned_packages_check', expression: `unsigned_packages in ('allow', 'refuse')` },
  ],
});

export type Organization = InferEntity<typeof OrganizationEntity>;

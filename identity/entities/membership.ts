import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { OrganizationEntity } from './organization.ts';
import { UserEntity } from './user.ts';

/** Each role may do what the ones after it may. */
export const ORG_ROLES = ['owner', 'admin', 'member'] as const;
export type OrgRole = (typeof ORG_ROLES)[number];

export const MembershipEntity = defineEntity({
  name: 'Membership',
  tableName: 'membership',
  properties: {
    orgId: () =>
      p
        .manyToOne(OrganizationEntity)
        .mapToPk()
        .fieldName('org_id')
        .primary()
        .deleteRule('cascade')
        .updateRule('no action'),
    userId: () =>
      p
        .manyToOne(UserEntity)
        .mapToPk()
        .fieldName('user_id')
        .primary()
        .deleteRule('cascade')
        .updateRule('no action')
        .index('membership_user_index'),
    role: p.text().$type<OrgRole>(),
    createdAt: p.datetime(3),
  },
  checks: [{ name: 'membership_role_check', expression: `role in ('owner', 'admin', 'member')` }],
});

export type Membership = InferEntity<typeof MembershipEntity>;

import { MembershipEntity } from './membership.ts';
import { OrganizationEntity } from './organization.ts';
import { PublisherEntity } from './publisher.ts';
import { TokenEntity } from './token.ts';
import { UserEntity } from './user.ts';

export { MembershipEntity, ORG_ROLES, type Membership, type OrgRole } from './membership.ts';
export { OrganizationEntity, type Organization } from './organization.ts';
export { PublisherEntity, type Publisher } from './publisher.ts';
export { TokenEntity, type Token } from './token.ts';
export { UserEntity, type InstanceRole, type User } from './user.ts';

/** The tables of identity, for `openDatabase`. */
export const IDENTITY_ENTITIES = [
  UserEntity,
  OrganizationEntity,
  MembershipEntity,
  PublisherEntity,
  TokenEntity,
] as const;

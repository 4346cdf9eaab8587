export {
  isInstanceAdmin,
  requireInstanceAdmin,
  requireOrgRole,
  requireScope,
  requireUnbound,
  roleIn,
  type InstanceAccess,
  type OrgAccess,
} from './access.ts';
export { createAuthenticator, type Authenticator } from './authenticator.ts';
export { bootstrapInstance } from './bootstrap.ts';
export {
  IDENTITY_ENTITIES,
  type InstanceRole,
  type Membership,
  type Organization,
  ORG_ROLES,
  type OrgRole,
  type Publisher,
  type User,
} from './entities/index.ts';
export { INSTANCE_ORG_SLUG } from './instance-org.ts';
export {
  addMember,
  listMembers,
  presentRole,
  removeMember,
  setMember,
  type MemberEditor,
} from './members.ts';
export {
  changeOrganization,
  createOrganization,
  findOrganization,
  listOrganizations,
  type NewOrganization,
  type OrganizationChange,
} from './organizations.ts';
export { actorOf, type Principal } from './principal.ts';
export { findPublisher, listPublishers, registerPublisher, type NewPublisher } from './publishers.ts';
export { ALL_TOKEN_SCOPES, TOKEN_SCOPES, type TokenScope } from './token-scope.ts';
export { looksLikeToken, type TokenSecret } from './token-secret.ts';
export {
  issueToken,
  issueTokenFor,
  listTokens,
  revokeToken,
  type IssuedToken,
  type TokenRecord,
  type TokenRequest,
} from './tokens.ts';
export { changeInstanceRole, createUser, findUser, listUsers, requireUser, type NewUser } from './users.ts';

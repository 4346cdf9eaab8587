/**
 * Every decision about who may do what, and only here.
 *
 * Three things are asked for: a scope of the token, a role of the user, and that the token is not bound to another
 * organization. What one may not see is answered like what does not exist (`not_found`); what one sees but may not
 * do is `scope_missing` or `role_missing`.
 */
import { Refusal } from '../spec/refusal.ts';
import { ORG_ROLES, type Organization, type OrgRole } from './entities/index.ts';
import { INSTANCE_ORG_SLUG } from './instance-org.ts';
import type { Principal } from './principal.ts';
import type { TokenScope } from './token-scope.ts';

declare const proved: unique symbol;

/** The proof that a principal has a role in an organization. */
export type OrgAccess = {
  readonly principal: Principal;
  readonly org: Pick<Organization, 'id' | 'slug'>;
  readonly role: OrgRole;
  readonly [proved]: true;
};

/** The proof that a principal administers the instance. */
export type InstanceAccess = { readonly principal: Principal; readonly [proved]: true };

/** @throws Refusal `scope_missing` */
export function requireScope(principal: Principal, scope: TokenScope): void {
  if (principal.scopes.has(scope)) return;
  throw new Refusal('scope_missing', {
    detail: `The token does not have the scope ${scope}.`,
    extensions: { scope },
  });
}

/**
 * The role that counts in an organization: the membership's, or `owner` for an administrator of the instance whose
 * token has `instance:admin`. A token that is bound to another organization has none.
 */
export function roleIn(principal: Principal, orgId: string): OrgRole | undefined {
  if (principal.boundOrgId !== undefined && principal.boundOrgId !== orgId) return undefined;
  if (administers(principal)) return 'owner';
  return principal.roles.get(orgId);
}

/**
 * @param org undefined where there is none by that name, which must look the same as one that is not for you
 * @throws Refusal `not_found` without any role in it, `role_missing` with too small a one
 */
export function requireOrgRole(
  principal: Principal,
  org: Pick<Organization, 'id' | 'slug'> | undefined,
  role: OrgRole,
): OrgAccess {
  const held = org && roleToActIn(principal, org);
  if (!org || !held) throw new Refusal('not_found', { detail: 'There is no such organization.' });
  if (ORG_ROLES.indexOf(held) > ORG_ROLES.indexOf(role)) {
    throw new Refusal('role_missing', {
      detail: `This needs the role ${role}; your role in ${org.slug} is ${held}.`,
      extensions: { role },
    });
  }
  return { principal, org, role: held } as OrgAccess;
}

/** What the instance's own organization holds reaches all others: only administrators of the instance change it. */
function roleToActIn(principal: Principal, org: Pick<Organization, 'id' | 'slug'>): OrgRole | undefined {
  const held = roleIn(principal, org.id);
  return held && org.slug === INSTANCE_ORG_SLUG && !administers(principal) ? 'member' : held;
}

/** @throws Refusal `scope_missing`, `token_bound_elsewhere` or `instance_admin_required` */
export function requireInstanceAdmin(principal: Principal): InstanceAccess {
  requireScope(principal, 'instance:admin');
  requireUnbound(principal);
  if (principal.instanceRole !== 'admin') {
    throw new Refusal('instance_admin_required', {
      detail: 'You are not an administrator of this instance.',
    });
  }
  return { principal } as InstanceAccess;
}

/** For what concerns the user as a whole: a token that is bound to an organization does not act there. */
export function requireUnbound(principal: Principal): void {
  if (principal.boundOrgId === undefined) return;
  throw new Refusal('token_bound_elsewhere', {
    detail: 'The token acts in one organization only, and this is not in it.',
  });
}

/** Whether an open route may show what only administrators of the instance see. */
export function isInstanceAdmin(principal: Principal | null): boolean {
  return principal !== null && principal.boundOrgId === undefined && administers(principal);
}

function administers(principal: Principal): boolean {
  return principal.instanceRole === 'admin' && principal.scopes.has('instance:admin');
}

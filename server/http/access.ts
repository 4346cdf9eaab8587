/** Who may call a route: stated in the route table, decided here, proved in the type that the handler gets. */
import {
  findOrganization,
  requireInstanceAdmin,
  requireOrgRole,
  requireScope,
  type Authenticator,
  type InstanceAccess,
  type OrgAccess,
  type OrgRole,
  type Principal,
  type TokenScope,
} from '../../identity/index.ts';
import type { Database } from '../../database/index.ts';
import { Refusal } from '../../spec/refusal.ts';

export type Access =
  /** Anyone; a token that is sent must be a good one all the same. */
  | { readonly kind: 'open' }
  | { readonly kind: 'signedIn'; readonly scope: TokenScope | null }
  /** Whoever has this role in the organization that the path names as `:org`. */
  | { readonly kind: 'org'; readonly role: OrgRole; readonly scope: TokenScope }
  | { readonly kind: 'instance' };

/** What each kind of access proves to the handler. */
export type CallerOf<A extends Access> = A extends { kind: 'open' }
  ? { readonly principal: Principal | null }
  : A extends { kind: 'org' }
    ? OrgAccess
    : A extends { kind: 'instance' }
      ? InstanceAccess
      : { readonly principal: Principal };

export type AccessPorts = { readonly authenticator: Authenticator; readonly database: Database };

/**
 * @param orgSlug the path's `:org`, where the access is one of an organization
 * @throws Refusal `authentication_required`, `token_*`, `scope_missing`, `role_missing`, `instance_admin_required`, or
 * `not_found` for an organization that the caller may not see
 */
export async function admit(
  ports: AccessPorts,
  access: Access,
  authorization: string | null,
  orgSlug: string | undefined,
): Promise<CallerOf<Access>> {
  const principal = await authenticate(ports.authenticator, authorization);
  if (access.kind === 'open') return { principal };
  if (!principal) throw new Refusal('authentication_required', { detail: 'The request carries no token.' });
  switch (access.kind) {
    case 'signedIn':
      if (access.scope !== null) requireScope(principal, access.scope);
      return { principal };
    case 'instance':
      return requireInstanceAdmin(principal);
    case 'org':
      return admitToOrg(ports.database, principal, access, orgSlug ?? '');
  }
}

async function admitToOrg(
  database: Database,
  principal: Principal,
  access: Extract<Access, { kind: 'org' }>,
  slug: string,
): Promise<OrgAccess> {
  const org = await database.transaction({ kind: 'instance' }, (tx) => findOrganization(tx, slug));
  const proof = requireOrgRole(principal, org, access.role);
  requireScope(principal, access.scope);
  return proof;
}

/** @returns null without an Authorization header; RFC 6750, section 2.1 */
async function authenticate(
  authenticator: Authenticator,
  authorization: string | null,
): Promise<Principal | null> {
  if (authorization === null) return null;
  return authenticator.authenticate(readBearer(authorization));
}

/** @throws Refusal `token_malformed` */
export function readBearer(authorization: string): string {
  const [, secret] = /^bearer +(\S+)$/iu.exec(authorization) ?? [];
  if (secret !== undefined) return secret;
  throw new Refusal('token_malformed', { detail: 'The Authorization header is not "Bearer" and a token.' });
}

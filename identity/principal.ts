import type { AuditActor } from '../database/index.ts';
import type { InstanceRole, OrgRole } from './entities/index.ts';
import type { TokenScope } from './token-scope.ts';

/** Who acts in a request, proved by a token; a session or an OIDC login leads to the same. */
export type Principal = {
  /** The user's id. */
  readonly id: string;
  readonly name: string;
  readonly instanceRole: InstanceRole;
  /** By organization id. */
  readonly roles: ReadonlyMap<string, OrgRole>;
  readonly tokenId: string;
  readonly scopes: ReadonlySet<TokenScope>;
  /** The only organization in which the token acts, if it is bound. */
  readonly boundOrgId: string | undefined;
};

/** The principal as the audit log names it. */
export function actorOf(principal: Principal): AuditActor {
  return { kind: 'user', userId: principal.id, tokenId: principal.tokenId };
}

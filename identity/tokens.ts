import { randomUUIDv7 } from 'node:crypto';
import { isUuid, type AuditActor, type Transaction } from '../database/index.ts';
import type { JsonValue } from '../spec/json.ts';
import { Refusal } from '../spec/refusal.ts';
import { roleIn, type InstanceAccess } from './access.ts';
import { announceToken, auditInstance, auditOrg, readDisplayName } from './change.ts';
import { TokenEntity, type Token } from './entities/index.ts';
import { actorOf, type Principal } from './principal.ts';
import { readTokenScopes, type TokenScope } from './token-scope.ts';
import { findUser, userUnknown } from './users.ts';
import { createTokenSecret, hashTokenSecret, type TokenSecret } from './token-secret.ts';

export type TokenRequest = {
  /** For the user to recognize it by. */
  readonly name: string;
  readonly scopes: readonly string[];
  /** Binds it to one organization. */
  readonly orgId?: string;
  readonly expiresAt: Date;
};

/** A token without its hash. */
export type TokenRecord = {
  readonly id: string;
  readonly userId: string;
  /** The organization it is bound to. */
  readonly orgId: string | null;
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  readonly createdAt: Date;
  /** Null: never. */
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** To the minute. */
  readonly lastUsedAt: Date | null;
};

/** The secret is shown here and never again. */
export type IssuedToken = { readonly secret: TokenSecret; readonly token: TokenRecord };

const LIFETIME_MS_MAX = 366 * 24 * 60 * 60 * 1_000;

/**
 * Issues a token to the principal itself, that can do no more than the one it holds. In a transaction of the instance.
 *
 * @throws Refusal `display_name_invalid`, `token_scope_unknown`, `token_scope_excessive`, `token_lifetime_invalid`
 */
export async function issueToken(
  tx: Transaction,
  principal: Principal,
  request: TokenRequest,
): Promise<IssuedToken> {
  const scopes = readTokenScopes(request.scopes);
  requireWithin(principal, scopes, request.orgId);
  return storeToken(tx, actorOf(principal), {
    userId: principal.id,
    orgId: request.orgId ?? null,
    name: readDisplayName(request.name),
    scopes,
    expiresAt: readExpiry(request.expiresAt),
  });
}

/**
 * Issues a token to another user, for an administrator of the instance who made that user. In a transaction of the
 * instance. It can do no more than the administrator's own.
 *
 * @throws Refusal as `issueToken`, or `user_unknown`
 */
export async function issueTokenFor(
  tx: Transaction,
  { principal }: InstanceAccess,
  userId: string,
  request: TokenRequest,
): Promise<IssuedToken> {
  const scopes = readTokenScopes(request.scopes);
  requireWithin(principal, scopes, request.orgId);
  if (!(await findUser(tx, userId))) throw userUnknown();
  return storeToken(tx, actorOf(principal), {
    userId,
    orgId: request.orgId ?? null,
    name: readDisplayName(request.name),
    scopes,
    expiresAt: readExpiry(request.expiresAt),
  });
}

export type TokenGrant = {
  readonly userId: string;
  readonly orgId: string | null;
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  /** Null never expires: for the first token of the instance only. */
  readonly expiresAt: Date | null;
};

/** Issues without asking whose right it is: for the bootstrap, and below the checks above. */
export async function storeToken(
  tx: Transaction,
  actor: AuditActor,
  grant: TokenGrant,
): Promise<IssuedToken> {
  const secret = createTokenSecret();
  const token: TokenRecord = {
    ...grant,
    id: randomUUIDv7(),
    createdAt: new Date(),
    revokedAt: null,
    lastUsedAt: null,
  };
  const hash = Buffer.from(hashTokenSecret(secret), 'hex');
  await tx.em.insert(TokenEntity, { ...token, scopes: [...grant.scopes], hash });
  await auditToken(tx, actor, token, 'token.issued', { scopes: [...grant.scopes] });
  return { secret, token };
}

/**
 * Revokes a token for good: at once on this server, and on the others as soon as the notification arrives. Doing it
 * twice changes nothing.
 *
 * @param userId whose token it must be
 * @throws Refusal `not_found`
 */
export async function revokeToken(
  tx: Transaction,
  actor: AuditActor,
  { tokenId, userId }: { readonly tokenId: string; readonly userId: string },
): Promise<void> {
  const isAddress = isUuid(tokenId) && isUuid(userId);
  const token = isAddress ? await tx.em.findOne(TokenEntity, { id: tokenId, userId }) : null;
  if (!token) throw new Refusal('not_found', { detail: 'There is no such token.' });
  if (token.revokedAt) return;
  token.revokedAt = new Date();
  await announceToken(tx, tokenId);
  await auditToken(tx, actor, recordOf(token), 'token.revoked', {});
}

/** Newest first, the revoked and expired among them. */
export async function listTokens(tx: Transaction, userId: string): Promise<TokenRecord[]> {
  const tokens = await tx.em.find(TokenEntity, { userId }, { orderBy: { createdAt: 'desc', id: 'desc' } });
  return tokens.map(recordOf);
}

function recordOf(token: Omit<Token, 'hash'>): TokenRecord {
  return {
    id: token.id,
    userId: token.userId,
    orgId: token.orgId ?? null,
    name: token.name,
    scopes: token.scopes as TokenScope[],
    createdAt: token.createdAt,
    expiresAt: token.expiresAt ?? null,
    revokedAt: token.revokedAt ?? null,
    lastUsedAt: token.lastUsedAt ?? null,
  };
}

/** A stolen token must not become a stronger one. */
function requireWithin(principal: Principal, scopes: readonly TokenScope[], orgId: string | undefined): void {
  const excessive = scopes.find((scope) => !principal.scopes.has(scope));
  if (excessive) {
    throw new Refusal('token_scope_excessive', {
      detail: `The issuing token does not have the scope ${excessive}.`,
    });
  }
  if (orgId === undefined ? principal.boundOrgId !== undefined : roleIn(principal, orgId) === undefined) {
    throw new Refusal('token_scope_excessive', {
      detail: 'The issuing token does not act in all the organizations that the new one would act in.',
    });
  }
}

function readExpiry(expiresAt: Date): Date {
  const lifetimeMs = expiresAt.getTime() - Date.now();
  // An invalid date compares as NaN, which is neither: it is refused too.
  if (lifetimeMs > 0 && lifetimeMs <= LIFETIME_MS_MAX) return expiresAt;
  throw new Refusal('token_lifetime_invalid', {
    detail: 'The time of expiry is past, too far away, or no time at all.',
  });
}

async function auditToken(
  tx: Transaction,
  actor: AuditActor,
  token: TokenRecord,
  action: string,
  detail: Record<string, JsonValue>,
): Promise<void> {
  const entry = { action, subject: `token:${token.id}`, detail: { ...detail, userId: token.userId } };
  if (token.orgId === null) await auditInstance(tx, actor, entry);
  else await auditOrg(tx, actor, token.orgId, entry);
}

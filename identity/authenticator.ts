/**
 * Who is behind a token.
 *
 * Positive answers are kept in this process for a short time, so that the hot path is a hash and a look into a map.
 * A revoked token or a changed role is announced on a PostgreSQL channel and dropped at once. While this server
 * cannot hear that channel nothing is kept and every question goes to the database.
 */
import type { Database, Transaction } from '../database/index.ts';
import { Refusal } from '../spec/refusal.ts';
import { IDENTITY_CHANNEL } from './change.ts';
import type { InstanceRole, OrgRole } from './entities/index.ts';
import { createLastUse } from './last-use.ts';
import type { Principal } from './principal.ts';
import type { TokenScope } from './token-scope.ts';
import { hashTokenSecret, readTokenSecret } from './token-secret.ts';

export type Authenticator = {
  /**
   * @param secret as it was sent
   * @throws Refusal `token_malformed`, `token_unknown`, `token_expired`, `token_revoked` or `database_unavailable`
   */
  authenticate(secret: string): Promise<Principal>;
  /**
   * The same without waiting, for calls.
   * @returns undefined for what is not kept here, of which `authenticate` knows more
   * @throws Refusal `token_expired`
   */
  recall(secret: string): Principal | undefined;
  /** Writes down which tokens were used and stops. */
  close(): Promise<void>;
};

/** `expiresAtMs` is a time of day; what is kept is kept by a clock that nobody sets. */
type Known = { readonly principal: Principal; readonly expiresAtMs: number; readonly keptUntilMs: number };

/** A change that no notification tells of (a row edited by hand) counts after this time. */
const KEPT_MS_MAX = 30_000;
/** About 1 KB each. */
const KEPT_ENTRIES_MAX = 10_000;

export async function createAuthenticator(database: Database): Promise<Authenticator> {
  const kept = new Map<string, Known>();
  // Counts the announcements: an answer that was asked for before one is not kept after it.
  let generation = 0;
  const forget = (isStale: (known: Known) => boolean): void => {
    generation += 1;
    for (const [hash, known] of kept) if (isStale(known)) kept.delete(hash);
  };
  const forgetAll = (): void => forget(() => true);
  const unlisten = await database.notifications.listen(IDENTITY_CHANNEL, {
    notified: (payload) => forget((known) => concerns(payload, known.principal)),
    lost: forgetAll,
    connected: forgetAll,
  });
  const hears = (): boolean => database.notifications.state() === 'connected';
  const lastUse = createLastUse(database);
  const ask = async (hash: string): Promise<Known> => {
    const asked = generation;
    const known = await database.transaction({ kind: 'instance' }, (tx) => lookUp(tx, hash));
    if (asked === generation && hears()) keep(kept, hash, known);
    return known;
  };
  const recall = (hash: string): Known | undefined => {
    const known = kept.get(hash);
    return known && hears() && performance.now() < known.keptUntilMs ? known : undefined;
  };
  const use = ({ principal, expiresAtMs }: Known, nowMs: number): Principal => {
    if (nowMs >= expiresAtMs) throw expired();
    lastUse.note(principal.tokenId, nowMs);
    return principal;
  };
  return {
    authenticate: async (secret) => {
      const hash = hashTokenSecret(readTokenSecret(secret));
      const nowMs = Date.now();
      return use(recall(hash) ?? (await ask(hash)), nowMs);
    },
    recall: (secret) => {
      const known = recall(hashTokenSecret(secret));
      return known && use(known, Date.now());
    },
    close: async () => {
      unlisten();
      forgetAll();
      await lastUse.close();
    },
  };
}

/** The oldest entry makes room: a map remembers the order of insertion. */
function keep(kept: Map<string, Known>, hash: string, known: Known): void {
  kept.delete(hash);
  kept.set(hash, known);
  const oldest = kept.size > KEPT_ENTRIES_MAX ? kept.keys().next() : undefined;
  if (oldest?.done === false) kept.delete(oldest.value);
}

function concerns(payload: string, principal: Principal): boolean {
  return payload === `token:${principal.tokenId}` || payload === `user:${principal.id}`;
}

type TokenRow = {
  readonly tokenId: string;
  readonly userId: string;
  readonly name: string;
  readonly instanceRole: InstanceRole;
  readonly orgId: string | null;
  readonly scopes: TokenScope[];
  readonly expiresAtMs: number | null;
  readonly revoked: boolean;
  readonly roles: readonly { readonly orgId: string; readonly role: OrgRole }[];
};

async function lookUp(tx: Transaction, hash: string): Promise<Known> {
  const [row] = await tx.em.execute<TokenRow[]>(
    `select token.id as "tokenId", token.user_id as "userId", souk_user.name, instance_role as "instanceRole",
            token.org_id as "orgId", to_json(scopes) as scopes,
            (extract(epoch from expires_at) * 1000)::float8 as "expiresAtMs", revoked_at is not null as revoked,
            coalesce((select json_agg(json_build_object('orgId', membership.org_id, 'role', role))
                        from membership where membership.user_id = token.user_id), '[]') as roles
       from token join souk_user on souk_user.id = token.user_id where hash = decode(?, 'hex')`,
    [hash],
  );
  if (!row) throw new Refusal('token_unknown', { detail: 'No token of this server has this secret.' });
  if (row.revoked)
    throw new Refusal('token_revoked', { detail: 'The token was revoked by its user or an administrator.' });
  const expiresAtMs = row.expiresAtMs ?? Number.POSITIVE_INFINITY;
  if (Date.now() >= expiresAtMs) throw expired();
  return { principal: principalOf(row), expiresAtMs, keptUntilMs: performance.now() + KEPT_MS_MAX };
}

function principalOf(row: TokenRow): Principal {
  return {
    id: row.userId,
    name: row.name,
    instanceRole: row.instanceRole,
    roles: new Map(row.roles.map(({ orgId, role }) => [orgId, role])),
    tokenId: row.tokenId,
    scopes: new Set(row.scopes),
    boundOrgId: row.orgId ?? undefined,
  };
}

function expired(): Refusal {
  return new Refusal('token_expired', { detail: 'The time of the token is over.' });
}

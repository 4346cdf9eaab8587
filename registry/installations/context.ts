/** What every part of the installations works with. */
import type { AuditActor, Database, Scope, Transaction } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { InstalledGuest } from './guest.ts';
import type { Resolver } from './planning/compute-plan.ts';
import { CHANGES_CHANNEL, type GuestCache } from './guest-cache.ts';
import type { SecretsPort } from './secrets.ts';

/** How a hook of a guest ended. `reason` is for the administrators of its organization. */
export type RuntimeVerdict = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly reason: string };

/**
 * The sandbox as the lifecycle sees it; the server provides it. Each call ends within
 * RUN_LIMITS.lifecycle.wallTimeMsMax, and a rejection counts as a failure without a reason to show.
 */
export type RuntimePort = {
  /** Loads the code and runs `upgrade` where it follows another version, then `activate`. */
  activate(guest: InstalledGuest, upgradeFrom: string | null): Promise<RuntimeVerdict>;
  /** Runs `deactivate`, then unloads the code whatever came of it. */
  deactivate(guest: InstalledGuest): Promise<RuntimeVerdict>;
  /** Asks a loaded guest how it is. */
  health(guest: InstalledGuest): Promise<RuntimeVerdict>;
};

export type InstallationsContext = {
  readonly database: Database;
  readonly runtime: RuntimePort;
  readonly trustedPublishers: ReadonlySet<string>;
  readonly cache: GuestCache;
  /** Organizations take turns. */
  readonly resolverOf: (orgId: string) => Resolver;
  readonly heldSecrets: SecretsPort;
  readonly now: () => Date;
  /** The instance's own organization; undefined before the instance has been set up. */
  readonly instanceOrgId: () => Promise<string | undefined>;
};

/** @returns the scope in which the organization's installations are changed: the instance's own reach all others */
export async function scopeOf(context: InstallationsContext, orgId: string): Promise<Scope> {
  return (await context.instanceOrgId()) === orgId ? { kind: 'instance' } : { kind: 'org', orgId };
}

/** Held in common by who changes one organization, and alone by who changes the instance's, whose plugins all have. */
const GLOBAL_LOCK = 'souk.global-plugins';

/** Runs `work` in the organization's scope, alone among all that change its installations. */
export async function underOrgLock<Result>(
  context: InstallationsContext,
  orgId: string,
  work: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  const scope = await scopeOf(context, orgId);
  const inCommon = scope.kind === 'instance' ? '' : '_shared';
  return context.database.transaction(scope, async (tx) => {
    // Two statements: the one below must not be begun before the one above is granted.
    await tx.em.execute(`select pg_advisory_xact_lock${inCommon}(hashtextextended(?, 0))`, [GLOBAL_LOCK]);
    await tx.em.execute(`select pg_advisory_xact_lock(hashtextextended(?, 0))`, [
      `souk.installations:${orgId}`,
    ]);
    return work(tx);
  });
}

/** Tells this server at the commit, and the others through NOTIFY, that a guest is not what it was. */
export async function announceChange(
  { cache }: InstallationsContext,
  tx: Transaction,
  orgId: string,
  plugin: PluginId,
): Promise<void> {
  await tx.em.execute('select pg_notify(?, ?)', [CHANGES_CHANNEL, `${orgId} ${plugin}`]);
  tx.afterCommit(() => cache.forget(orgId, plugin));
}

export type Acting = { readonly orgId: string; readonly actor: AuditActor };

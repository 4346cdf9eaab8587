/**
 * Global plugins. The instance's own organization installs one, with its consent, configuration and secrets; every
 * other organization has a seat of it: an installation that follows that source. A seat has its own id, hence its own
 * isolate, key-value data, logs and metrics; version, grants and the instance's configuration are the source's. The
 * hooks of a global plugin run once, in the instance's organization.
 *
 * Seats are settled in one transaction that no change of an organization runs beside (`underOrgLock`).
 */
import { appendAuditOfMany, type AuditActor, type Transaction } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { actorName } from './actor.ts';
import { underOrgLock, type InstallationsContext } from './context.ts';
import { InstallationEntity } from './entities/index.ts';
import { CHANGES_CHANNEL } from './guest-cache.ts';
import { requireNoBreak } from './global-reach.ts';
import { SOURCE_STOPPED } from './seat.ts';

/** Brings the seats of all organizations in line, unless they are. @returns how many were changed */
export async function reconcileSeats(context: InstallationsContext, actor: AuditActor): Promise<number> {
  const instanceOrgId = await context.instanceOrgId();
  if (instanceOrgId === undefined || !(await isUnsettled(context, instanceOrgId))) return 0;
  return underOrgLock(context, instanceOrgId, (tx) => settleSeats(tx, context, actor));
}

/** Whether an organization lacks a seat, as one does that has just been made: there is one for each but the instance's. */
async function isUnsettled({ database }: InstallationsContext, instanceOrgId: string): Promise<boolean> {
  const rows = await database.transaction({ kind: 'instance' }, (tx) =>
    tx.em.execute<unknown[]>(
      `select 1 from installation source where source.org_id = ? and source.state = 'active'
         and (select count(*) from organization) - 1 <> (select count(*) from installation seat
           where seat.plugin_id = source.plugin_id and seat.digest = source.digest
             and seat.seat ->> 'source' = 'runs') limit 1`,
      [instanceOrgId],
    ),
  );
  return rows.length > 0;
}

/**
 * Gives every organization what is active in the instance's, takes away what is gone there, and stops what is stopped.
 * While an activation is under way nothing moves: what belongs together changes together.
 * @param tx under the lock of the instance's organization
 * @returns how many seats were changed
 * @throws Refusal `global_plugin_needed` where a plugin of an organization does not go with what it would get
 */
export async function settleSeats(
  tx: Transaction,
  context: InstallationsContext,
  actor: AuditActor,
): Promise<number> {
  const instanceOrgId = await context.instanceOrgId();
  if (instanceOrgId === undefined) return 0;
  await tx.em.flush();
  const sources = await tx.em.find(InstallationEntity, { orgId: instanceOrgId });
  if (sources.some(({ state }) => state === 'activating')) return 0;
  const moving = await findMoving(tx, instanceOrgId);
  const after = sources.filter(({ pluginId }) => moving.has(pluginId));
  await requireNoBreak(tx, instanceOrgId, new Map(after.map((source) => [source.pluginId, source])));
  const settling: Settling = { tx, instanceOrgId, at: context.now(), by: actorName(actor) };
  const changed = [
    ...(await addSeats(settling)),
    ...(await moveSeats(settling)),
    ...(await stopSeats(settling)),
    ...(await removeSeats(settling)),
  ];
  if (changed.length === 0) return 0;
  await forgetOwnPast(settling);
  await writeReceipts(settling);
  await auditSeats(tx, actor, changed);
  await tx.em.execute('select pg_notify(?, ?)', [CHANGES_CHANNEL, '*']);
  tx.afterCommit(() => context.cache.forgetAll());
  return changed.length;
}

/** The active sources that an organization with plugins of its own does not have, or has in another version. */
async function findMoving(tx: Transaction, instanceOrgId: string): Promise<ReadonlySet<PluginId>> {
  const rows = await tx.em.execute<{ plugin_id: PluginId }[]>(
    `select distinct source.plugin_id from installation source cross join organization
      where source.org_id = ? and source.state = 'active' and organization.id <> source.org_id
        and exists (select 1 from installation own where own.org_id = organization.id and own.seat is null)
        and not exists (select 1 from installation seat where seat.org_id = organization.id
          and seat.plugin_id = source.plugin_id and seat.digest = source.digest and seat.seat is not null)`,
    [instanceOrgId],
  );
  return new Set(rows.map(({ plugin_id }) => plugin_id));
}

type Settling = {
  readonly tx: Transaction;
  readonly instanceOrgId: string;
  readonly at: Date;
  readonly by: string;
};
type Changed = {
  org_id: string;
  plugin_id: PluginId;
  version: string;
  what: 'given' | 'moved' | 'stopped' | 'taken';
};

function addSeats({ tx, instanceOrgId, at, by }: Settling): Promise<Changed[]> {
  return tx.em.execute<Changed[]>(
    `insert into installation (id, org_id, plugin_id, version, digest, manifest, signature, key_ids, owner_org_id,
        state, range, is_pinned, grants, config, revision, seat, installed_at, installed_by, updated_at)
     select gen_random_uuid(), organization.id, source.plugin_id, source.version, source.digest, source.manifest,
        source.signature, source.key_ids, source.owner_org_id, 'active', null, false, source.grants, '{}', 1,
        jsonb_build_object('sourceId', source.id, 'config', source.config, 'wish', 'run', 'source', 'runs'), ?, ?, ?
       from installation source cross join organization
      where source.org_id = ? and source.state = 'active' and organization.id <> source.org_id
        and not exists (select 1 from installation own
          where own.org_id = organization.id and own.plugin_id = source.plugin_id)
     returning org_id, plugin_id, version, 'given' as what`,
    [at, by, at, instanceOrgId],
  );
}

/**
 * What an organization had of its own becomes a seat, with its data. A step that is under way for a seat goes on; one
 * for an installation that becomes a seat is over, because its hooks are not the organization's any more.
 */
function moveSeats({ tx, instanceOrgId, at }: Settling): Promise<Changed[]> {
  return tx.em.execute<Changed[]>(
    `update installation seat set version = source.version, digest = source.digest, manifest = source.manifest,
        signature = source.signature, key_ids = source.key_ids, owner_org_id = source.owner_org_id, range = null,
        is_pinned = false, grants = source.grants, revision = seat.revision + 1, serving_snapshot_id = null,
        reason = null, updated_at = ?,
        step_deadline_at = case when seat.seat is null then null else seat.step_deadline_at end,
        state = case when seat.seat is not null and seat.step_deadline_at is not null then seat.state
          when wish.text = 'run' then 'active' else 'inactive' end,
        seat = jsonb_build_object('sourceId', source.id, 'config', source.config, 'wish', wish.text,
          'source', 'runs')
       from installation source
       join installation before on before.plugin_id = source.plugin_id and before.org_id <> source.org_id
       cross join lateral (select coalesce(before.seat ->> 'wish',
          case when before.state in ('inactive', 'deactivating') then 'stop' else 'run' end) as text) wish
      where source.org_id = ? and source.state = 'active' and seat.id = before.id
        and (before.seat is null or before.digest <> source.digest or before.grants <> source.grants
          or before.seat -> 'config' <> source.config or before.seat ->> 'source' <> 'runs'
          or before.seat ->> 'sourceId' <> source.id::text)
     returning seat.org_id, seat.plugin_id, seat.version, 'moved' as what`,
    [at, instanceOrgId],
  );
}

function stopSeats({ tx, instanceOrgId, at }: Settling): Promise<Changed[]> {
  return tx.em.execute<Changed[]>(
    `update installation seat set revision = seat.revision + 1, reason = ?, updated_at = ?,
        state = case when seat.step_deadline_at is not null then seat.state else 'inactive' end,
        seat = seat.seat || '{"source":"stopped"}'
       from installation source
      where source.org_id = ? and source.state in ('installed', 'inactive', 'failed')
        and seat.seat ->> 'sourceId' = source.id::text and seat.seat ->> 'source' = 'runs'
     returning seat.org_id, seat.plugin_id, seat.version, 'stopped' as what`,
    [SOURCE_STOPPED, at, instanceOrgId],
  );
}

function removeSeats({ tx, instanceOrgId }: Settling): Promise<Changed[]> {
  return tx.em.execute<Changed[]>(
    `delete from installation seat where seat.seat is not null and not exists (
        select 1 from installation source where source.org_id = ? and source.id::text = seat.seat ->> 'sourceId')
     returning seat.org_id, seat.plugin_id, seat.version, 'taken' as what`,
    [instanceOrgId],
  );
}

/** Versions to go back to and upgrades that wait are not a seat's: the instance decides. */
async function forgetOwnPast({ tx }: Settling): Promise<void> {
  await tx.em.execute(
    `delete from installation_snapshot using installation seat
      where seat.id = installation_snapshot.installation_id and seat.seat is not null`,
  );
  await tx.em.execute(
    `delete from pending_upgrade using installation seat
      where seat.org_id = pending_upgrade.org_id and seat.plugin_id = pending_upgrade.plugin_id
        and seat.seat is not null`,
  );
}

/** The runtime enforces the grants of a seat, so that there is a receipt of them in its organization too. */
async function writeReceipts({ tx, at, by }: Settling): Promise<void> {
  await tx.em.execute(
    `insert into consent_receipt (id, org_id, installation_id, plugin_id, version, digest, asked, granted,
        granted_at, granted_by)
     select gen_random_uuid(), seat.org_id, seat.id, seat.plugin_id, seat.version, seat.digest,
        coalesce(seat.manifest -> 'permissions', '[]'), seat.grants, ?, ?
       from installation seat where seat.seat is not null and not exists (
         select 1 from consent_receipt receipt where receipt.org_id = seat.org_id
           and receipt.installation_id = seat.id and receipt.digest = seat.digest
           and receipt.granted = seat.grants)`,
    [at, by],
  );
}

function auditSeats(tx: Transaction, actor: AuditActor, changed: readonly Changed[]): Promise<void> {
  const events = changed.map(({ org_id: orgId, plugin_id: plugin, version, what }) => ({
    scope: { kind: 'org', orgId } as const,
    actor,
    action: `global-plugin.${what}`,
    subject: `plugin:${plugin}`,
    detail: { version },
  }));
  return appendAuditOfMany(tx, events);
}

/** How far a revocation reaches into organizations: by their own policy, with the blast radius shown first. */
import { appendAudit, type AuditActor, type Transaction } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { underOrgLock, type Acting, type InstallationsContext } from './context.ts';
import { loadDangers, type Danger } from './danger.ts';
import { dependantClosure } from './dependency-graph.ts';
import { RevocationPolicyEntity, type RevocationReaction } from './entities/revocation-policy.ts';
import { RUNNING_OR_LEAVING, takeDown } from './deactivation.ts';
import { graphOfRows, loadRows, requireInstalled } from './organization-rows.ts';

const REACTION_BY_DEFAULT: RevocationReaction = 'block';
const ACTOR: AuditActor = { kind: 'system', name: 'revocation' };

/** What stops when a plugin does. */
export type BlastRadius = {
  readonly plugin: PluginId;
  readonly endpoints: readonly string[];
  readonly commands: readonly string[];
  /** Active plugins that need it, in the order in which they would be deactivated. */
  readonly dependants: readonly PluginId[];
};

export type RevocationPolicyView = {
  readonly reaction: RevocationReaction;
  /** Unsafe versions that are installed, and what stops where they are deactivated. */
  readonly affected: readonly (Danger & { readonly blastRadius: BlastRadius })[];
};

/** @throws Refusal `plugin_not_installed` */
export function blastRadius(
  { database }: InstallationsContext,
  orgId: string,
  plugin: PluginId,
): Promise<BlastRadius> {
  return database.transaction({ kind: 'org', orgId }, async (tx) =>
    radiusOf(await loadRows(tx, orgId), plugin),
  );
}

function radiusOf(rows: Awaited<ReturnType<typeof loadRows>>, plugin: PluginId): BlastRadius {
  requireInstalled(rows, plugin);
  const stopped = dependantClosure(graphOfRows(rows), plugin).filter(
    (id) => rows.get(id)?.state === 'active',
  );
  const parts = stopped.map((id) => ({
    id,
    contributes: requireInstalled(rows, id).manifest.contributes ?? {},
  }));
  return {
    plugin,
    endpoints: parts.flatMap(({ id, contributes }) =>
      (contributes.endpoints ?? []).map(({ method, path }) => `${id}: ${method} ${path}`),
    ),
    commands: parts.flatMap(({ id, contributes }) =>
      (contributes.commands ?? []).map(({ name }) => `${id}: ${name}`),
    ),
    dependants: stopped.filter((id) => id !== plugin),
  };
}

export function readRevocationPolicy(
  { database }: InstallationsContext,
  orgId: string,
): Promise<RevocationPolicyView> {
  // In the instance's scope: a plugin may be unsafe and hidden from the organization by now.
  return database.transaction({ kind: 'instance' }, async (tx) => {
    const rows = await loadRows(tx, orgId);
    const dangers = [...(await loadDangers(tx, orgId)).values()];
    const affected = dangers.map((danger) => ({ ...danger, blastRadius: radiusOf(rows, danger.plugin) }));
    return { reaction: await loadReaction(tx, orgId), affected };
  });
}

async function loadReaction(tx: Transaction, orgId: string): Promise<RevocationReaction> {
  return (await tx.em.findOne(RevocationPolicyEntity, { orgId }))?.reaction ?? REACTION_BY_DEFAULT;
}

/** Decides what is done about unsafe versions; where it is to deactivate them, that is done at once. */
export async function setRevocationPolicy(
  context: InstallationsContext,
  { orgId, actor }: Acting,
  reaction: RevocationReaction,
): Promise<RevocationPolicyView> {
  await underOrgLock(context, orgId, async (tx) => {
    await tx.em.upsert(RevocationPolicyEntity, { orgId, reaction });
    await appendAudit(tx, {
      scope: { kind: 'org', orgId },
      actor,
      action: 'revocation-policy.changed',
      subject: 'installations',
      detail: { reaction },
    });
  });
  await enforceRevocations(context);
  return readRevocationPolicy(context, orgId);
}

/**
 * Takes down what is unsafe where the organization wants that. To be called after a revocation, and every few seconds
 * for those of keys and for what a server left undone.
 * @returns how many plugins were taken down
 */
export async function enforceRevocations(context: InstallationsContext): Promise<number> {
  const due = await context.database.transaction({ kind: 'instance' }, (tx) =>
    tx.em.execute<{ org_id: string }[]>(
      `select distinct installation.org_id from installation
         join revocation_policy on revocation_policy.org_id = installation.org_id and reaction = 'deactivate'
         join plugin_version on plugin_version.archive_digest = installation.digest
        where installation.state = 'active'
          and (plugin_version.state = 'revoked' or plugin_version.signature = 'untrusted')`,
    ),
  );
  let taken = 0;
  for (const { org_id: orgId } of due) taken += await enforceIn(context, { orgId, actor: ACTOR });
  return taken;
}

async function enforceIn(context: InstallationsContext, acting: Acting): Promise<number> {
  const { affected } = await readRevocationPolicy(context, acting.orgId);
  let taken = 0;
  for (const { plugin, version, reason, blastRadius: radius } of affected) {
    const because = `${plugin} ${version} is unsafe: ${reason}`;
    for (const id of [...radius.dependants, plugin]) {
      const outcome = await takeDownOnce(context, acting, id, because);
      // Whoever has begun with a dependant goes on with what it needs; what is left over is found in the next round.
      if (outcome === 'left') break;
      taken += 1;
    }
  }
  return taken;
}

/** `left`: it is down already, or on its way, or something needs it that was begun meanwhile or is not down yet. */
async function takeDownOnce(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
  because: string,
): Promise<'taken' | 'left'> {
  try {
    const holding = await takeDown(context, acting, plugin, because, RUNNING_OR_LEAVING);
    return holding.length === 0 ? 'taken' : 'left';
  } catch (error) {
    const codes = ['transition_not_allowed', 'transition_in_progress', 'plugin_not_installed'];
    if (error instanceof Refusal && codes.includes(error.code)) return 'left';
    throw error;
  }
}

/** Of one version over the whole instance, without naming anybody: for the publisher who is about to revoke it. */
export type RevocationReach = { readonly organizations: number; readonly active: number };

export async function revocationReach(
  { database }: InstallationsContext,
  plugin: PluginId,
  version: string,
): Promise<RevocationReach> {
  const [row] = await database.transaction({ kind: 'instance' }, (tx) =>
    tx.em.execute<{ organizations: number; active: number }[]>(
      `select count(*)::int as organizations, (count(*) filter (where state = 'active'))::int as active
         from installation where plugin_id = ? and version = ?`,
      [plugin, version],
    ),
  );
  return { organizations: row?.organizations ?? 0, active: row?.active ?? 0 };
}

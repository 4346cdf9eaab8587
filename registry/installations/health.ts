/** How an installation is: what its last health test said, since when, and what that makes of its status. */
import { appendAudit, type Transaction } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { underOrgLock, type Acting, type InstallationsContext, type RuntimeVerdict } from './context.ts';
import type { Installation } from './entities/index.ts';
import { writeEvent } from './events.ts';
import { verdictOf } from './lifecycle-step.ts';
import { loadRows, requireInstalled } from './organization-rows.ts';
import { loadGuest } from './load-guest.ts';
import { readSafeMode, standstill } from './safe-mode.ts';
import { statusOf } from './state.ts';

export type StatusView = {
  readonly status: 'READY' | 'DISABLED' | 'ERROR';
  /** Why it is not READY, where a reason is known. */
  readonly reason: string | null;
  /** Since when it is in its state. */
  readonly statusSince: Date;
  /** The last test since then. */
  readonly health: HealthView | null;
};

export type HealthView = {
  readonly verdict: 'done' | 'failed';
  readonly reason: string | null;
  readonly testedAt: Date;
};

export type HealthTest = RuntimeVerdict & {
  readonly status: StatusView['status'];
  readonly testedAt: Date;
};

type Row = {
  installation_id: string;
  since: string | Date;
  health: 'done' | 'failed' | null;
  health_reason: string | null;
  tested_at: string | Date | null;
};
export type Statuses = ReadonlyMap<string, Pick<StatusView, 'statusSince' | 'health'>>;

/** @param tx in the scope of the organization. @returns by installation */
export async function loadStatuses(tx: Transaction, orgId: string): Promise<Statuses> {
  const rows = await tx.em.execute<Row[]>(
    `select installation_id, since, health, health_reason, tested_at from installation_status where org_id = ?`,
    [orgId],
  );
  return new Map(
    rows.map((row) => [row.installation_id, { statusSince: new Date(row.since), health: healthOf(row) }]),
  );
}

function healthOf({ health, health_reason: reason, tested_at: testedAt }: Row): HealthView | null {
  return health === null || testedAt === null
    ? null
    : { verdict: health, reason, testedAt: new Date(testedAt) };
}

/** What people are shown: a plugin that is active and not well is in error (DESIGN section 9). */
export function statusViewOf(row: Installation, statuses: Statuses): StatusView {
  const { statusSince, health } = statuses.get(row.id) ?? { statusSince: row.updatedAt, health: null };
  const reason = row.reason ?? (health?.verdict === 'failed' ? health.reason : null);
  return { status: statusOf(row.state, health?.verdict ?? null), reason, statusSince, health };
}

/**
 * Asks an installation how it is, and keeps the answer with it: an active one that is not well is in error until it
 * says otherwise. What does not run is not asked.
 * @throws Refusal `plugin_not_installed`
 */
export async function testHealth(
  context: InstallationsContext,
  acting: Acting,
  plugin: PluginId,
): Promise<HealthTest> {
  const row = await context.database.transaction({ kind: 'org', orgId: acting.orgId }, async (tx) =>
    requireInstalled(await loadRows(tx, acting.orgId), plugin),
  );
  const testedAt = context.now();
  if (row.state !== 'active') return { ...notAsked(row), status: statusOf(row.state, null), testedAt };
  const mode = await readSafeMode(context);
  if (mode.kind === 'on')
    return { kind: 'failed', reason: standstill(mode.reason), status: 'READY', testedAt };
  const verdict = await ask(context, acting.orgId, plugin);
  await keep(context, acting, { plugin, verdict, testedAt });
  return { ...verdict, status: statusOf(row.state, verdict.kind), testedAt };
}

function notAsked({ reason, state }: Installation): RuntimeVerdict {
  return { kind: 'failed', reason: reason ?? `The plugin is ${state}.` };
}

async function ask(context: InstallationsContext, orgId: string, plugin: PluginId): Promise<RuntimeVerdict> {
  const description = await context.database.transaction({ kind: 'org', orgId }, (tx) =>
    loadGuest(tx, orgId, plugin, 'serving', context.trustedPublishers),
  );
  if (!description) return { kind: 'failed', reason: 'The plugin has just been uninstalled.' };
  return verdictOf(() => context.runtime.health(description.guest));
}

type Tested = { readonly plugin: PluginId; readonly verdict: RuntimeVerdict; readonly testedAt: Date };

/** What has been deactivated or taken away meanwhile keeps nothing. */
async function keep(
  context: InstallationsContext,
  { orgId, actor }: Acting,
  { plugin, verdict, testedAt }: Tested,
): Promise<void> {
  const reason = verdict.kind === 'failed' ? verdict.reason : null;
  await underOrgLock(context, orgId, async (tx) => {
    const row = (await loadRows(tx, orgId)).get(plugin);
    if (row?.state !== 'active') return;
    const before = (await loadStatuses(tx, orgId)).get(row.id)?.health?.verdict ?? null;
    await tx.em.execute(
      `update installation_status set health = ?, health_reason = ?, tested_at = ? where installation_id = ?`,
      [verdict.kind, reason, testedAt, row.id],
    );
    if (statusOf(row.state, before) !== statusOf(row.state, verdict.kind)) {
      const { version, digest, state } = row;
      const data = { plugin, version, digest, state, reason, health: verdict.kind };
      await writeEvent(tx, orgId, { type: 'installation.status_changed', at: testedAt, data });
    }
    await appendAudit(tx, {
      scope: { kind: 'org', orgId },
      actor,
      action: 'installation.tested',
      subject: `plugin:${plugin}`,
      detail: { verdict: verdict.kind, ...(reason === null ? {} : { reason }) },
    });
  });
}

/** Notes that a plugin made its runner end: after a few of them it is out of service for a while. */
export async function noteStrike(
  { database }: InstallationsContext,
  orgId: string,
  plugin: PluginId,
  reason: string,
): Promise<void> {
  const scope = { kind: 'org', orgId } as const;
  await database.transaction(scope, (tx) =>
    appendAudit(tx, {
      scope,
      actor: { kind: 'system', name: 'sandbox' },
      action: 'installation.struck',
      subject: `plugin:${plugin}`,
      detail: { reason },
    }),
  );
}

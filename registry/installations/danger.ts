/** What is installed and was declared unsafe since: the version was revoked, or the keys that signed it were. */
import type { Transaction } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { InstallationsContext } from './context.ts';
import type { Installation } from './entities/index.ts';
import { RevocationPolicyEntity } from './entities/revocation-policy.ts';

export type Danger = {
  readonly plugin: PluginId;
  readonly version: string;
  readonly kind: 'revoked' | 'untrusted';
  readonly reason: string;
};

type Row = { plugin: PluginId; version: string; is_revoked: boolean; reason: string | null };

export type Dangers = ReadonlyMap<PluginId, Danger>;

/** For what is about to be done in the organization's own scope, in which a plugin may be hidden by now. */
export function findDangers({ database }: InstallationsContext, orgId: string): Promise<Dangers> {
  return database.transaction({ kind: 'instance' }, (tx) => loadDangers(tx, orgId));
}

/** @param tx in the scope of the instance: what an organization may not see any more is not less unsafe */
export async function loadDangers(tx: Transaction, orgId: string): Promise<Dangers> {
  const rows = await tx.em.execute<Row[]>(
    `select installation.plugin_id as plugin, installation.version, plugin_version.state = 'revoked' as is_revoked,
            plugin_version.state_reason as reason
       from installation
       join plugin_version on plugin_version.archive_digest = installation.digest
      where installation.org_id = ? and (plugin_version.state = 'revoked' or plugin_version.signature = 'untrusted')`,
    [orgId],
  );
  return new Map(rows.map((row) => [row.plugin, toDanger(row)]));
}

function toDanger({ plugin, version, is_revoked, reason }: Row): Danger {
  if (is_revoked) return { plugin, version, kind: 'revoked', reason: reason ?? 'No reason was given.' };
  return { plugin, version, kind: 'untrusted', reason: 'The keys that signed it were revoked.' };
}

/** Where the organization only wants to be warned, an unsafe version may still be started. @throws Refusal `version_unsafe` */
export async function requireSafe(
  tx: Transaction,
  orgId: string,
  rows: readonly Installation[],
  dangers: Dangers,
): Promise<void> {
  const found = rows.flatMap(({ pluginId }) => dangers.get(pluginId) ?? []);
  const policy = await tx.em.findOne(RevocationPolicyEntity, { orgId });
  if (found.length === 0 || policy?.reaction === 'warn') return;
  throw new Refusal('version_unsafe', {
    detail: found.map(({ plugin, version, reason }) => `${plugin} ${version}: ${reason}`).join(' '),
    extensions: { plugins: found.map(({ plugin }) => plugin) },
  });
}

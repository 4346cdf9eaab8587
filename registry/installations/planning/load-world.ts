/** Reads what plans are computed from. Every function takes a transaction in the scope of the organization. */
import type { Transaction } from '../../../database/index.ts';
import type { JsonObject } from '../../../spec/json.ts';
import type { Manifest } from '../../../spec/manifest.ts';
import type { PluginId } from '../../../spec/plugin-id.ts';
import { offeredVersions, type Audience } from '../../catalogue/offered-versions.ts';
import type { SignatureState } from '../../entities/index.ts';
import { loadRegistry, RESOLUTION_BUDGET_DEFAULT, type VersionLister } from '../../resolver/index.ts';
import { InstallationEntity, type Installation } from '../entities/index.ts';
import type { SecretsPort } from '../secrets.ts';
import type { CheckedRequest } from './check-request.ts';
import type { InstalledPlugin, KeptVersion, OfferedVersion, World } from './world.ts';

export async function loadWorld(
  tx: Transaction,
  orgId: string,
  request: CheckedRequest,
  heldSecrets: SecretsPort,
): Promise<World> {
  const installed = await loadInstalled(tx, orgId);
  const audience: Audience =
    tx.scope.kind === 'instance' ? { kind: 'instance' } : { kind: 'installer', orgId };
  const lister: VersionLister = (plugins) => offeredVersions(tx, audience, plugins);
  const seeds = [...installed.keys(), ...requestedPlugins(request)];
  const registry = await loadRegistry(seeds, lister, RESOLUTION_BUDGET_DEFAULT);
  const kept = request.kind === 'rollback' ? await loadKept(tx, orgId, request.plugin) : [];
  return {
    installed,
    registry,
    kept: new Map(request.kind === 'rollback' ? [[request.plugin, kept]] : []),
    instanceConfig: await loadInstanceConfig(tx, [...registry.keys()]),
    heldSecrets: await heldSecrets(tx, orgId),
  };
}

export async function loadInstalled(tx: Transaction, orgId: string): Promise<Map<PluginId, InstalledPlugin>> {
  const rows = await tx.em.find(InstallationEntity, { orgId }, { orderBy: { pluginId: 'asc' } });
  return new Map(rows.map((row) => [row.pluginId, toInstalled(row)]));
}

function toInstalled(row: Installation): InstalledPlugin {
  return { ...pick(row), installationId: row.id, plugin: row.pluginId };
}

function pick(row: Installation): Omit<InstalledPlugin, 'installationId' | 'plugin'> {
  const { version, digest, manifest, keyIds, ownerOrgId, state, range, isPinned, grants, config, revision } =
    row;
  return {
    version,
    digest,
    manifest,
    keyIds,
    ownerOrgId,
    state,
    range: range ?? null,
    isPinned,
    grants,
    config,
    revision,
    seat: row.seat ?? null,
  };
}

function requestedPlugins(request: CheckedRequest): PluginId[] {
  if (request.kind === 'upgradeAll') return [];
  return request.kind === 'import' ? request.lock.plugins.map(({ plugin }) => plugin) : [request.plugin];
}

type OfferedRow = {
  plugin: PluginId;
  version: string;
  digest: string;
  manifest: Manifest;
  signature: SignatureState;
  key_ids: string[];
  owner_org_id: string;
  is_yanked: boolean;
  yank_reason: string | null;
  is_deprecated: boolean;
  deprecation_reason: string | null;
  replacement: string | null;
};

/** Approved and not fallen below its keys; row level security leaves out what the organization may not see. */
const IS_OFFERED = `plugin_version.state = 'approved' and plugin_version.signature <> 'untrusted'`;

export async function loadOffered(
  tx: Transaction,
  wanted: readonly { readonly plugin: PluginId; readonly version: string }[],
): Promise<OfferedVersion[]> {
  if (wanted.length === 0) return [];
  const rows = await tx.em.execute<OfferedRow[]>(
    `select wanted.plugin, plugin_version.version, archive_digest as digest, manifest, signature, key_ids,
            plugin.owner_org_id, yanked_at is not null as is_yanked, yank_reason,
            deprecated_at is not null as is_deprecated, deprecation_reason, replacement
       from jsonb_to_recordset(?::jsonb) as wanted(plugin text, version text)
       join plugin on plugin.publisher = split_part(wanted.plugin, '/', 1)
        and plugin.name = split_part(wanted.plugin, '/', 2)
       join plugin_version on plugin_version.plugin_id = plugin.id and plugin_version.version = wanted.version
      where ${IS_OFFERED}`,
    [JSON.stringify(wanted)],
  );
  return rows.map(toOffered);
}

function toOffered(row: OfferedRow): OfferedVersion {
  const advice = [
    row.deprecation_reason,
    row.replacement === null ? null : `Use ${row.replacement} instead.`,
  ];
  const { plugin, version, digest, manifest, signature } = row;
  return {
    plugin,
    version,
    digest,
    manifest,
    signature,
    keyIds: row.key_ids,
    ownerOrgId: row.owner_org_id,
    yankReason: row.is_yanked ? (row.yank_reason ?? '') : null,
    deprecation: row.is_deprecated
      ? advice.filter((text) => text !== null).join(' ') || 'No reason given.'
      : null,
  };
}

async function loadKept(tx: Transaction, orgId: string, plugin: PluginId): Promise<KeptVersion[]> {
  const rows = await tx.em.execute<(Omit<KeptVersion, 'standing'> & { is_offered: boolean })[]>(
    `select kept.id as "snapshotId", installation.plugin_id as plugin, kept.version, kept.digest,
            exists (select 1 from plugin_version where archive_digest = kept.digest and ${IS_OFFERED}) as is_offered
       from installation_snapshot kept join installation on installation.id = kept.installation_id
      where installation.org_id = ? and installation.plugin_id = ?
      order by kept.taken_at desc, kept.id desc`,
    [orgId, plugin],
  );
  return rows.map(({ is_offered, ...kept }) => ({ ...kept, standing: is_offered ? 'offered' : 'withdrawn' }));
}

export async function loadInstanceConfig(
  tx: Transaction,
  plugins: readonly string[],
): Promise<Map<PluginId, JsonObject>> {
  const rows = await tx.em.execute<{ plugin_id: PluginId; config: JsonObject }[]>(
    `select plugin_id, config from instance_config
      where plugin_id in (select jsonb_array_elements_text(?::jsonb))`,
    [JSON.stringify(plugins)],
  );
  return new Map(rows.map(({ plugin_id, config }) => [plugin_id, config]));
}

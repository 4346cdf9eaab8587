import type { Transaction } from '../../database/index.ts';
import { Fault } from '../../spec/refusal.ts';
import { splitPluginId, isPluginId } from '../../spec/plugin-id.ts';
import type { VersionRecord } from '../resolver/index.ts';

/**
 * Who is offered something: whoever comes; one organization, as an author who depends on it; one that installs, which
 * does not choose global plugins, because it has them; or the instance, which installs nothing else.
 */
export type Audience =
  | { readonly kind: 'everyone' | 'instance' }
  | { readonly kind: 'org' | 'installer'; readonly orgId: string };

/**
 * Global plugins reach an organization by its seat alone. Where it has one, their versions are listed, so that the
 * resolver can say which one the instance requires.
 */
const NOT_THE_INSTANCES = `(not plugin.is_global or exists (select 1 from installation
  where installation.seat is not null and installation.plugin_id = plugin.publisher || '/' || plugin.name))`;

type Row = {
  plugin: string;
  version: string;
  dependencies: Record<string, string> | null;
  optional: Record<string, string> | null;
  souk: string | null;
  yanked: boolean;
};

/**
 * What a resolution may choose from: versions that are approved and whose signature, if they have one, still counts.
 * Yanked ones are listed as such; the resolver knows when they may be chosen.
 * @param tx for an org: a transaction in its own scope, or in the instance's
 * @param plugins ids, of which those without an offered version are not in the answer
 * @returns plugin id → its versions, oldest first
 */
export async function offeredVersions(
  tx: Transaction,
  audience: Audience,
  plugins: readonly string[],
): Promise<Map<string, VersionRecord[]>> {
  const names = plugins.filter(isPluginId).map(splitPluginId);
  const rows = await tx.em.execute<Row[]>(
    `select plugin.publisher || '/' || plugin.name as plugin, plugin_version.version,
            manifest -> 'dependencies' as dependencies, manifest -> 'optionalDependencies' as optional,
            manifest -> 'engines' ->> 'souk' as souk, yanked_at is not null as yanked
       from plugin_version join plugin on plugin.id = plugin_version.plugin_id
      where (plugin.publisher, plugin.name) in (
              select * from jsonb_to_recordset(?::jsonb) as wanted(publisher text, name text))
        and state = 'approved' and signature <> 'untrusted' and ${visibleTo(tx, audience)}
      order by plugin, version_order`,
    [JSON.stringify(names)],
  );
  const offered = new Map<string, VersionRecord[]>();
  for (const row of rows) {
    const versions = offered.get(row.plugin);
    if (versions) versions.push(toRecord(row));
    else offered.set(row.plugin, [toRecord(row)]);
  }
  return offered;
}

/** Row level security already limits an org's transaction to what it may see. */
function visibleTo(tx: Transaction, audience: Audience): string {
  switch (audience.kind) {
    case 'everyone':
      return `plugin.visibility = 'public'`;
    case 'instance':
      if (tx.scope.kind !== 'instance') throw new Fault('the instance lists versions in its own scope');
      return `plugin.is_global and signature <> 'unsigned'`;
    case 'org':
    case 'installer':
      if (tx.scope.kind !== 'org' || tx.scope.orgId !== audience.orgId)
        throw new Fault('versions for an organization are listed in its own scope');
      return audience.kind === 'org' ? 'true' : NOT_THE_INSTANCES;
    default:
      throw new Fault(`unknown audience ${String(audience satisfies never)}`);
  }
}

function toRecord(row: Row): VersionRecord {
  return {
    version: row.version,
    dependencies: new Map(Object.entries(row.dependencies ?? {})),
    optionalDependencies: new Map(Object.entries(row.optional ?? {})),
    engines: row.souk === null ? {} : { souk: row.souk },
    yanked: row.yanked,
  };
}

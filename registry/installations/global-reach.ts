/** How far a change of global plugins reaches: whose plugins would not go with it. Counts, and nobody's name. */
import semver from 'semver';
import type { Transaction } from '../../database/index.ts';
import type { Manifest } from '../../spec/manifest.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import type { GlobalBreak, GlobalReach, PlanStep } from './planning/plan.ts';
import type { OfferedVersions } from './planning/world.ts';

type Release = { readonly version: string; readonly manifest: Manifest };
/** Global plugins after a change; null for one that goes. */
export type GlobalsAfter = ReadonlyMap<PluginId, Release | null>;

/** @returns what the steps of a plan make of global plugins */
export function globalsAfter(steps: readonly PlanStep[], offered: OfferedVersions): GlobalsAfter {
  const after = new Map<PluginId, Release | null>();
  for (const step of steps) {
    if (step.kind === 'remove') after.set(step.plugin, null);
    if (step.kind !== 'add' && step.kind !== 'replace') continue;
    const release = offered.find(step.plugin, step.version);
    if (release) after.set(step.plugin, release);
  }
  return after;
}

type Row = {
  org_id: string;
  plugin_id: PluginId;
  version: string;
  required: Record<string, string> | null;
  optional: Record<string, string> | null;
};

/** @param tx in the scope of the instance */
export async function reachOf(
  tx: Transaction,
  instanceOrgId: string,
  after: GlobalsAfter,
): Promise<GlobalReach> {
  const [row] = await tx.em.execute<{ organizations: number }[]>(
    `select count(distinct org_id)::int as organizations from installation
      where org_id <> ? and plugin_id in (select jsonb_array_elements_text(?::jsonb))`,
    [instanceOrgId, JSON.stringify([...after.keys()])],
  );
  return { organizations: row?.organizations ?? 0, breaks: await breaksOf(tx, instanceOrgId, after) };
}

/** @param tx in the scope of the instance @throws Refusal `global_plugin_needed` with each break */
export async function requireNoBreak(
  tx: Transaction,
  instanceOrgId: string,
  after: GlobalsAfter,
): Promise<void> {
  const breaks = after.size === 0 ? [] : await breaksOf(tx, instanceOrgId, after);
  if (breaks.length === 0) return;
  throw new Refusal('global_plugin_needed', {
    detail: breaks.map(sentenceOf).join(' '),
    extensions: { breaks: breaks.map((each) => ({ ...each })) },
  });
}

function sentenceOf({ dependant, plugin, range, version, organizations }: GlobalBreak): string {
  const where = organizations === 1 ? 'one organization' : `${organizations} organizations`;
  return `${dependant} of ${where} declares ${plugin} ${range}, which would ${version === null ? 'go' : `be ${version}`}.`;
}

async function breaksOf(tx: Transaction, instanceOrgId: string, after: GlobalsAfter): Promise<GlobalBreak[]> {
  const breaks = new Map<string, GlobalBreak>();
  for (const row of await loadConcerned(tx, instanceOrgId, after)) {
    for (const found of [...breaksBy(row, after), ...breaksFor(row, after)]) {
      const key = JSON.stringify([found.dependant, found.plugin, found.range, found.version]);
      const known = breaks.get(key)?.organizations ?? 0;
      breaks.set(key, { ...found, organizations: known + 1 });
    }
  }
  return [...breaks.values()];
}

/** Plugins of organizations that declare a global one, and those that a global one declares. */
function loadConcerned(tx: Transaction, instanceOrgId: string, after: GlobalsAfter): Promise<Row[]> {
  const globals = [...after.keys()];
  const named = [...after.values()].flatMap((release) =>
    Object.keys(release?.manifest.optionalDependencies ?? {}),
  );
  return tx.em.execute<Row[]>(
    `select org_id, plugin_id, version, manifest -> 'dependencies' as required,
            manifest -> 'optionalDependencies' as optional
       from installation
      where org_id <> ? and seat is null
        and plugin_id not in (select jsonb_array_elements_text(?::jsonb))
        and (plugin_id in (select jsonb_array_elements_text(?::jsonb))
          or jsonb_exists_any(coalesce(manifest -> 'dependencies', '{}') ||
            coalesce(manifest -> 'optionalDependencies', '{}'), array(select jsonb_array_elements_text(?::jsonb))))
      order by plugin_id, org_id`,
    [instanceOrgId, JSON.stringify(globals), JSON.stringify(named), JSON.stringify(globals)],
  );
}

type Found = Omit<GlobalBreak, 'organizations'>;

/** What the row's own manifest declares of global plugins. */
function breaksBy({ plugin_id: dependant, required, optional }: Row, after: GlobalsAfter): Found[] {
  const gone = Object.entries(required ?? {}).filter(([plugin]) => after.get(plugin as PluginId) === null);
  const edges = [...Object.entries(required ?? {}), ...Object.entries(optional ?? {})];
  const misfits = edges.flatMap(([plugin, range]): Found[] => {
    const version = after.get(plugin as PluginId)?.version;
    if (version === undefined || semver.satisfies(version, range)) return [];
    return [{ dependant, plugin: plugin as PluginId, range, version }];
  });
  const losses = gone.map(([plugin, range]) => ({
    dependant,
    plugin: plugin as PluginId,
    range,
    version: null,
  }));
  return [...misfits, ...losses];
}

/** What global plugins declare of the row's plugin; the ones they require are global themselves. */
function breaksFor({ plugin_id: plugin, version }: Row, after: GlobalsAfter): Found[] {
  return [...after].flatMap(([dependant, release]): Found[] => {
    const declared = new Map(Object.entries(release?.manifest.optionalDependencies ?? {}));
    const range = declared.get(plugin);
    if (range === undefined || semver.satisfies(version, range)) return [];
    return [{ dependant, plugin, range, version }];
  });
}

/**
 * For who would deactivate global plugins.
 * @param tx in the scope of the instance
 * @throws Refusal `global_plugin_needed` where active plugins of organizations need one of them
 */
export async function requireIdleOutside(
  tx: Transaction,
  instanceOrgId: string,
  plugins: readonly PluginId[],
): Promise<void> {
  const [row] = await tx.em.execute<{ organizations: number; plugins: number }[]>(
    `select count(distinct org_id)::int as organizations, count(*)::int as plugins from installation
      where org_id <> ? and seat is null and state in ('active', 'activating')
        and jsonb_exists_any(manifest -> 'dependencies', array(select jsonb_array_elements_text(?::jsonb)))`,
    [instanceOrgId, JSON.stringify(plugins)],
  );
  if (!row || row.plugins === 0) return;
  throw new Refusal('global_plugin_needed', {
    detail: `${row.plugins} active plugins in ${row.organizations} organizations need ${plugins.join(', ')}.`,
    extensions: { plugins: row.plugins, organizations: row.organizations },
  });
}

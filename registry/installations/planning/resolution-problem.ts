/** The resolver's view of the world of one organization. */
import { SOUK_VERSION } from '../../../spec/support.ts';
import type { ResolutionProblem, VersionRecord } from '../../resolver/index.ts';
import type { Target } from './target.ts';
import type { InstalledPlugin, World } from './world.ts';

export function resolutionProblem(target: Target, world: World): ResolutionProblem {
  const lock = new Map([...world.installed].map(([plugin, { version }]) => [plugin, version]));
  const { roots, preference } = target;
  return { roots, preference, lock, soukVersion: SOUK_VERSION, registry: registryOf(world) };
}

function registryOf(world: World): ReadonlyMap<string, readonly VersionRecord[]> {
  const registry = new Map(world.registry);
  for (const held of world.installed.values()) {
    const records = registry.get(held.plugin) ?? [];
    // What is installed may stay though it is no longer offered: as if yanked, so that nothing new chooses it.
    if (!records.some(({ version }) => version === held.version)) {
      registry.set(held.plugin, [...records, toRecord(held)]);
    }
  }
  return registry;
}

/** What is installed, as the resolver sees a version that is no longer offered. */
export function toRecord({ version, manifest }: InstalledPlugin): VersionRecord {
  return {
    version,
    dependencies: new Map(Object.entries(manifest.dependencies ?? {})),
    optionalDependencies: new Map(Object.entries(manifest.optionalDependencies ?? {})),
    engines: manifest.engines ?? {},
    yanked: true,
  };
}

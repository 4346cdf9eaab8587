/** What an answer of the resolver changes in the installed set, and why. */
import semver from 'semver';
import { Refusal } from '../../../spec/refusal.ts';
import type { PluginId } from '../../../spec/plugin-id.ts';
import type { Resolution, ResolvedPlugin, RootRequirement } from '../../resolver/index.ts';
import { graphOf, inActivationOrder } from '../dependency-graph.ts';
import type { PlanChange, PlanRequest, PlanStep } from './plan.ts';
import type { Target } from './target.ts';
import type { InstalledPlugin, OfferedVersions, World } from './world.ts';

/** The changes to show, one for each plugin before or after, by name. */
export function changesOf(
  request: PlanRequest,
  resolution: Resolution,
  world: World,
  offered: OfferedVersions,
): PlanChange[] {
  const chosen = [...resolution.plugins.values()].map((plugin) => changeOf(request, plugin, world, offered));
  const removed = [...world.installed.values()].filter(({ plugin }) => !resolution.plugins.has(plugin));
  const removals = removed.map((held): PlanChange => removal(request, held, removed));
  return [...chosen, ...removals].sort((left, right) => (left.plugin < right.plugin ? -1 : 1));
}

function changeOf(
  request: PlanRequest,
  resolved: ResolvedPlugin,
  world: World,
  offered: OfferedVersions,
): PlanChange {
  const plugin = resolved.plugin as PluginId;
  const held = world.installed.get(plugin);
  const kind = kindOf(held?.version, resolved.version);
  return {
    kind,
    plugin,
    fromVersion: held?.version ?? null,
    toVersion: resolved.version,
    digest: digestOf(plugin, resolved.version, world, offered),
    why: held && isOrphan(held, resolved) ? [ORPHAN] : reasons(request, resolved),
  };
}

const ORPHAN = 'Nothing needs it any more; remove it when its data may go.';

/** Came along as a dependency of what is gone or changed, and is kept for its data alone. */
function isOrphan({ range, isPinned }: InstalledPlugin, { roots, dependants }: ResolvedPlugin): boolean {
  const isWanted = range !== null || isPinned || roots.some(({ origin }) => origin !== 'installed');
  return !isWanted && !dependants.some(({ kind }) => kind === 'required');
}

function kindOf(before: string | undefined, after: string): PlanChange['kind'] {
  if (before === undefined) return 'add';
  if (before === after) return 'keep';
  return semver.gt(after, before) ? 'upgrade' : 'downgrade';
}

function digestOf(plugin: PluginId, version: string, world: World, offered: OfferedVersions): string {
  const held = world.installed.get(plugin);
  const digest = held?.version === version ? held.digest : offered.find(plugin, version)?.digest;
  if (digest !== undefined) return digest;
  // It was offered when the resolver was asked, and no longer when its package was looked up.
  throw new Refusal('plan_outdated', { detail: `${plugin} ${version} has just been withdrawn.` });
}

function reasons(request: PlanRequest, resolved: ResolvedPlugin): string[] {
  const roots = resolved.roots.map(rootReason);
  const dependants = resolved.dependants.map(({ from, range, kind }) =>
    kind === 'required' ? `${from} needs ${range}.` : `${from} works with ${range}.`,
  );
  const newest = request.kind === 'upgradeAll' ? ['You asked for the newest versions that fit.'] : [];
  return [...newest, ...roots, ...dependants];
}

function rootReason({ origin, range }: RootRequirement): string {
  const what = range === '*' ? 'it' : range;
  switch (origin) {
    case 'requested':
      return `You asked for ${what}.`;
    case 'installed':
      return `The organization asked for ${what} before.`;
    case 'global':
      return `The instance runs ${what} for every organization.`;
  }
}

function removal(
  request: PlanRequest,
  held: InstalledPlugin,
  removed: readonly InstalledPlugin[],
): PlanChange {
  return {
    kind: 'remove',
    plugin: held.plugin,
    fromVersion: held.version,
    toVersion: null,
    digest: null,
    why: removalReasons(request, held, removed),
  };
}

function removalReasons(
  request: PlanRequest,
  held: InstalledPlugin,
  removed: readonly InstalledPlugin[],
): string[] {
  if (request.kind === 'import') return ['The lock does not have it.'];
  if (request.kind === 'remove' && request.plugin === held.plugin) return ['You asked to remove it.'];
  const gone = new Set<string>(removed.map(({ plugin }) => plugin));
  const needs = Object.keys(held.manifest.dependencies ?? {}).filter((id) => gone.has(id));
  if (needs.length > 0) return needs.sort().map((id) => `It needs ${id}, which is removed.`);
  return ['Nothing needs it any more, and it stands in the way of what was asked.'];
}

/** The changes to do, in the order of activation; removals last, dependants before what they need. */
export function stepsOf(
  resolution: Resolution,
  target: Target,
  world: World,
  offered: OfferedVersions,
): PlanStep[] {
  const steps = resolution.activationOrder.flatMap((id) => {
    const resolved = resolution.plugins.get(id);
    return resolved ? stepOf(resolved, target, world, offered) : [];
  });
  const removed = inActivationOrder(graphOf(world.installed.values()))
    .toReversed()
    .filter((plugin) => !resolution.plugins.has(plugin));
  return [...steps, ...removed.map((plugin): PlanStep => ({ kind: 'remove', plugin }))];
}

function stepOf(
  resolved: ResolvedPlugin,
  target: Target,
  world: World,
  offered: OfferedVersions,
): PlanStep[] {
  const plugin = resolved.plugin as PluginId;
  const { version } = resolved;
  const held = world.installed.get(plugin);
  const wish = { plugin, range: target.ranges.get(plugin) ?? null, isPinned: target.pins.has(plugin) };
  const digest = digestOf(plugin, version, world, offered);
  if (!held) return [{ kind: 'add', ...wish, version, digest }];
  if (held.version !== version) {
    return [{ kind: 'replace', ...wish, version, digest, snapshotId: target.restored.get(plugin) ?? null }];
  }
  const isUnchanged = held.range === wish.range && held.isPinned === wish.isPinned;
  return isUnchanged ? [] : [{ kind: 'hold', ...wish }];
}

/** From a request to what the resolver is asked: the roots that shall hold, and what may move. */
import semver from 'semver';
import type { PluginId } from '../../../spec/plugin-id.ts';
import { Refusal } from '../../../spec/refusal.ts';
import type { Preference, RootOrigin, RootRequirement } from '../../resolver/index.ts';
import { dependantClosure, graphOf } from '../dependency-graph.ts';
import type { CheckedRequest } from './check-request.ts';
import type { OrgLock } from './plan.ts';
import { decidedByInstance } from '../seat.ts';
import type { InstalledPlugin, World } from './world.ts';

/** What the organization wants to hold after the plan. */
export type Target = {
  readonly roots: readonly RootRequirement[];
  readonly preference: Preference;
  /** The range that is remembered for each plugin that somebody asked for. */
  readonly ranges: ReadonlyMap<PluginId, string>;
  readonly pins: ReadonlySet<PluginId>;
  /** Snapshots whose configuration comes back. */
  readonly restored: ReadonlyMap<PluginId, string>;
  /** Whether a plugin that is neither asked for nor needed may go: only those named, or all that a lock lacks. */
  readonly mayGo: (plugin: PluginId) => 'goes' | 'stays';
};

/** What a person asked for so far, to be changed by the request. */
type Wish = {
  range: string | null;
  exact: string | null;
  isPinned: boolean;
  origin: RootOrigin;
};
type Wishes = Map<PluginId, Wish>;

/**
 * @throws Refusal `plan_request_invalid`, `plugin_not_installed`, `plugin_already_installed`, `installation_needed`,
 * `version_not_kept`, `plugin_is_global`
 */
export function targetOf(request: CheckedRequest, world: World): Target {
  requireOwn(request, world);
  const wishes = wishesOf(world);
  switch (request.kind) {
    case 'install':
      return install(request.plugin, request.range, wishes, world);
    case 'upgrade':
      return upgrade(request.plugin, request.range, wishes, world);
    case 'upgradeAll':
      return toTarget(wishes, { kind: 'newest' });
    case 'rollback':
      return rollback(request.plugin, request.version, wishes, world);
    case 'remove':
      return remove(request.plugin, request.dependants, wishes, world);
    case 'pin':
      return pin(request.plugin, request.version, wishes, world);
    case 'unpin':
      return unpin(request.plugin, wishes, world);
    case 'import':
      return importLock(request.lock, world);
  }
}

function wishesOf(world: World): Wishes {
  return new Map([...world.installed].map(([plugin, held]): [PluginId, Wish] => [plugin, wishOf(held)]));
}

/** A global plugin is a fixed root: it is there in this version, whatever is asked for. */
function wishOf({ range, isPinned, version, seat }: InstalledPlugin): Wish {
  if (seat) return { range: null, exact: version, isPinned: false, origin: 'global' };
  return { range, exact: isPinned ? version : null, isPinned, origin: 'installed' };
}

function toTarget(wishes: Wishes, preference: Preference, restored = new Map<PluginId, string>()): Target {
  const roots = [...wishes].flatMap(([plugin, { range, exact, origin }]): RootRequirement[] => {
    const wanted = exact ?? range;
    return wanted === null ? [] : [{ plugin, range: wanted, kind: 'required', origin }];
  });
  const ranges = [...wishes].flatMap(([plugin, { range }]): [PluginId, string][] =>
    range === null ? [] : [[plugin, range]],
  );
  const pins = [...wishes].filter(([, { isPinned }]) => isPinned).map(([plugin]) => plugin);
  const mayGo = () => 'stays' as const;
  return { roots, preference, ranges: new Map(ranges), pins: new Set(pins), restored, mayGo };
}

function locked(...freed: PluginId[]): Preference {
  return { kind: 'locked', upgrade: new Set(freed) };
}

function install(plugin: PluginId, range: string | undefined, wishes: Wishes, world: World): Target {
  const held = world.installed.get(plugin);
  if (held && held.range !== null) {
    throw new Refusal('plugin_already_installed', {
      detail: `${plugin} ${held.version} is installed.`,
      extensions: { plugin, version: held.version },
    });
  }
  const isPinned = held?.isPinned ?? false;
  const wanted = range?.trim() || '*';
  wishes.set(plugin, {
    range: wanted,
    exact: isPinned && held ? held.version : null,
    isPinned,
    origin: 'requested',
  });
  return toTarget(wishes, locked());
}

function upgrade(plugin: PluginId, range: string | undefined, wishes: Wishes, world: World): Target {
  const held = requireInstalled(plugin, world);
  if (held.isPinned)
    throw invalid(`${plugin} is pinned to ${held.version}.`, 'Unpin it first, or pin another version.');
  const wanted = range === undefined ? held.range : range.trim() || '*';
  const target = toTarget(
    wishes.set(plugin, { range: wanted, exact: null, isPinned: false, origin: 'requested' }),
    locked(plugin),
  );
  // What came along as a dependency is still nobody's own wish afterwards.
  if (held.range !== null) return target;
  return { ...target, ranges: new Map([...target.ranges].filter(([id]) => id !== plugin)) };
}

function rollback(plugin: PluginId, version: string | undefined, wishes: Wishes, world: World): Target {
  const held = requireInstalled(plugin, world);
  const kept = (world.kept.get(plugin) ?? []).filter((past) => past.version !== held.version);
  const past = version === undefined ? kept[0] : kept.find((candidate) => candidate.version === version);
  if (past?.standing !== 'offered') {
    const known = kept.map((candidate) => candidate.version).join(', ') || 'none';
    throw new Refusal('version_not_kept', {
      detail: `${plugin} is at ${held.version}; earlier versions kept: ${known}${past ? ', of which this one is no longer offered' : ''}.`,
      extensions: { plugin, kept: kept.map((candidate) => candidate.version) },
    });
  }
  const admits = held.range === null || semver.satisfies(past.version, held.range);
  const range = admits ? held.range : past.version;
  wishes.set(plugin, { range, exact: past.version, isPinned: held.isPinned, origin: 'requested' });
  return toTarget(wishes, locked(), new Map([[plugin, past.snapshotId]]));
}

function remove(plugin: PluginId, dependants: 'refuse' | 'cascade', wishes: Wishes, world: World): Target {
  requireInstalled(plugin, world);
  const removed = dependantClosure(graphOf(world.installed.values()), plugin);
  const others = removed.filter((id) => id !== plugin);
  if (others.length > 0 && dependants === 'refuse') {
    throw new Refusal('installation_needed', {
      detail: `${plugin} is needed by ${others.join(', ')}.`,
      extensions: { plugin, dependants: others },
    });
  }
  for (const id of removed) wishes.delete(id);
  return { ...toTarget(wishes, locked()), mayGo: (id) => (removed.includes(id) ? 'goes' : 'stays') };
}

function pin(plugin: PluginId, version: string | undefined, wishes: Wishes, world: World): Target {
  const held = requireInstalled(plugin, world);
  const exact = version ?? held.version;
  wishes.set(plugin, { range: held.range, exact, isPinned: true, origin: 'requested' });
  return toTarget(wishes, locked());
}

function unpin(plugin: PluginId, wishes: Wishes, world: World): Target {
  const held = requireInstalled(plugin, world);
  // A version outside the range that was asked for once would have to move; it may stay, as its own range.
  const admits = held.range === null || semver.satisfies(held.version, held.range);
  const range = admits ? held.range : held.version;
  wishes.set(plugin, { range, exact: null, isPinned: false, origin: 'installed' });
  return toTarget(wishes, locked());
}

/** @throws Refusal `plugin_is_global` for a request about what the instance decides */
function requireOwn(request: CheckedRequest, world: World): void {
  if (!('plugin' in request) || !world.installed.get(request.plugin)?.seat) return;
  throw decidedByInstance(request.plugin, 'the instance decides whether it is there, and in which version.');
}

/** Global plugins stay, whether the lock has them or not. One that it has in another version cannot be. */
function importLock(lock: OrgLock, world: World): Target {
  const wishes: Wishes = new Map();
  for (const { plugin, version, range, pinned } of lock.plugins) {
    const wanted = range === null ? null : range.trim() || '*';
    wishes.set(plugin, { range: wanted, exact: version, isPinned: pinned, origin: 'requested' });
  }
  for (const held of world.installed.values()) {
    const exact = wishes.get(held.plugin)?.exact ?? held.version;
    if (held.seat && exact === held.version) wishes.set(held.plugin, wishOf(held));
    else if (held.seat)
      throw decidedByInstance(held.plugin, `the lock has ${exact}, the instance ${held.version}.`);
  }
  return { ...toTarget(wishes, locked()), mayGo: () => 'goes' };
}

function requireInstalled(plugin: PluginId, world: World): InstalledPlugin {
  const held = world.installed.get(plugin);
  if (held) return held;
  throw new Refusal('plugin_not_installed', {
    detail: `${plugin} is not installed.`,
    extensions: { plugin },
  });
}

function invalid(detail: string, hint?: string): Refusal {
  return new Refusal('plan_request_invalid', hint ? { detail, hint } : { detail });
}

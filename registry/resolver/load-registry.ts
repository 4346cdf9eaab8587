/** Collects, before the search, every plugin that it could come to. */
import { Meter, type ResolutionBudget } from './budget.ts';
import type { VersionRecord } from './problem.ts';

/**
 * Lists the versions of plugins that the organization may see: approved, visible, not revoked.
 *
 * Called with the ids of one level of the dependency graph at a time, each id once, so that one query answers many. It
 * leaves out what it does not know, and may answer more than was asked, which saves later calls.
 */
export type VersionLister = (
  plugins: readonly string[],
) => Promise<ReadonlyMap<string, readonly VersionRecord[]>> | ReadonlyMap<string, readonly VersionRecord[]>;

/**
 * Follows the required dependencies of every version from the roots on. Optional dependencies pull nothing in.
 * @param plugins the roots' plugins
 * @returns the `registry` of a `ResolutionProblem`
 * @throws Refusal `resolution_budget_exceeded` or `resolution_canceled`
 */
export async function loadRegistry(
  plugins: Iterable<string>,
  lister: VersionLister,
  budget: ResolutionBudget,
): Promise<ReadonlyMap<string, readonly VersionRecord[]>> {
  const meter = new Meter(budget);
  const known = new Map<string, readonly VersionRecord[]>();
  const asked = new Set(plugins);
  let level = [...asked].sort();
  while (level.length > 0) {
    for (const [plugin, records] of await lister(level)) known.set(plugin, records);
    level = nextLevel(level, known, asked, meter);
    meter.charge(1);
    meter.look();
  }
  return known;
}

/** @returns the ids that the versions of `level` need and that nobody asked for yet; they join `asked`. */
function nextLevel(
  level: readonly string[],
  known: ReadonlyMap<string, readonly VersionRecord[]>,
  asked: Set<string>,
  meter: Meter,
): string[] {
  const unknown = new Set<string>();
  const open = [...level];
  for (let plugin = open.pop(); plugin !== undefined; plugin = open.pop()) {
    for (const target of targetsOf(known.get(plugin) ?? [], meter)) {
      if (asked.has(target)) continue;
      asked.add(target);
      // What the lister answered without being asked needs no call.
      if (known.has(target)) open.push(target);
      else unknown.add(target);
    }
  }
  return [...unknown].sort();
}

function targetsOf(records: readonly VersionRecord[], meter: Meter): ReadonlySet<string> {
  const targets = new Set<string>();
  for (const { dependencies } of records) {
    meter.charge(1 + dependencies.size);
    for (const target of dependencies.keys()) targets.add(target);
  }
  return targets;
}

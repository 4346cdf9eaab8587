/** The plugins of one problem, opened when first named, with what rules some of their versions out. */
import { readRange } from '../../spec/version.ts';
import { Candidates, type Obstacle } from './candidates.ts';
import type { Incompatibility } from './incompatibility.ts';
import type { ResolutionProblem, VersionRecord } from './problem.ts';
import { pinnedVersion, requireRange, requireVersion } from './range.ts';
import { hasMember, type VersionSet } from './version-set.ts';

export class Catalogue {
  readonly #problem: ResolutionProblem;
  readonly soukVersion: string;
  readonly #opened = new Map<string, Candidates | undefined>();
  readonly #orders = new Map<Candidates, readonly number[]>();
  readonly #favourites = new Map<Candidates, number | undefined>();
  readonly #engineFits = new Map<string, boolean | undefined>();
  /** Plugin → versions that a root requirement names exactly: the organization's own word, which outweighs a yank. */
  readonly #pins = new Map<string, Set<string>>();

  /** @throws Refusal `range_invalid` or `version_invalid` where a root, a lock entry or Souk's own version is none */
  constructor(problem: ResolutionProblem) {
    this.#problem = problem;
    this.soukVersion = requireVersion(problem.soukVersion, 'Souk').version;
    for (const [plugin, version] of problem.lock) requireVersion(version, `${plugin} in the lock`);
    for (const { plugin, range } of problem.roots) {
      const pin = pinnedVersion(requireRange(range, plugin));
      if (pin === undefined) continue;
      this.#pins.set(plugin, (this.#pins.get(plugin) ?? new Set()).add(pin));
    }
  }

  /** @returns the plugin's versions, or undefined where it has none. */
  open(plugin: string): Candidates | undefined {
    if (this.#opened.has(plugin)) return this.#opened.get(plugin);
    const records = this.#problem.registry.get(plugin) ?? [];
    const candidates = records.length === 0 ? undefined : new Candidates(plugin, this.#opened.size, records);
    this.#opened.set(plugin, candidates);
    return candidates;
  }

  /** Plugin ids that exist, for hints. */
  *plugins(): Iterable<string> {
    yield* this.#problem.registry.keys();
    yield* this.#problem.otherPlugins ?? [];
  }

  /** @returns the locked version's index where it exists and is to stay, see `Preference`. */
  favourite(candidates: Candidates): number | undefined {
    if (!this.#favourites.has(candidates)) this.#favourites.set(candidates, this.#findFavourite(candidates));
    return this.#favourites.get(candidates);
  }

  /** @returns whether the plugin is one of those that the caller wants to be upgraded. */
  isToUpgrade({ plugin }: Candidates): boolean {
    const { preference } = this.#problem;
    return preference.kind === 'locked' && preference.upgrade.has(plugin);
  }

  #findFavourite(candidates: Candidates): number | undefined {
    const { preference, lock } = this.#problem;
    if (preference.kind === 'newest' || preference.upgrade.has(candidates.plugin)) return undefined;
    return candidates.indexOf(lock.get(candidates.plugin));
  }

  /** @returns the most wanted of the allowed versions, which must not be empty of versions. */
  mostWanted(candidates: Candidates, allowed: VersionSet): number | undefined {
    let order = this.#orders.get(candidates);
    if (order === undefined) {
      order = candidates.preferenceOrder(this.favourite(candidates));
      this.#orders.set(candidates, order);
    }
    return order.find((index) => hasMember(allowed, index));
  }

  /** @returns one incompatibility per reason that rules versions of the plugin out whatever else is chosen. */
  obstacles(candidates: Candidates): Incompatibility[] {
    const groups = new Map<string, { obstacle: Obstacle; members: number[] }>();
    for (const [index, record] of candidates.records.entries()) {
      const obstacle = this.#obstacle(candidates.plugin, record);
      if (obstacle === undefined) continue;
      const key = JSON.stringify(obstacle);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { obstacle, members: [index] });
      else group.members.push(index);
    }
    return [...groups.values()].map(({ obstacle, members }) => ({
      terms: [{ candidates, set: candidates.setOf(members) }],
      cause: { kind: 'obstacle', candidates, obstacle },
    }));
  }

  #obstacle(plugin: string, record: VersionRecord): Obstacle | undefined {
    const range = record.engines.souk;
    if (range !== undefined) {
      const fits = this.#fitsEngine(range);
      if (fits === undefined) return { kind: 'malformed', about: 'engines.souk' };
      if (!fits) return { kind: 'engine', range };
    }
    const chosenByOrg =
      this.#problem.lock.get(plugin) === record.version ||
      this.#pins.get(plugin)?.has(record.version) === true;
    return record.yanked && !chosenByOrg ? { kind: 'yanked' } : undefined;
  }

  #fitsEngine(range: string): boolean | undefined {
    if (!this.#engineFits.has(range)) this.#engineFits.set(range, readRange(range)?.test(this.soukVersion));
    return this.#engineFits.get(range);
  }
}

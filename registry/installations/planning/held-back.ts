/**
 * Versions of a plugin that others of the organization keep out: who they are, by which range, and what can be done.
 * The resolver's explanation proves by one chain of facts that there is no answer; here is everybody who stands in the
 * way. It speaks only of what the organization has, or is offered.
 */
import semver from 'semver';
import type { JsonValue } from '../../../spec/json.ts';
import type { PluginId } from '../../../spec/plugin-id.ts';
import { Refusal } from '../../../spec/refusal.ts';
import { SOUK_VERSION } from '../../../spec/support.ts';
import { readRange } from '../../../spec/version.ts';
import type { Resolution, VersionRecord } from '../../resolver/index.ts';
import type { HeldBack, Holder, PlanRequest } from './plan.ts';
import { toRecord } from './resolution-problem.ts';
import type { Target } from './target.ts';
import type { InstalledPlugin, World } from './world.ts';

/** Those that are named, by name; more are counted. */
const HOLDERS_MAX = 20;

/**
 * @returns for an upgrade of one plugin: a version that is newer than the one in the answer, and inside of what was
 *   asked for, but outside of what others need; undefined where there is none
 */
export function heldBackIn(request: PlanRequest, resolution: Resolution, world: World): HeldBack | undefined {
  const chosen = request.kind === 'upgrade' ? resolution.plugins.get(request.plugin) : undefined;
  if (!chosen) return undefined;
  const plugin = chosen.plugin as PluginId;
  const wishes = chosen.roots.map(({ range }) => admitting(range));
  const newest = usableRecords(plugin, world).find(
    ({ version }) => semver.prerelease(version) === null && wishes.every((admits) => admits(version)),
  )?.version;
  if (newest === undefined || !semver.gt(newest, chosen.version)) return undefined;
  return heldBack(plugin, newest, [newest], world);
}

/** @returns the refusal of the resolver, which names as well who admits no version of what was asked for */
export function tellingHolders(refusal: Refusal, { roots }: Target, world: World): Refusal {
  const [asked, ...others] = roots.filter(({ origin }) => origin === 'requested');
  if (!asked || others.length > 0) return refusal;
  const plugin = asked.plugin as PluginId;
  const versions = usableRecords(plugin, world).map(({ version }) => version);
  const held = heldBack(plugin, asked.range, versions.filter(admitting(asked.range)), world);
  if (!held) return refusal;
  const known = refusal.extensions['hints'];
  const hints = [held.message, ...(Array.isArray(known) ? known : [])];
  return new Refusal(refusal.code, {
    detail: refusal.message,
    hint: `${held.message} ${refusal.hint}`,
    extensions: { ...refusal.extensions, hints, heldBack: held as unknown as JsonValue },
    cause: refusal,
  });
}

/** @param versions that would do, of which each holder admits none */
function heldBack(
  plugin: PluginId,
  range: string,
  versions: readonly string[],
  world: World,
): HeldBack | undefined {
  if (versions.length === 0) return undefined;
  const admitsSome = memoized((text) => versions.some(admitting(text)));
  const isHolding = (declared: Declared | undefined): boolean =>
    declared !== undefined && !admitsSome(declared.range);
  const holders = [...world.installed.values()]
    .flatMap((held): Holding[] => {
      const declared = declaredBy(toRecord(held), plugin);
      return declared && held.plugin !== plugin && isHolding(declared) ? [{ held, declared }] : [];
    })
    .sort((left, right) => (left.held.plugin < right.held.plugin ? -1 : 1));
  if (holders.length === 0) return undefined;
  const followerOf = ({ plugin: holder, version }: InstalledPlugin): string | null =>
    usableRecords(holder, world).find(
      (record) => isFollowing(record, version) && !isHolding(declaredBy(record, plugin)),
    )?.version ?? null;
  const by = holders
    .slice(0, HOLDERS_MAX)
    .map((holding) => describeHolder(holding, plugin, followerOf(holding.held)));
  return { plugin, range, by, message: messageOf(`${plugin} ${range}`, by, holders.length - by.length) };
}

type Declared = { readonly kind: Holder['kind']; readonly range: string };
type Holding = { readonly held: InstalledPlugin; readonly declared: Declared };

function declaredBy(record: VersionRecord, plugin: PluginId): Declared | undefined {
  const required = record.dependencies.get(plugin);
  if (required !== undefined) return { kind: 'required', range: required };
  const optional = record.optionalDependencies.get(plugin);
  return optional === undefined ? undefined : { kind: 'optional', range: optional };
}

function isFollowing({ version }: VersionRecord, present: string): boolean {
  return semver.prerelease(version) === null && semver.gt(version, present);
}

function describeHolder({ held, declared }: Holding, plugin: PluginId, follower: string | null): Holder {
  const { plugin: holder, version } = held;
  const verb = declared.kind === 'required' ? 'needs' : 'works only with';
  const message = `${holder} ${version} ${verb} ${plugin} ${declared.range}${wayOut(held, follower)}`;
  return { plugin: holder, version, ...declared, follower, message };
}

/**
 * What can be done about a holder. Who moves on takes along what it needs; where several have to at once, each but the
 * last stays where it is, in a range that lets it follow.
 */
function wayOut({ plugin, seat, isPinned, range }: InstalledPlugin, follower: string | null): string {
  if (seat) return ', and the instance decides its version.';
  if (follower === null)
    return ', and no newer version of it goes further: ask its publisher for one, or uninstall it first.';
  const goes = `; ${plugin} ${follower} goes further`;
  if (isPinned) return `${goes}: unpin it first.`;
  if (range !== null && !admitting(range)(follower))
    return `${goes}: upgrade that first, with the range ${range} || ^${follower}.`;
  return `${goes}: upgrade that first.`;
}

function messageOf(what: string, by: readonly Holder[], more: number): string {
  const counted = more === 0 ? [] : [`So ${more === 1 ? 'does one more' : `do ${more} more`}.`];
  return [`${what} is held back.`, ...by.map(({ message }) => message), ...counted].join(' ');
}

/** What is offered to new resolutions and runs on this Souk, newest first. */
function usableRecords(plugin: PluginId, { registry }: World): VersionRecord[] {
  const runsHere = memoized((range) => admitting(range)(SOUK_VERSION));
  return (registry.get(plugin) ?? [])
    .filter(({ yanked, engines }) => !yanked && (engines.souk === undefined || runsHere(engines.souk)))
    .sort((left, right) => semver.rcompare(left.version, right.version));
}

function admitting(text: string): (version: string) => boolean {
  const range = readRange(text);
  return (version) => range?.test(version) ?? false;
}

/** Ranges mostly stay the same from version to version, and each costs its reading. */
function memoized(judge: (range: string) => boolean): (range: string) => boolean {
  const known = new Map<string, boolean>();
  return (range) => {
    const verdict = known.get(range) ?? judge(range);
    known.set(range, verdict);
    return verdict;
  };
}

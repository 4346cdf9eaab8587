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
  const newer = usableRecords(plugin, world)
    .filter((record) => isFollowing(record, chosen.version))
    .map(({ version }) => version)
    .filter((version) => wishes.every((admits) => admits(version)));
  const [newest] = newer;
  if (newest === undefined) return undefined;
  const neighbours = afterPlan(resolution, world);
  const ofVersions = (versions: string[]) => heldBack({ plugin, range: newest, versions }, neighbours, world);
  // Who admits nothing newer comes first; where each admits some of it, and not the same, there is the newest.
  return ofVersions(newer) ?? ofVersions([newest]);
}

/** @returns the refusal of the resolver, which names as well who admits no version of what was asked for */
export function tellingHolders(refusal: Refusal, { roots }: Target, world: World): Refusal {
  const [asked, ...others] = roots.filter(({ origin }) => origin === 'requested');
  if (!asked || others.length > 0) return refusal;
  const plugin = asked.plugin as PluginId;
  const versions = usableRecords(plugin, world).map(({ version }) => version);
  const wanted = { plugin, range: asked.range, versions: versions.filter(admitting(asked.range)) };
  const held = heldBack(wanted, atPresent(world), world);
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

/** What somebody would like, and the versions that would do. */
type Wanted = { readonly plugin: PluginId; readonly range: string; readonly versions: readonly string[] };
/** A plugin of the organization in the version that it stays in, and what was asked for of it. */
type Neighbour = Pick<InstalledPlugin, 'plugin' | 'seat' | 'isPinned' | 'range'> & {
  readonly record: VersionRecord;
};

function atPresent({ installed }: World): Neighbour[] {
  return [...installed.values()].map((held) => ({ ...held, record: toRecord(held) }));
}

function afterPlan({ plugins }: Resolution, { installed }: World): Neighbour[] {
  const isNew = { seat: null, isPinned: false, range: null };
  return [...plugins.values()].map(({ plugin, record }) => ({
    ...(installed.get(plugin as PluginId) ?? isNew),
    plugin: plugin as PluginId,
    record,
  }));
}

/** @returns those of whom each admits none of the versions, by name */
function heldBack(wanted: Wanted, neighbours: readonly Neighbour[], world: World): HeldBack | undefined {
  const { plugin, range, versions } = wanted;
  if (versions.length === 0) return undefined;
  const admitsSome = memoized((text) => versions.some(admitting(text)));
  const isHolding = (record: VersionRecord): boolean => {
    const declared = declaredBy(record, plugin);
    return declared !== undefined && !admitsSome(declared.range);
  };
  const holders = neighbours
    .filter((neighbour) => neighbour.plugin !== plugin && isHolding(neighbour.record))
    .sort((left, right) => (left.plugin < right.plugin ? -1 : 1));
  if (holders.length === 0) return undefined;
  const followerOf = ({ plugin: holder, range: own, record: { version } }: Neighbour): string | null => {
    const followers = usableRecords(holder, world)
      .filter((record) => isFollowing(record, version) && !isHolding(record))
      .map((record) => record.version);
    return followers.find(admitting(own ?? '*')) ?? followers[0] ?? null;
  };
  const by = holders
    .slice(0, HOLDERS_MAX)
    .flatMap((holder) => describeHolder(holder, plugin, followerOf(holder)));
  return { plugin, range, by, message: messageOf(`${plugin} ${range}`, by, holders.length - by.length) };
}

type Declared = { readonly kind: Holder['kind']; readonly range: string };

function declaredBy(record: VersionRecord, plugin: PluginId): Declared | undefined {
  const required = record.dependencies.get(plugin);
  if (required !== undefined) return { kind: 'required', range: required };
  const optional = record.optionalDependencies.get(plugin);
  return optional === undefined ? undefined : { kind: 'optional', range: optional };
}

function isFollowing({ version }: VersionRecord, present: string): boolean {
  return semver.prerelease(version) === null && semver.gt(version, present);
}

function describeHolder(holder: Neighbour, plugin: PluginId, follower: string | null): Holder[] {
  const { version } = holder.record;
  const declared = declaredBy(holder.record, plugin);
  if (!declared) return [];
  const verb = declared.kind === 'required' ? 'needs' : 'works only with';
  const message = `${holder.plugin} ${version} ${verb} ${plugin} ${declared.range}${wayOut(holder, follower)}`;
  return [{ plugin: holder.plugin, version, ...declared, follower, message }];
}

/**
 * What can be done about a holder. Who moves on takes along what it needs; where several have to at once, each but the
 * last stays where it is, in a range that lets it follow.
 */
function wayOut({ plugin, seat, isPinned, range }: Neighbour, follower: string | null): string {
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

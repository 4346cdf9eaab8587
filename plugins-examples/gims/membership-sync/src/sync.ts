/** One sync: for each organization a group on each platform, and in it the members that the records say. */
import type { Host } from 'souk/sdk';
import { messageOf } from '../../platform-kit/errors.ts';
import { differenceOf } from './difference.ts';
import { openMemory, type Memory } from './memory.ts';
import { ask, ensureGroups, listMembers } from './platforms.ts';
import { readMembers, readOrganizations, type Organization } from './records.ts';
import { openLedger, type Ledger, type Report } from './report.ts';

export type Wish = { readonly dryRun?: boolean; readonly organization?: string };
type Config = {
  readonly platforms: readonly string[];
  readonly organizations: readonly string[];
  readonly visibility: string;
};
type Work = {
  readonly host: Host;
  readonly memory: Memory;
  readonly ledger: Ledger;
  readonly mode: 'apply' | 'dryRun';
};
/** Null for a group that is not there yet. */
type Place = {
  readonly organization: Organization;
  readonly platform: string;
  readonly group: string | null;
};

/** @throws PermissionDenied where the records may not be read: without them there is nothing to do */
export async function sync({ dryRun = false, organization }: Wish, host: Host): Promise<Report> {
  const chosen = organization === undefined ? configOf(host).organizations : [organization];
  const work: Work = {
    host,
    memory: await openMemory(host),
    ledger: openLedger(),
    mode: dryRun ? 'dryRun' : 'apply',
  };
  const organizations = await readOrganizations(host, chosen);
  for (const each of organizations) await syncOrganization(each, work);
  const denied = work.memory.denied();
  const notes = denied === null ? [] : [denied];
  return work.ledger.close({ dryRun, organizations: organizations.length, notes });
}

const configOf = ({ config }: Host): Config => config as unknown as Config;

async function syncOrganization(organization: Organization, work: Work): Promise<void> {
  const emails = await readMembers(work.host, organization.slug);
  for (const place of await placesOf(organization, work)) {
    try {
      await syncPlace(place, emails, work);
    } catch (error) {
      const { slug } = organization;
      work.ledger.failed({ organization: slug, platform: place.platform, message: messageOf(error) });
    }
  }
}

/** Makes the groups that are not there, or says that they would be made. A platform that fails does so alone. */
async function placesOf(organization: Organization, work: Work): Promise<Place[]> {
  const known = await work.memory.groupsOf(organization.id);
  const { platforms, visibility } = configOf(work.host);
  if (work.mode === 'dryRun') return plannedPlaces(organization, known?.groups ?? {}, work);
  const name = known?.name ?? organization.name;
  const made = await ensureGroups(work.host, platforms, { name, visibility }).catch((error: unknown) => ({
    groups: {},
    failures: [{ platform: 'all', message: messageOf(error) }],
  }));
  const fresh = Object.entries<string>(made.groups).filter(
    ([platform, id]) => known?.groups[platform] !== id,
  );
  const { slug } = organization;
  for (const failure of made.failures) work.ledger.failed({ organization: slug, ...failure });
  for (const [platform] of fresh) work.ledger.changed({ kind: 'createGroup', organization: slug, platform });
  if (fresh.length > 0)
    await work.memory.keepGroups(organization.id, { name, groups: { ...known?.groups, ...made.groups } });
  return Object.entries<string>(made.groups).map(([platform, group]) => ({ organization, platform, group }));
}

function plannedPlaces(organization: Organization, known: Record<string, string>, { host, ledger }: Work) {
  const { platforms } = configOf(host);
  const heldBy = Object.keys(known);
  const everywhere = heldBy.length === 0 ? ['all'] : heldBy;
  const places = (platforms.length === 0 ? everywhere : platforms).map((platform) => ({
    organization,
    platform,
    group: known[platform] ?? null,
  }));
  for (const { platform, group } of places)
    if (group === null) ledger.changed({ kind: 'createGroup', organization: organization.slug, platform });
  return places;
}

/**
 * Whom it adds is remembered before, so that nobody is added and forgotten when the sync is cut off; afterwards who
 * could not be added, and who has gone in another way, is forgotten.
 */
async function syncPlace(place: Place, emails: readonly string[], work: Work): Promise<void> {
  const { organization, platform, group } = place;
  const present = group === null ? [] : await listMembers(work.host, platform, group);
  const address = `${organization.id}/${platform}`;
  const before = await work.memory.addedTo(address);
  const wanted = emails.map((email) => work.memory.idOf(platform, email));
  const { add, remove, gone } = differenceOf(wanted, present, before);
  const keep = async (ids: ReadonlySet<string>): Promise<void> => {
    if (work.mode === 'apply') await work.memory.keepAdded(address, ids);
  };
  if (add.length + remove.length + gone.length === 0) return;
  await keep(new Set([...before, ...add]));
  const added = new Set(before);
  for (const id of gone) added.delete(id);
  for (const id of add) if (await carryOut('addMember', place, id, work)) added.add(id);
  for (const { id, addedAs } of remove)
    if (await carryOut('removeMember', place, id, work)) added.delete(addedAs);
  await keep(added);
}

/** @returns whether it is done now; a person whom the platform does not know stops nobody else */
async function carryOut(
  kind: 'addMember' | 'removeMember',
  { organization: { slug: organization }, platform, group }: Place,
  member: string,
  { host, ledger, mode }: Work,
): Promise<boolean> {
  try {
    if (mode === 'apply') await ask(host, platform, kind, { group, member: { id: member } });
    ledger.changed({ kind, organization, platform, member });
    return true;
  } catch (error) {
    ledger.failed({ organization, platform, member, message: messageOf(error) });
    return false;
  }
}

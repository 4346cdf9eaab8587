import type { Transaction } from '../../database/index.ts';
import type { Manifest } from '../../spec/manifest.ts';
import { addedPermissions, describePermission, type Permission } from '../../spec/permission.ts';
import { Fault, Refusal } from '../../spec/refusal.ts';
import { PluginVersionEntity, versionOrder } from '../entities/index.ts';
import type { Claimed } from './claim.ts';
import type { Decision, PublishingSettings } from './ports.ts';

declare const approved: unique symbol;

/** What the policy decided. A held version is stored but offered to nobody until it has been reviewed. */
export type Verdict = { readonly state: 'approved' } | { readonly state: 'held'; readonly reason: string };

/** A package that the policy of its destination does not deny. */
export type Approved = Claimed & { readonly verdict: Verdict; readonly [approved]: true };

/** One rule of the policy that applies to a package. */
type Concern = {
  readonly decision: Decision;
  readonly code: 'first_package_denied' | 'permissions_grew';
  readonly reason: string;
};

/**
 * Applies the policy of the instance; an org's private registry is the org's own affair.
 * @throws Refusal `first_package_denied` or `permissions_grew`
 */
export async function approveVersion(
  tx: Transaction,
  claim: Claimed,
  settings: PublishingSettings,
): Promise<Approved> {
  const concerns = await findConcerns(tx, claim, settings);
  return { ...claim, verdict: decide(concerns) } as Approved;
}

async function findConcerns(
  tx: Transaction,
  claim: Claimed,
  settings: PublishingSettings,
): Promise<Concern[]> {
  const { publisher } = claim.identity;
  if (claim.destination.kind === 'private' || settings.trustedPublishers.has(publisher)) return [];
  const before = await permissionsBefore(tx, claim);
  // Whose plugin has an approved version is known by it.
  if (!before && !(await isKnownPublisher(tx, publisher)))
    return [
      {
        decision: settings.firstPackage,
        code: 'first_package_denied',
        reason: `Nothing of ${publisher} has been approved yet.`,
      },
    ];
  const added = addedPermissions(before ?? [], claim.inspection.manifest.permissions ?? []);
  if (!claim.plugin || added.length === 0) return [];
  const reason = `It asks for more than the version before it: ${added.map(describePermission).join(' ')}`;
  return [{ decision: settings.morePermissions, code: 'permissions_grew', reason }];
}

function decide(concerns: readonly Concern[]): Verdict {
  const denied = concerns.find(({ decision }) => decision === 'deny');
  if (denied) throw new Refusal(denied.code, { detail: denied.reason });
  const held = concerns.find(({ decision }) => decision === 'hold');
  return held ? { state: 'held', reason: held.reason } : { state: 'approved' };
}

async function isKnownPublisher(tx: Transaction, publisher: string): Promise<boolean> {
  const rows = await tx.em.execute(
    `select 1 from plugin_version join plugin on plugin.id = plugin_version.plugin_id
      where plugin.publisher = ? and plugin.visibility = 'public' and plugin_version.state = 'approved' limit 1`,
    [publisher],
  );
  return rows.length > 0;
}

/**
 * What the approved neighbour asked for: the nearest version below, or, for a version below all others, the nearest
 * above, so that numbering a version low is no way around the comparison.
 * @returns undefined where the plugin has none
 */
async function permissionsBefore(
  tx: Transaction,
  claim: Claimed,
): Promise<readonly Permission[] | undefined> {
  if (!claim.plugin) return undefined;
  const order = versionOrder(claim.identity.version);
  const plugin = claim.plugin.id;
  const below = await tx.em.findOne(
    PluginVersionEntity,
    { plugin, state: 'approved', versionOrder: { $lt: order } },
    { orderBy: { versionOrder: 'desc' }, fields: ['manifest'] },
  );
  const neighbour =
    below ??
    (await tx.em.findOne(
      PluginVersionEntity,
      { plugin, state: 'approved', versionOrder: { $gt: order } },
      { orderBy: { versionOrder: 'asc' }, fields: ['manifest'] },
    ));
  if (!neighbour) return undefined;
  const manifest: Manifest | undefined = neighbour.manifest;
  if (!manifest) throw new Fault('a version has no manifest');
  return manifest.permissions ?? [];
}

/**
 * How a plugin is offered. The manifest proposes; only an administrator of the instance makes it so, because a
 * stranger's package must not enable itself anywhere.
 */
import { appendAudit, type AuditActor, type Transaction } from '../../database/index.ts';
import type { Manifest } from '../../spec/manifest.ts';
import { Refusal } from '../../spec/refusal.ts';
import { PluginVersionEntity, type Plugin, type Visibility } from '../entities/index.ts';
import type { CataloguePorts } from './change-version.ts';
import { findPlugin } from './find-version.ts';
import { refreshListing } from './listing.ts';
import { idOf } from './plugin-page.ts';
import { lockPlugin } from './plugin-lock.ts';

export type PluginAvailability = {
  readonly visibility: Visibility;
  /** New organizations get it installed and activated. */
  readonly enabledByDefault: boolean;
  /** New organizations get it installed; it is not uninstalled, but it may be deactivated. */
  readonly builtIn: boolean;
  /** What the author of the newest version proposes. */
  readonly proposed: NonNullable<Manifest['availability']>;
};

export type AvailabilityChange = Partial<Omit<PluginAvailability, 'proposed'>>;

/** Whoever calls has made sure that an instance admin asks. @throws Refusal `not_found` */
export async function readAvailability(ports: CataloguePorts, id: string): Promise<PluginAvailability> {
  return ports.database.transaction({ kind: 'instance' }, async (tx) =>
    describe(tx, await findPlugin(tx, { kind: 'instance' }, id)),
  );
}

/**
 * Whoever calls has made sure that an instance admin asks. What organizations have installed stays as it is.
 * @throws Refusal `not_found`, or `availability_refused` where an unsigned version would become public
 */
export async function changeAvailability(
  ports: CataloguePorts,
  request: { readonly actor: AuditActor; readonly id: string; readonly change: AvailabilityChange },
): Promise<PluginAvailability> {
  const { actor, id, change } = request;
  return ports.database.transaction({ kind: 'instance' }, async (tx) => {
    await lockPlugin(tx, id);
    const plugin = await findPlugin(tx, { kind: 'instance' }, id);
    if (change.visibility === 'public') await requireSigned(tx, plugin);
    plugin.visibility = change.visibility ?? plugin.visibility;
    plugin.enabledByDefault = change.enabledByDefault ?? plugin.enabledByDefault;
    plugin.isBuiltIn = change.builtIn ?? plugin.isBuiltIn;
    await tx.em.flush();
    await refreshListing(tx, plugin.id);
    await appendAudit(tx, {
      scope: { kind: 'org', orgId: plugin.ownerOrgId },
      actor,
      action: 'package.availability-changed',
      subject: `plugin:${idOf(plugin)}`,
      detail: { ...change },
    });
    return describe(tx, plugin);
  });
}

/** Everyone is offered signed packages only; an unsigned one is the affair of the organization that took it. */
async function requireSigned(tx: Transaction, plugin: Plugin): Promise<void> {
  const unsigned = await tx.em.findOne(
    PluginVersionEntity,
    { plugin: plugin.id, state: 'approved', signature: 'unsigned' },
    { fields: ['version'], disableIdentityMap: true },
  );
  if (!unsigned) return;
  throw new Refusal('availability_refused', {
    detail: `${idOf(plugin)} ${unsigned.version} carries no signature, and would be offered to everyone.`,
  });
}

async function describe(tx: Transaction, plugin: Plugin): Promise<PluginAvailability> {
  const newest = await tx.em.findOne(
    PluginVersionEntity,
    { plugin: plugin.id, state: 'approved' },
    { fields: ['manifest'], orderBy: { versionOrder: 'desc' }, disableIdentityMap: true },
  );
  const { visibility, enabledByDefault, isBuiltIn } = plugin;
  const proposed = newest?.manifest.availability ?? {};
  return { visibility, enabledByDefault, builtIn: isBuiltIn, proposed };
}

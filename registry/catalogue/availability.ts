/**
 * How a plugin is offered. The manifest proposes; only an administrator of the instance makes it so, because a
 * stranger's package must not enable itself anywhere.
 */
import { appendAudit, takeLocks, type AuditActor, type Transaction } from '../../database/index.ts';
import { INSTANCE_ORG_SLUG } from '../../identity/index.ts';
import type { Manifest } from '../../spec/manifest.ts';
import { Refusal } from '../../spec/refusal.ts';
import { PluginVersionEntity, type Plugin, type Visibility } from '../entities/index.ts';
import type { CataloguePorts } from './change-version.ts';
import { findPlugin } from './find-version.ts';
import { refreshListing } from './listing.ts';
import { idOf } from './plugin-page.ts';
import { pluginLock } from './plugin-lock.ts';

export type PluginAvailability = {
  readonly visibility: Visibility;
  /** New organizations get it installed and activated. */
  readonly enabledByDefault: boolean;
  /** New organizations get it installed; it is not uninstalled, but it may be deactivated. */
  readonly builtIn: boolean;
  /** `global`: the instance installs it, in its own organization, for all others; no other organization does. */
  readonly scope: 'organization' | 'global';
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
 * @throws Refusal `not_found`, or `availability_refused` where an unsigned version would be everybody's, where a global
 * plugin would be a default, and where one that the instance has installed would not be global any more
 */
export async function changeAvailability(
  ports: CataloguePorts,
  request: { readonly actor: AuditActor; readonly id: string; readonly change: AvailabilityChange },
): Promise<PluginAvailability> {
  const { actor, id, change } = request;
  return ports.database.transaction({ kind: 'instance' }, async (tx) => {
    await takeLocks(tx, [pluginLock(id)]);
    const plugin = await findPlugin(tx, { kind: 'instance' }, id);
    if (change.visibility === 'public' || change.scope === 'global') await requireSigned(tx, plugin);
    if (change.scope === 'organization' && plugin.isGlobal) await requireNotInstalled(tx, plugin);
    plugin.visibility = change.visibility ?? plugin.visibility;
    plugin.enabledByDefault = change.enabledByDefault ?? plugin.enabledByDefault;
    plugin.isBuiltIn = change.builtIn ?? plugin.isBuiltIn;
    if (change.scope) plugin.isGlobal = change.scope === 'global';
    requireOneWay(plugin);
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

/** A global plugin is everywhere already; as a default each organization would install its own. */
function requireOneWay(plugin: Plugin): void {
  if (!plugin.isGlobal || !(plugin.enabledByDefault || plugin.isBuiltIn)) return;
  throw new Refusal('availability_refused', {
    detail: `${idOf(plugin)} would be global, and a default for organizations to install.`,
    hint: 'A global plugin is in every organization: set enabledByDefault and builtIn to false.',
  });
}

/** In the instance's own organization alone; what others installed before is their own. */
async function requireNotInstalled(tx: Transaction, plugin: Plugin): Promise<void> {
  const rows = await tx.em.execute<unknown[]>(
    `select 1 from installation join organization on organization.id = installation.org_id
      where organization.slug = ? and installation.plugin_id = ? limit 1`,
    [INSTANCE_ORG_SLUG, idOf(plugin)],
  );
  if (rows.length === 0) return;
  throw new Refusal('availability_refused', {
    detail: `${idOf(plugin)} is installed as a global plugin.`,
    hint: 'Uninstall it in the organization of the instance first.',
  });
}

async function describe(tx: Transaction, plugin: Plugin): Promise<PluginAvailability> {
  const newest = await tx.em.findOne(
    PluginVersionEntity,
    { plugin: plugin.id, state: 'approved' },
    { fields: ['manifest'], orderBy: { versionOrder: 'desc' }, disableIdentityMap: true },
  );
  const { visibility, enabledByDefault, isBuiltIn, isGlobal } = plugin;
  const proposed = newest?.manifest.availability ?? {};
  return {
    visibility,
    enabledByDefault,
    builtIn: isBuiltIn,
    scope: isGlobal ? 'global' : 'organization',
    proposed,
  };
}

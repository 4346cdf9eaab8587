/** One query for one guest, or for those that a server reads ahead. */
import type { Transaction } from '../../database/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Manifest } from '../../spec/manifest.ts';
import type { Permission } from '../../spec/permission.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import type { SignatureState } from '../entities/index.ts';
import { actionsOf, type ActionRole } from './action-view.ts';
import { standstill as standstillOf } from './safe-mode.ts';
import { guestOf, type GuestDescription } from './guest.ts';
import type { Seat } from './seat.ts';
import type { InstallationState } from './state.ts';

type Row = {
  id: string;
  plugin_id: PluginId;
  org_id: string;
  slug: string;
  state: InstallationState;
  reason: string | null;
  revision: number;
  is_serving_snapshot: boolean;
  version: string;
  digest: string;
  manifest: Manifest;
  signature: SignatureState;
  grants: readonly Permission[];
  config: JsonObject;
  seat: Seat | null;
  action_roles: Record<string, ActionRole> | null;
  safe_mode_reason: string | null;
  instance_config: JsonObject | null;
  instance_revision: string | null;
};

/** `serving`: what takes calls now; `next`: the version in place, which an activation is about. */
export type GuestView = 'serving' | 'next';

/** While the next version is being activated, the snapshot of the one before it is what serves. */
const SELECT = `select installation.id, installation.plugin_id, organization.id as org_id, organization.slug, installation.state,
    installation.reason, installation.revision, installation.seat, kept.id is not null as is_serving_snapshot,
    coalesce(kept.version, installation.version) as version, coalesce(kept.digest, installation.digest) as digest,
    coalesce(kept.manifest, installation.manifest) as manifest,
    coalesce(kept.signature, installation.signature) as signature,
    coalesce(kept.grants, installation.grants) as grants, coalesce(kept.config, installation.config) as config,
    (select jsonb_object_agg(action, role) from action_role
      where action_role.org_id = installation.org_id and action_role.plugin_id = installation.plugin_id
    ) as action_roles,
    (select safe_mode.reason from safe_mode) as safe_mode_reason,
    instance_config.config as instance_config,
    (extract(epoch from instance_config.updated_at) * 1000)::bigint::text as instance_revision
  from installation join organization on organization.id = installation.org_id
    left join installation_snapshot kept on kept.id = installation.serving_snapshot_id and ? = 'serving'
    left join instance_config on instance_config.plugin_id = installation.plugin_id`;
const ONE = `${SELECT} where installation.org_id = ? and installation.plugin_id = ?`;
const NEWEST = `${SELECT} where installation.state = 'active' order by installation.updated_at desc limit ?`;

/** @param tx in the scope of the organization */
export async function loadGuest(
  tx: Transaction,
  orgId: string,
  plugin: PluginId,
  view: GuestView,
  trustedPublishers: ReadonlySet<string>,
): Promise<GuestDescription | undefined> {
  const [row] = await tx.em.execute<Row[]>(ONE, [view, orgId, plugin]);
  return row && describe(row, trustedPublishers);
}

/**
 * Those that serve and were changed last.
 * @param tx in the scope of the instance
 */
export async function loadServingGuests(
  tx: Transaction,
  guestsMax: number,
  trustedPublishers: ReadonlySet<string>,
): Promise<GuestDescription[]> {
  const rows = await tx.em.execute<Row[]>(NEWEST, ['serving' satisfies GuestView, guestsMax]);
  return rows.map((row) => describe(row, trustedPublishers));
}

function describe(row: Row, trustedPublishers: ReadonlySet<string>): GuestDescription {
  const guest = guestOf(
    { ...row, installationId: row.id, pluginId: row.plugin_id },
    {
      org: { id: row.org_id, slug: row.slug },
      instanceConfig: row.instance_config ?? {},
      instanceRevision: row.instance_revision ?? '0',
      trustedPublishers,
    },
  );
  const actions = actionsOf(row.manifest, new Map(Object.entries(row.action_roles ?? {})));
  const standstill = row.safe_mode_reason === null ? null : standstillOf(row.safe_mode_reason);
  return {
    guest,
    endpoints: row.manifest.contributes?.endpoints ?? [],
    actions: new Map(actions.map(({ name, role }) => [name, role])),
    active: standstill === null && (row.state === 'active' || row.is_serving_snapshot) ? 'yes' : 'no',
    standstill,
    state: row.state,
    reason: row.reason,
  };
}

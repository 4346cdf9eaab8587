import { appendAudit, type AuditActor, type Transaction } from '../../database/index.ts';
import { Refusal } from '../../spec/refusal.ts';
import { type Plugin, PluginGrantEntity } from '../entities/index.ts';
import type { CataloguePorts } from './change-version.ts';
import { findPlugin } from './find-version.ts';
import { idOf } from './plugin-page.ts';

type Request = { readonly actor: AuditActor; readonly id: string; readonly orgId: string };

/**
 * Makes a private plugin visible to one more organization. Whoever calls has made sure that an instance admin asks and
 * that the organization exists.
 * @throws Refusal `not_found` or `plugin_not_private`
 */
export async function grantPlugin(ports: CataloguePorts, request: Request): Promise<void> {
  await ports.database.transaction({ kind: 'instance' }, async (tx) => {
    const plugin = await findPlugin(tx, { kind: 'instance' }, request.id);
    if (plugin.visibility === 'public')
      throw new Refusal('plugin_not_private', { detail: `${request.id} is public.` });
    const rows = await tx.em.execute<object[]>(
      `insert into plugin_grant (plugin_id, org_id, granted_at, granted_by) values (?, ?, ?, ?)
         on conflict do nothing returning org_id`,
      [plugin.id, request.orgId, ports.now(), JSON.stringify(request.actor)],
    );
    if (rows.length > 0) await audit(tx, request, plugin, 'package.granted');
  });
}

/** Takes the grant back; where there is none, nothing changes. @throws Refusal `not_found` */
export async function withdrawGrant(ports: CataloguePorts, request: Request): Promise<void> {
  await ports.database.transaction({ kind: 'instance' }, async (tx) => {
    const plugin = await findPlugin(tx, { kind: 'instance' }, request.id);
    const removed = await tx.em.nativeDelete(PluginGrantEntity, { plugin: plugin.id, orgId: request.orgId });
    if (removed > 0) await audit(tx, request, plugin, 'package.grant-withdrawn');
  });
}

/** @returns the organizations that were granted the plugin, beside its owner. @throws Refusal `not_found` */
export async function listGrants(
  ports: CataloguePorts,
  id: string,
): Promise<{ readonly orgId: string; readonly grantedAt: Date }[]> {
  return ports.database.transaction({ kind: 'instance' }, async (tx) => {
    const plugin = await findPlugin(tx, { kind: 'instance' }, id);
    const grants = await tx.em.find(
      PluginGrantEntity,
      { plugin: plugin.id },
      { orderBy: { grantedAt: 'asc', orgId: 'asc' } },
    );
    return grants.map(({ orgId, grantedAt }) => ({ orgId, grantedAt }));
  });
}

async function audit(tx: Transaction, request: Request, plugin: Plugin, action: string): Promise<void> {
  await appendAudit(tx, {
    scope: { kind: 'org', orgId: plugin.ownerOrgId },
    actor: request.actor,
    action,
    subject: `plugin:${idOf(plugin)}`,
    detail: { orgId: request.orgId },
  });
}

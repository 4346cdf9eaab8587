import {
  appendAudit,
  type AuditActor,
  type Database,
  type Scope,
  takeLocks,
  type Transaction,
} from '../../database/index.ts';
import type { JsonObject } from '../../spec/json.ts';
import { isPluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { findVersion, type FoundVersion } from './find-version.ts';
import { refreshListing } from './listing.ts';
import { idOf, summarizeVersion, type VersionSummary } from './plugin-page.ts';
import { pluginLock } from './plugin-lock.ts';

const REASON_CHARS_MAX = 500;

export type CataloguePorts = { readonly database: Database; readonly now: () => Date };

/** Which version, as it came in an address. */
export type VersionAddress = { readonly id: string; readonly version: string };

/**
 * Changes what may change of a version, under the lock of its plugin: row, search entry and audit entry in one
 * transaction. `change` returns the audit entry's action and detail, or undefined where there is nothing to do.
 * @throws Refusal `not_found`, or what `change` throws
 */
export async function changeVersion(
  ports: CataloguePorts,
  request: { readonly scope: Scope; readonly actor: AuditActor; readonly address: VersionAddress },
  change: (
    found: FoundVersion,
    tx: Transaction,
  ) => Promise<{ readonly action: string; readonly detail: JsonObject } | undefined>,
): Promise<VersionSummary> {
  const { scope, actor, address } = request;
  return ports.database.transaction(scope, async (tx) => {
    if (!isPluginId(address.id)) throw new Refusal('not_found', { detail: 'This is no plugin id.' });
    // The lock comes first: what is read below is what the last holder left.
    await takeLocks(tx, [pluginLock(address.id)]);
    const found = await findVersion(tx, scope, address.id, address.version);
    const event = await change(found, tx);
    if (event) {
      await tx.em.flush();
      await refreshListing(tx, found.plugin.id);
      const owner = { kind: 'org', orgId: found.plugin.ownerOrgId } as const;
      const subject = `plugin:${idOf(found.plugin)}@${found.version.version}`;
      await appendAudit(tx, { scope: owner, actor, subject, ...event });
    }
    return summarizeVersion(found.version);
  });
}

/** @throws Refusal `reason_invalid` */
export function checkReason(reason: string): string {
  const text = reason.trim();
  if (text.length > 0 && text.length <= REASON_CHARS_MAX && text.isWellFormed() && !text.includes('\0'))
    return text;
  throw new Refusal('reason_invalid', {
    detail: `The reason has ${text.length} characters, or some that cannot be stored.`,
  });
}

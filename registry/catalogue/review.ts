import { isUuid, type AuditActor, type Database } from '../../database/index.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { PluginVersionEntity } from '../entities/index.ts';
import { type CataloguePorts, changeVersion, checkReason, type VersionAddress } from './change-version.ts';
import { idOf, summarizeVersion, type VersionSummary } from './plugin-page.ts';

export type HeldVersion = VersionSummary & { readonly plugin: PluginId; readonly acceptedBy: string };

/**
 * What waits for review, longest first. Whoever calls has made sure that an instance admin asks.
 * @param page.cursor `nextCursor` of the page before
 * @throws Refusal `cursor_invalid`
 */
export async function listHeldVersions(
  database: Database,
  page: { readonly limit: number; readonly cursor: string | undefined },
): Promise<{ versions: HeldVersion[]; nextCursor: string | null }> {
  if (page.cursor !== undefined && !isUuid(page.cursor))
    throw new Refusal('cursor_invalid', { detail: 'The cursor is not one that this list gave.' });
  const after = page.cursor === undefined ? {} : { id: { $gt: page.cursor } };
  return database.transaction({ kind: 'instance' }, async ({ em }) => {
    const held = await em.find(
      PluginVersionEntity,
      { state: 'held', ...after },
      // Ids begin with their time.
      { populate: ['plugin'], orderBy: { id: 'asc' }, limit: page.limit + 1 },
    );
    const shown = held.slice(0, page.limit);
    const versions = shown.map((version) => ({
      ...summarizeVersion(version),
      plugin: idOf(version.plugin),
      acceptedBy: version.acceptedBy,
    }));
    return { versions, nextCursor: held.length > page.limit ? (shown.at(-1)?.id ?? null) : null };
  });
}

/** An approval needs no words; a rejection tells the author why. */
export type ReviewDecision =
  | { readonly kind: 'approve' }
  | { readonly kind: 'reject'; readonly reason: string };

/**
 * Decides on a held version, once. Whoever calls has made sure that an instance admin asks.
 * @throws Refusal `not_found`, `version_not_held` or `reason_invalid`
 */
export async function reviewVersion(
  ports: CataloguePorts,
  request: VersionAddress & { readonly actor: AuditActor; readonly decision: ReviewDecision },
): Promise<VersionSummary> {
  const { id, version: number, actor, decision } = request;
  const outcome = describeDecision(decision);
  const address = { id, version: number };
  return changeVersion(ports, { scope: { kind: 'instance' }, actor, address }, async ({ version }) => {
    if (version.state !== 'held')
      throw new Refusal('version_not_held', { detail: `The version is ${version.state}.` });
    version.state = outcome.state;
    version.stateReason = outcome.reason;
    version.reviewedAt = ports.now();
    version.reviewedBy = JSON.stringify(actor);
    return { action: `package.${outcome.state}`, detail: { reason: outcome.reason } };
  });
}

function describeDecision(decision: ReviewDecision): {
  state: 'approved' | 'rejected';
  reason: string | null;
} {
  switch (decision.kind) {
    case 'approve':
      return { state: 'approved', reason: null };
    case 'reject':
      return { state: 'rejected', reason: checkReason(decision.reason) };
  }
}

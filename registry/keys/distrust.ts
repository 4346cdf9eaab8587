import type { Transaction } from '../../database/index.ts';
import { type KeyHistory, verifyPackageEnvelope } from '../../signing/index.ts';
import { Refusal } from '../../spec/refusal.ts';
import { refreshListing } from '../catalogue/listing.ts';
import { type PluginVersion, PluginVersionEntity } from '../entities/index.ts';

/** Envelopes held in memory at once; each has up to 4 MiB. */
const BATCH = 10;

/**
 * Judges anew what a revoked key signed, each version at the time at which its envelope was accepted: never at a time
 * that the signer claims. What falls below the threshold is marked, and leaves the search and every new resolution.
 * @param history with the newest document at its end
 * @returns the versions that fell
 */
export async function distrustVersions(
  tx: Transaction,
  publisher: string,
  history: KeyHistory,
): Promise<string[]> {
  const suspects = await findSuspects(tx, publisher, history);
  const fallen: string[] = [];
  const plugins = new Set<string>();
  for (let start = 0; start < suspects.length; start += BATCH) {
    const versions = await tx.em.find(
      PluginVersionEntity,
      { id: { $in: suspects.slice(start, start + BATCH) } },
      { populate: ['plugin', 'envelope'], disableIdentityMap: true },
    );
    for (const version of versions.filter((candidate) => !isStillSigned(candidate, history))) {
      await tx.em.nativeUpdate(PluginVersionEntity, { id: version.id }, { signature: 'untrusted' });
      plugins.add(version.plugin.id);
      fallen.push(`${publisher}/${version.plugin.name}@${version.version}`);
    }
  }
  for (const plugin of plugins) await refreshListing(tx, plugin);
  return fallen.toSorted();
}

/** A revocation only ever takes trust away, so that what is untrusted stays so until it is signed anew. */
async function findSuspects(tx: Transaction, publisher: string, history: KeyHistory): Promise<string[]> {
  const revoked = (history.at(-1) ?? history[0]).document.revocations.map(({ keyId }) => keyId);
  if (revoked.length === 0) return [];
  const rows = await tx.em.execute<{ id: string }[]>(
    `select plugin_version.id from plugin_version join plugin on plugin.id = plugin_version.plugin_id
      where plugin.publisher = ? and signature = 'trusted'
        and exists (select 1 from jsonb_array_elements_text(?::jsonb) as revoked(id) where revoked.id = any(key_ids))`,
    [publisher, JSON.stringify(revoked)],
  );
  return rows.map(({ id }) => id);
}

function isStillSigned(
  version: Pick<PluginVersion, 'signedAt' | 'archiveDigest' | 'archiveBytes'> & { envelope?: unknown },
  history: KeyHistory,
): boolean {
  const { envelope, signedAt } = version;
  if (!(envelope instanceof Uint8Array) || !signedAt) return false;
  try {
    const trust = { kind: 'documents', history } as const;
    const { archiveDigest: archiveSha256, archiveBytes: archiveSize } = version;
    verifyPackageEnvelope({ envelope, archiveSha256, archiveSize, trust, at: signedAt });
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

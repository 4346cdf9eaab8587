import type { Database } from '../../database/index.ts';
import type { BlobDigest, BlobStore } from './blob-store.ts';
import { lockBlob } from './blob-lock.ts';

export type SweepReport = { readonly blobsRemoved: number; readonly leftoversRemoved: number };

/**
 * Takes away blobs that no version names, and what interrupted uploads left behind. Several servers may sweep at
 * once, and publish meanwhile: a blob goes only under its lock, which a publication holds from `put` to its commit.
 * @param graceMs age below which nothing is touched; uploads in progress are younger
 */
export async function sweepBlobs(ports: {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly graceMs: number;
  readonly now: Date;
}): Promise<SweepReport> {
  const before = new Date(ports.now.getTime() - ports.graceMs);
  let blobsRemoved = 0;
  for await (const { digest, putAt } of ports.blobs.list()) {
    if (putAt >= before) continue;
    if (await removeOrphan(ports, digest)) blobsRemoved += 1;
  }
  return { blobsRemoved, leftoversRemoved: await ports.blobs.removeLeftovers(before) };
}

/** @returns whether the blob was an orphan, and is gone */
async function removeOrphan(
  ports: { readonly database: Database; readonly blobs: BlobStore },
  digest: BlobDigest,
): Promise<boolean> {
  return ports.database.transaction({ kind: 'instance' }, async (tx) => {
    await lockBlob(tx, digest);
    const rows = await tx.em.execute('select 1 from plugin_version where archive_digest = ? limit 1', [
      digest,
    ]);
    if (rows.length > 0) return false;
    await ports.blobs.delete(digest);
    return true;
  });
}

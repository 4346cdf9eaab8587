import { takeLocks, type Database } from '../../database/index.ts';
import type { BlobDigest, BlobStore } from './blob-store.ts';
import { blobLock } from './blob-lock.ts';

/** Digests looked up in one query. */
const BATCH = 500;

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
  for await (const digests of oldBlobs(ports.blobs, before)) {
    for (const suspect of await findUnnamed(ports.database, digests))
      if (await removeOrphan(ports, suspect)) blobsRemoved += 1;
  }
  return { blobsRemoved, leftoversRemoved: await ports.blobs.removeLeftovers(before) };
}

/** Blobs older than the grace, some at a time. */
async function* oldBlobs(blobs: BlobStore, before: Date): AsyncIterable<BlobDigest[]> {
  let batch: BlobDigest[] = [];
  for await (const { digest, putAt } of blobs.list()) {
    if (putAt < before) batch.push(digest);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

/** A first look, without locks, at which of the digests no version names. */
async function findUnnamed(database: Database, digests: readonly BlobDigest[]): Promise<BlobDigest[]> {
  const rows = await database.transaction({ kind: 'instance' }, (tx) =>
    tx.em.execute<{ digest: BlobDigest }[]>(
      `select digest from jsonb_array_elements_text(?::jsonb) as digest
        where not exists (select 1 from plugin_version where archive_digest = digest)`,
      [JSON.stringify(digests)],
    ),
  );
  return rows.map(({ digest }) => digest);
}

/** Looks again under the lock. @returns whether the blob was an orphan, and is gone */
async function removeOrphan(
  ports: { readonly database: Database; readonly blobs: BlobStore },
  digest: BlobDigest,
): Promise<boolean> {
  return ports.database.transaction({ kind: 'instance' }, async (tx) => {
    await takeLocks(tx, [blobLock(digest)]);
    const rows = await tx.em.execute('select 1 from plugin_version where archive_digest = ? limit 1', [
      digest,
    ]);
    if (rows.length > 0) return false;
    await ports.blobs.delete(digest);
    return true;
  });
}

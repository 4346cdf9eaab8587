import type { Transaction } from '../../database/index.ts';
import type { BlobDigest } from './blob-store.ts';

/**
 * Until the transaction ends, nobody else decides whether this blob stays: a publication puts it and commits the row
 * that names it, the sweep looks for such a row and takes the blob away.
 */
export async function lockBlob(tx: Transaction, digest: BlobDigest): Promise<void> {
  await tx.em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`blob:${digest}`]);
}

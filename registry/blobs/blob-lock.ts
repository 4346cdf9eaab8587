import type { NamedLock } from '../../database/index.ts';
import type { BlobDigest } from './blob-store.ts';

/**
 * While it is held, nobody else decides whether this blob stays: a publication puts it and commits the row that names
 * it, the sweep looks for such a row and takes the blob away.
 */
export function blobLock(digest: BlobDigest): NamedLock {
  return { name: `blob:${digest}`, mode: 'exclusive' };
}

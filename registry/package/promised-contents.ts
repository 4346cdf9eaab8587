/** How much an archive holds, by its directory alone: what it promises, and what the gate proves of it. */
import { readDirectory } from './directory.ts';
import { readEndRecord } from './end-record.ts';

export type PromisedContents = { readonly entries: number; readonly bytes: number };

/**
 * Nothing is inflated. True of an archive that the gate has accepted; of any other it is a stranger's word.
 * @throws Refusal `archive_*` where end record or directory break a rule
 */
export function promisedContents(archive: Uint8Array): PromisedContents {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  const records = readDirectory(bytes, readEndRecord(bytes));
  return { entries: records.length, bytes: records.reduce((sum, { size }) => sum + size, 0) };
}

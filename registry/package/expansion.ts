/** What the directory promises, judged before anything is inflated. */
import { PACKAGE_LIMITS } from '../../spec/limits.ts';
import type { DirectoryRecord } from './directory.ts';
import { refuseArchive, refuseEntry } from './refuse.ts';

/**
 * @returns the bytes of all contents together
 * @throws Refusal `archive_file_too_large`, `archive_content_too_large`, `archive_expansion`
 */
export function checkExpansion(archiveBytes: number, records: readonly DirectoryRecord[]): number {
  for (const record of records) {
    if (record.size > PACKAGE_LIMITS.fileBytesMax)
      refuseEntry(
        'archive_file_too_large',
        record.name,
        `It has ${record.size} bytes, more than ${PACKAGE_LIMITS.fileBytesMax}.`,
      );
  }
  const total = records.reduce((sum, record) => sum + record.size, 0);
  if (total > PACKAGE_LIMITS.contentBytesMax)
    refuseArchive(
      'archive_content_too_large',
      `The files have ${total} bytes, more than ${PACKAGE_LIMITS.contentBytesMax}.`,
    );
  // A ratio alone would refuse a small file of blanks, which is harmless.
  if (total > PACKAGE_LIMITS.expansionBytesFree && total > archiveBytes * PACKAGE_LIMITS.expansionRatioMax)
    refuseArchive('archive_expansion', `The files have ${total} bytes, the archive has ${archiveBytes}.`);
  return total;
}

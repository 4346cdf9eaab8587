/**
 * Every byte before the directory belongs to exactly one entry. This one rule ends prefixed data, polyglots, hidden
 * entries, shared headers and overlapping ("quoted") bombs.
 */
import type { DirectoryRecord } from './directory.ts';
import type { EndRecord } from './end-record.ts';
import { checkDescriptor, readLocalHeader } from './local-header.ts';
import { refuseArchive, refuseEntry } from './refuse.ts';

/** A record with its compressed bytes, which no other record shares; a view of the archive. */
export type LocatedRecord = { readonly record: DirectoryRecord; readonly compressed: Buffer };

/**
 * @returns every record with its bytes, in the order in which they lie in the archive
 * @throws Refusal `archive_gap`, `archive_overlap`, `archive_local_*`, `archive_descriptor_*`
 */
export function locateContents(
  archive: Buffer,
  end: EndRecord,
  records: readonly DirectoryRecord[],
): LocatedRecord[] {
  const inPlace = [...records].sort((a, b) => a.localOffset - b.localOffset);
  const start = inPlace[0]?.localOffset ?? end.directoryOffset;
  if (start !== 0) refuseArchive('archive_gap', `The first entry begins at byte ${start}, not at byte 0.`);
  const last = inPlace.at(-1);
  if (last !== undefined && last.localOffset >= end.directoryOffset)
    refuseEntry('archive_local_header_invalid', last.name, `It is said to lie at byte ${last.localOffset}.`);
  return inPlace.map((record, index) => {
    const next = inPlace[index + 1]?.localOffset ?? end.directoryOffset;
    return { record, compressed: contentOf(archive, record, next) };
  });
}

/** @param next where the following entry, or the directory, begins */
function contentOf(archive: Buffer, record: DirectoryRecord, next: number): Buffer {
  const { name, localOffset } = record;
  if (next <= localOffset)
    refuseEntry(
      'archive_overlap',
      name,
      `It begins at byte ${localOffset}, what follows it at byte ${next}.`,
    );
  const region = archive.subarray(localOffset, next);
  const header = readLocalHeader(region, record);
  const dataEnd = header.dataOffset + record.compressedSize;
  if (dataEnd > region.length)
    refuseEntry('archive_overlap', name, `Its data runs ${dataEnd - region.length} bytes into what follows.`);
  checkTail(region.subarray(dataEnd), header.descriptorBytes, record);
  return region.subarray(header.dataOffset, dataEnd);
}

/** @param tail what stands between the data and the following entry: the descriptor and nothing else */
function checkTail(tail: Buffer, descriptorBytes: number, record: DirectoryRecord): void {
  if (tail.length < descriptorBytes)
    refuseEntry('archive_descriptor_invalid', record.name, 'Its data descriptor is missing or cut off.');
  if (descriptorBytes > 0) checkDescriptor(tail.subarray(0, descriptorBytes), record);
  if (tail.length > descriptorBytes)
    refuseEntry(
      'archive_gap',
      record.name,
      `${tail.length - descriptorBytes} bytes follow it that belong to none.`,
    );
}

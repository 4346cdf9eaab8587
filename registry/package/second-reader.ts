/**
 * adm-zip reads the archive after the gate. The gate's table is the truth; a reader that sees anything else shows
 * that the gate let an ambiguity through, and the archive is refused. Its own messages are never passed on: its
 * error factory repeats the names of earlier archives.
 */
import AdmZip from 'adm-zip';
import type { DirectoryRecord } from './directory.ts';
import { refuseArchive, refuseEntry } from './refuse.ts';

/**
 * @param contents the contents by name, as the gate read them; folders have empty contents
 * @throws Refusal `archive_readers_disagree`
 */
export function compareWithSecondReader(
  archive: Buffer,
  records: readonly DirectoryRecord[],
  contents: ReadonlyMap<string, Uint8Array>,
): void {
  const entries = attempt(() => new AdmZip(archive, { noSort: true }).getEntries());
  if (entries.length !== records.length)
    refuseArchive(
      'archive_readers_disagree',
      `One reader sees ${records.length} entries, another ${entries.length}.`,
    );
  for (const [index, record] of records.entries()) compareEntry(record, entries[index], contents);
}

function compareEntry(
  record: DirectoryRecord,
  entry: AdmZip.IZipEntry | undefined,
  contents: ReadonlyMap<string, Uint8Array>,
): void {
  const { name } = record;
  if (entry?.entryName !== name)
    return refuseEntry('archive_readers_disagree', name, 'A second reader gives it another name.');
  const content = attempt(() => entry.getData());
  const expected = contents.get(name);
  // Equal bytes have equal sizes and hashes.
  if (entry.header.size !== record.size || expected === undefined || !content.equals(expected))
    refuseEntry('archive_readers_disagree', name, 'A second reader gives it another size or content.');
}

function attempt<Result>(read: () => Result): Result {
  try {
    return read();
  } catch {
    return refuseArchive('archive_readers_disagree', 'A second reader cannot read the archive.');
  }
}

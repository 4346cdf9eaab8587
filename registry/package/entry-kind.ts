/**
 * What an entry is: a regular file, or a folder (APPNOTE 6.3.10, section 4.4.15). Links and devices are the oldest
 * way out of a folder, so they are refused by their Unix mode and by their DOS attributes, whatever system is said
 * to have made the archive: readers differ in whether they look at that byte.
 */
import { type EntryPath, isFolderPath } from './entry-name.ts';
import { refuseEntry } from './refuse.ts';

const TYPE_MASK = 0o170000;
const TYPE_REGULAR = 0o100000;
const TYPE_FOLDER = 0o040000;
/** setuid, setgid, sticky. */
const SPECIAL_BITS = 0o7000;

const DOS_VOLUME_LABEL = 0x08;
const DOS_FOLDER = 0x10;
const DOS_DEVICE = 0x40;
/** How NTFS marks links and junctions. */
const DOS_REPARSE_POINT = 0x400;

export type EntryKind = 'file' | 'folder';

/**
 * @param attributes the external attributes: Unix mode above, DOS attributes below
 * @throws Refusal `archive_entry_type`, `archive_entry_mode`
 */
export function kindOfEntry(path: EntryPath, attributes: number): EntryKind {
  const kind = isFolderPath(path) ? 'folder' : 'file';
  const mode = attributes >>> 16;
  const type = mode & TYPE_MASK;
  if (type !== 0 && type !== (kind === 'folder' ? TYPE_FOLDER : TYPE_REGULAR))
    refuseEntry('archive_entry_type', path, `Its Unix file type is 0${type.toString(8)}.`);
  if ((attributes & (DOS_VOLUME_LABEL | DOS_DEVICE | DOS_REPARSE_POINT)) !== 0)
    refuseEntry('archive_entry_type', path, 'Its DOS attributes are those of a label, a device or a link.');
  if (kind === 'file' && (attributes & DOS_FOLDER) !== 0)
    refuseEntry('archive_entry_type', path, 'Its DOS attributes say folder, its name says file.');
  if ((mode & SPECIAL_BITS) !== 0)
    refuseEntry('archive_entry_mode', path, `Its Unix mode is 0${mode.toString(8)}.`);
  return kind;
}

/**
 * Names that are one file on some system. Every part of every path, implied folders included, has one spelling and
 * one kind under NFKC and case folding, so that unpacking gives the same tree on every file system.
 *
 * Examples refused: `a.js` and `A.js`; `Lib/a.js` and `lib/b.js`; `lib` and `lib/a.js`; `straße` and `STRASSE`.
 */
import { PACKAGE_LIMITS } from '../../spec/limits.ts';
import type { EntryPath } from './entry-name.ts';
import { quoteName, refuseArchive, refuseEntry } from './refuse.ts';

type Node = { readonly path: string; readonly kind: 'file' | 'folder' };

/**
 * @throws Refusal `archive_name_duplicate`, `archive_name_collision`, `archive_name_file_and_folder`,
 *   `archive_too_many_entries` when implied folders bring the tree above its limit
 */
export function checkCollisions(paths: readonly EntryPath[]): void {
  checkDuplicates(paths);
  const tree = new Map<string, Node>();
  const foldersPlaced = new Set<string>();
  for (const path of paths) {
    for (const node of nodesOf(path)) {
      // Files of one folder imply it again and again; the same spelling needs one look.
      if (node.kind === 'folder' && foldersPlaced.has(node.path)) continue;
      placeNode(tree, node);
      if (node.kind === 'folder') foldersPlaced.add(node.path);
    }
  }
}

function checkDuplicates(paths: readonly EntryPath[]): void {
  const seen = new Set<string>();
  for (const path of paths) {
    if (seen.has(path)) refuseEntry('archive_name_duplicate', path, 'The directory lists it twice.');
    seen.add(path);
  }
}

/** `a/b/c.js` gives the folders `a` and `a/b` and the file `a/b/c.js`. */
function* nodesOf(path: string): Generator<Node> {
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1))
    yield { path: path.slice(0, slash), kind: 'folder' };
  if (!path.endsWith('/')) yield { path, kind: 'file' };
}

function placeNode(tree: Map<string, Node>, node: Node): void {
  const key = foldCase(node.path);
  const other = tree.get(key);
  if (other === undefined) {
    // Readers make an object for every implied folder; without this bound few bytes become millions of them.
    if (tree.size === PACKAGE_LIMITS.entriesMax)
      refuseArchive(
        'archive_too_many_entries',
        `The files and the folders they imply are more than ${PACKAGE_LIMITS.entriesMax}.`,
      );
    tree.set(key, node);
    return;
  }
  if (other.path !== node.path)
    refuseEntry('archive_name_collision', node.path, `It collides with ${quoteName(other.path)}.`);
  if (other.kind !== node.kind)
    refuseEntry('archive_name_file_and_folder', node.path, 'It is both a file and a folder.');
}

/**
 * Unicode case folding by the mappings the engine has. Upper case first expands (`ß` to `SS`), lower case joins what
 * has one lower form, and the last upper case undoes the two forms of the Greek sigma.
 */
export function foldCase(text: string): string {
  if (!/[^ -~]/u.test(text)) return text.toUpperCase();
  return text.normalize('NFKC').toUpperCase().toLowerCase().toUpperCase().normalize('NFKC');
}

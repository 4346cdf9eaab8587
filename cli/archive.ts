import { type ReadPackage, readPackage } from '../registry/package/index.ts';
import type { PackageIdentity } from '../signing/index.ts';
import { PACKAGE_LIMITS } from '../spec/limits.ts';
import { parseManifest } from '../spec/parse-manifest.ts';
import { splitPluginId } from '../spec/plugin-id.ts';
import { Refusal } from '../spec/refusal.ts';
import { readInput } from './files.ts';
import type { Io } from './io.ts';

/** @throws Refusal `file_unreadable` */
export function readArchive(io: Io, path: string): Promise<Uint8Array> {
  return readInput(io, path, PACKAGE_LIMITS.archiveBytesMax);
}

/** A package with what its manifest says it is. */
export type IdentifiedPackage = { readonly read: ReadPackage; readonly identity: PackageIdentity };

/** @throws Refusal `archive_*` or `manifest_*` */
export function identifyPackage(archive: Uint8Array): IdentifiedPackage {
  const read = readPackage(archive);
  const bytes = read.files.get('manifest.json');
  if (!bytes) throw new Refusal('manifest_missing', { detail: 'The archive has no manifest.json.' });
  const manifest = parseManifest(bytes);
  const { publisher, name } = splitPluginId(manifest.id);
  return { read, identity: { publisher, plugin: name, version: manifest.version } };
}

/** The name of the envelope that lies beside an archive. */
export function envelopePath(archivePath: string): string {
  return `${archivePath}.dsse.json`;
}

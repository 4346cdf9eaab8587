import { type ReadPackage, readPackage } from '../registry/package/index.ts';
import { type Manifest, parseManifest } from '../spec/manifest.ts';
import { Refusal } from '../spec/refusal.ts';
import { bundleWhereNeeded } from './bundle.ts';
import type { Io } from './io.ts';
import { type PluginFiles, readPluginFolder } from './plugin-folder.ts';
import { writeZip } from './zip-writer.ts';

export type PackedFolder = {
  readonly manifest: Manifest;
  readonly archive: Uint8Array;
  readonly read: ReadPackage;
};

/**
 * Makes the package of a plugin folder in memory, and reads it through the gate of the server.
 * @throws Refusal as the steps do; nothing that the server would not read is returned
 */
export async function packFolder(io: Io, folder: string): Promise<PackedFolder> {
  const sources = await readPluginFolder(io, folder);
  const manifest = requireManifest(sources, folder);
  const files = await bundleWhereNeeded(io, folder, sources, manifest.main);
  const archive = writeZip(files);
  return { manifest, archive, read: readPackage(archive) };
}

function requireManifest(files: PluginFiles, folder: string): Manifest {
  const bytes = files.get('manifest.json');
  if (!bytes) throw new Refusal('manifest_missing', { detail: `${folder} has no manifest.json.` });
  return parseManifest(bytes);
}

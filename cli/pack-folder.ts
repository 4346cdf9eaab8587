import { type ReadPackage, readPackage } from '../registry/package/index.ts';
import type { Manifest } from '../spec/manifest.ts';
import { parseManifest } from '../spec/parse-manifest.ts';
import { Refusal, type Violation } from '../spec/refusal.ts';
import { bundleWhereNeeded } from './bundle.ts';
import type { Io } from './io.ts';
import { type PluginFiles, readPluginFolder } from './plugin-folder.ts';
import { writeZip } from './zip-writer.ts';

export type PackedFolder = {
  readonly manifest: Manifest;
  readonly archive: Uint8Array;
  readonly read: ReadPackage;
  /** What was bundled, as absolute paths; some may lie outside the folder. */
  readonly sources: readonly string[];
  /** What may fail once the plugin runs. */
  readonly warnings: readonly Violation[];
};

/**
 * Makes the package of a plugin folder in memory, and reads it through the gate of the server.
 * @throws Refusal as the steps do; nothing that the server would not read is returned
 */
export async function packFolder(io: Io, folder: string): Promise<PackedFolder> {
  const found = await readPluginFolder(io, folder);
  const manifest = requireManifest(found, folder);
  const { files, sources, warnings } = await bundleWhereNeeded(io, folder, found, manifest.main);
  const archive = writeZip(files);
  return { manifest, archive, read: readPackage(archive), sources, warnings };
}

function requireManifest(files: PluginFiles, folder: string): Manifest {
  const bytes = files.get('manifest.json');
  if (!bytes) throw new Refusal('manifest_missing', { detail: `${folder} has no manifest.json.` });
  return parseManifest(bytes);
}

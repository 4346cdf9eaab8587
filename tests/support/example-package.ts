/** The packages of plugins-examples/, made as `souk pack` makes them. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packFolder, type PackedFolder } from '../../cli/pack-folder.ts';
import { processIo } from '../../cli/io.ts';
import { writeZip } from '../../cli/zip-writer.ts';
import type { Manifest } from '../../spec/manifest.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'plugins-examples');

/** @returns `<publisher>/<name>` of each example, which is the id of the plugin in it */
export function listExamples(): string[] {
  const folders = (path: string): string[] =>
    readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  return folders(EXAMPLES).flatMap((publisher) =>
    folders(join(EXAMPLES, publisher))
      .map((name) => `${publisher}/${name}`)
      // What several packages share lies beside them and is none.
      .filter((id) => existsSync(join(EXAMPLES, id, 'manifest.json'))),
  );
}

/**
 * The same code under another manifest: with the address of a test's own server in a scope, say.
 * @returns the archive
 */
export async function adaptExample(id: string, adapt: (manifest: Manifest) => Manifest): Promise<Uint8Array> {
  const { manifest, read } = await packExample(id);
  const text = JSON.stringify(adapt(manifest), null, 2);
  return writeZip(new Map(read.files).set('manifest.json', Buffer.from(text)));
}

/** Reaches `scope` instead of what the example asks for. */
export function fetchingFrom(...scope: string[]): (manifest: Manifest) => Manifest {
  return (manifest) => ({
    ...manifest,
    permissions: (manifest.permissions ?? []).map((permission) =>
      permission.name === 'http.fetch' ? { ...permission, scope } : permission,
    ),
  });
}

/** @param id such as `examples/counter` */
export function packExample(id: string): Promise<PackedFolder> {
  return packFolder(processIo(), join(EXAMPLES, id));
}

/** The packages of plugins-examples/, made as `souk pack` makes them. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packFolder, type PackedFolder } from '../../cli/pack-folder.ts';
import { processIo } from '../../cli/io.ts';

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

/** @param id such as `examples/counter` */
export function packExample(id: string): Promise<PackedFolder> {
  return packFolder(processIo(), join(EXAMPLES, id));
}

import { archiveName } from '../../signing/index.ts';
import { splitPluginId } from '../../spec/plugin-id.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { replaceOutput } from '../files.ts';
import type { Io } from '../io.ts';
import { packFolder } from '../pack-folder.ts';
import type { Report } from '../report.ts';
import type { Shell } from '../shell.ts';

/** `souk pack [folder]`: the archive of a plugin; the same files give the same bytes. */
export function registerPack(shell: Shell): void {
  shell
    .verb('pack', 'make the archive of a plugin folder')
    .argument('[folder]', 'the folder that holds manifest.json', '.')
    .option('--out <file>', 'where to write it; <publisher>.<name>-<version>.zip where absent')
    .action((folder: string, options: { out?: string; json?: boolean }) =>
      shell.report(options, () => pack(shell.io, folder, options.out)),
    );
}

async function pack(io: Io, folder: string, out: string | undefined): Promise<Report> {
  const { manifest, archive, read, warnings } = await packFolder(io, folder);
  const { publisher, name } = splitPluginId(manifest.id);
  const path = out ?? archiveName({ publisher, plugin: name, version: manifest.version });
  await replaceOutput(io, path, archive);
  return {
    exitCode: EXIT_CODES.ok,
    lines: [
      ...warnings.map(({ pointer, message }) => `warning ${pointer}: ${message}`),
      `packed ${manifest.id} ${manifest.version} into ${path}`,
      `${archive.length} bytes, ${read.entries.length} files, sha256 ${read.archiveSha256}`,
    ],
    data: {
      id: manifest.id,
      version: manifest.version,
      archive: path,
      size: archive.length,
      sha256: read.archiveSha256,
      files: read.entries.map((entry) => entry.path),
      warnings: warnings.map((warning) => ({ ...warning })),
    },
  };
}

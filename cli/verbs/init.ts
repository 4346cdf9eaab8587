import { basename, join, resolve } from 'node:path';
import { EXIT_CODES } from '../exit-code.ts';
import { createOutput, requireAbsent } from '../files.ts';
import type { Io } from '../io.ts';
import { requirePluginId } from '../plugin-path.ts';
import { plainTemplate, typescriptTemplate } from '../plugin-template.ts';
import type { Report } from '../report.ts';
import type { Shell } from '../shell.ts';

const FILE_MODE = 0o644;

type Options = { readonly id?: string; readonly typescript?: boolean; readonly json?: boolean };

/** `souk init <folder>`: a plugin that passes `souk check` as it is. */
export function registerInit(shell: Shell): void {
  shell
    .verb('init', 'make the folder of a new plugin')
    .argument('<folder>', 'where to make it')
    .option('--id <publisher/name>', 'its id; my-publisher/<folder> where absent')
    .option('--typescript', 'in TypeScript, with a test and the types of this clone of Souk')
    .action((folder: string, options: Options) =>
      shell.report(options, () => init(shell.io, folder, options)),
    );
}

async function init(io: Io, folder: string, options: Options): Promise<Report> {
  const full = resolve(io.cwd, folder);
  const id = requirePluginId(options.id ?? `my-publisher/${basename(full)}`);
  const files = options.typescript ? typescriptTemplate(id, full) : plainTemplate(id);
  for (const path of files.keys()) requireAbsent(io, join(folder, path));
  for (const [path, content] of files) await createOutput(io, join(folder, path), content, FILE_MODE);
  const next = options.typescript ? `cd ${folder} && npm install && npm test` : `souk check ${folder}`;
  return {
    exitCode: EXIT_CODES.ok,
    lines: [...[...files.keys()].map((path) => `made ${join(folder, path)}`), `next: ${next}`],
    data: { id, files: [...files.keys()] },
  };
}

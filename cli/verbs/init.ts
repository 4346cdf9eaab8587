import { basename, join, resolve } from 'node:path';
import { isPluginId, type PluginId, splitPluginId } from '../../spec/plugin-id.ts';
import { Refusal } from '../../spec/refusal.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { createOutput, requireAbsent } from '../files.ts';
import type { Io } from '../io.ts';
import type { Report } from '../report.ts';
import type { Shell } from '../shell.ts';

const FILE_MODE = 0o644;

/** `souk init <folder>`: a plugin that passes `souk check` as it is. */
export function registerInit(shell: Shell): void {
  shell
    .verb('init', 'make the folder of a new plugin')
    .argument('<folder>', 'where to make it')
    .option('--id <publisher/name>', 'its id; my-publisher/<folder> where absent')
    .action((folder: string, options: { id?: string; json?: boolean }) =>
      shell.report(options, () => init(shell.io, folder, options.id)),
    );
}

async function init(io: Io, folder: string, wanted: string | undefined): Promise<Report> {
  const id = requirePluginId(wanted ?? `my-publisher/${basename(resolve(io.cwd, folder))}`);
  const files = templateOf(id);
  for (const path of files.keys()) requireAbsent(io, join(folder, path));
  for (const [path, content] of files) await createOutput(io, join(folder, path), content, FILE_MODE);
  return {
    exitCode: EXIT_CODES.ok,
    lines: [...[...files.keys()].map((path) => `made ${join(folder, path)}`), `next: souk check ${folder}`],
    data: { id, files: [...files.keys()] },
  };
}

function requirePluginId(text: string): PluginId {
  if (isPluginId(text)) return text;
  throw new Refusal('plugin_id_invalid', { detail: `${JSON.stringify(text)} is not a plugin id.` });
}

function templateOf(id: PluginId): Map<string, string> {
  const { name } = splitPluginId(id);
  const manifest = {
    manifestVersion: 1,
    id,
    version: '0.1.0',
    name,
    description: 'Says hello.',
    type: 'integration',
    license: 'MIT',
    engines: { souk: '^1.0.0' },
    main: 'index.js',
    contributes: {
      endpoints: [
        { method: 'GET', path: '/hello/:name', access: 'public', summary: 'Says hello to a name.' },
      ],
    },
  };
  return new Map([
    ['manifest.json', `${JSON.stringify(manifest, undefined, 2)}\n`],
    ['index.js', MODULE],
    ['README.md', `# ${name}\n\nSays hello: \`GET …/hello/world\` answers \`{"hello":"world"}\`.\n`],
  ]);
}

const MODULE = `export default {
  async fetch(request) {
    const name = decodeURIComponent(new URL(request.url).pathname.split('/').at(-1));
    return Response.json({ hello: name });
  },
};
`;

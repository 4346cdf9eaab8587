/** `souk imports`: files that become records. */
import { basename } from 'node:path';
import { Argument, Option } from 'commander';
import type { JsonObject } from '../../spec/json.ts';
import { IMPORT_KINDS } from '../../spec/modules/core-modules.ts';
import type { ServerOptions } from '../credentials.ts';
import { openInput } from '../files.ts';
import { rowLine } from '../imported-row.ts';
import type { Io } from '../io.ts';
import { askItem, listItems, openOrg } from '../org-items.ts';
import { requirePluginId } from '../plugin-path.ts';
import type { Report } from '../report.ts';
import { done, withOrg } from '../server-verb.ts';
import type { Shell } from '../shell.ts';

type StartOptions = ServerOptions & {
  readonly plugin: string;
  readonly file: string;
  readonly options?: string;
  readonly dryRun?: true;
};
type RowsOptions = ServerOptions & { readonly outcome?: string };

const OUTCOMES = ['accepted', 'merged', 'unchanged', 'rejected', 'held'] as const;

export function registerImports({ group, io, report }: Shell): void {
  const verb = group('imports', 'files that become records');
  withOrg(verb('start', 'import a file through a plugin, in the background'))
    .addArgument(new Argument('<kind>', 'what the file holds').choices(IMPORT_KINDS))
    .requiredOption('--plugin <plugin>', 'the importer, publisher/name')
    .requiredOption('--file <file>', 'the file')
    .option('--options <json>', 'what the plugin is told, as its README says')
    .option('--dry-run', 'say what would happen, and change nothing')
    .action((kind: string, options: StartOptions) => report(options, () => start(io, kind, options)));
  withOrg(verb('list', 'imports, newest first')).action((options: ServerOptions) =>
    report(options, () => listItems(io, options, { path: '/imports', paging: 'pages', lineOf: importLine })),
  );
  withOrg(verb('show', 'an import: its state, and how many rows became what'))
    .argument('<import>', 'its id')
    .action((id: string, options: ServerOptions) =>
      report(options, () =>
        askItem(io, options, { method: 'GET', path: `/imports/${encodeURIComponent(id)}` }),
      ),
    );
  withOrg(verb('rows', 'the rows of an import, with what is wrong with each'))
    .argument('<import>', 'its id')
    .addOption(new Option('--outcome <outcome>', 'only these').choices(OUTCOMES))
    .action((id: string, options: RowsOptions) => {
      const only = options.outcome === undefined ? '' : `?outcome=${options.outcome}`;
      return report(options, () =>
        listItems(io, options, {
          path: `/imports/${encodeURIComponent(id)}/rows${only}`,
          paging: 'pages',
          lineOf: rowLine,
        }),
      );
    });
}

async function start(io: Io, kind: string, options: StartOptions): Promise<Report> {
  const { client, org } = await openOrg(io, options);
  const form = new FormData();
  form.set('plugin', requirePluginId(options.plugin));
  if (options.options !== undefined) form.set('options', options.options);
  form.set('dryRun', String(options.dryRun ?? false));
  form.set('file', await openInput(io, options.file), basename(options.file));
  const answer = await client.form(`${org}/imports/${kind}`, form);
  return done([`import ${String(answer['id'])}, job ${String(answer['job'])}`], answer);
}

function importLine({ id, state, mode, type, plugin, counts }: JsonObject): string {
  const said = Object.entries(counts as JsonObject).map(([outcome, rows]) => `${outcome} ${String(rows)}`);
  return [id, state, mode, type, plugin, ...said].map(String).join(' ');
}

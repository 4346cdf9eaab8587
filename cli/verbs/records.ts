/** `souk imports`, `souk reviews` and `souk records`: what is imported, what waits for a person, and what is kept. */
import { basename } from 'node:path';
import { Argument, InvalidArgumentError, Option } from 'commander';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { IMPORT_KINDS } from '../../spec/modules/core-modules.ts';
import { openClient, type ApiClient } from '../api-client.ts';
import { requireOrg, type ServerOptions } from '../credentials.ts';
import { openInput } from '../files.ts';
import type { Io } from '../io.ts';
import { orgPath, requirePluginId } from '../plugin-path.ts';
import type { Report } from '../report.ts';
import { done, oneLine, withOrg } from '../server-verb.ts';
import type { Shell } from '../shell.ts';

type StartOptions = ServerOptions & {
  readonly plugin: string;
  readonly file: string;
  readonly options?: string;
  readonly dryRun?: true;
};
type RowsOptions = ServerOptions & { readonly outcome?: string };
type DecideOptions = ServerOptions & { readonly record?: string };
type ListOptions = ServerOptions & { readonly filter?: readonly string[] };

const OUTCOMES = ['accepted', 'merged', 'unchanged', 'rejected', 'held'] as const;
const VERDICTS = ['accept', 'merge', 'reject'] as const;

export function registerRecords(shell: Shell): void {
  registerImports(shell);
  registerReviews(shell);
  registerKept(shell);
}

function registerImports({ group, io, report }: Shell): void {
  const verb = group('imports', 'files that become records');
  withOrg(verb('start', 'import a file through a plugin, in the background'))
    .addArgument(new Argument('<kind>', 'what the file holds').choices(IMPORT_KINDS))
    .requiredOption('--plugin <plugin>', 'the importer, publisher/name')
    .requiredOption('--file <file>', 'the file')
    .option('--options <json>', 'what the plugin is told, as its README says')
    .option('--dry-run', 'say what would happen, and change nothing')
    .action((kind: string, options: StartOptions) => report(options, () => start(io, kind, options)));
  withOrg(verb('list', 'imports, newest first')).action((options: ServerOptions) =>
    report(options, () => list(io, options, '/imports', importLine)),
  );
  withOrg(verb('show', 'an import: its state, and how many rows became what'))
    .argument('<import>', 'its id')
    .action((id: string, options: ServerOptions) =>
      report(options, () => show(io, options, `/imports/${encodeURIComponent(id)}`)),
    );
  withOrg(verb('rows', 'the rows of an import, with what is wrong with each'))
    .argument('<import>', 'its id')
    .addOption(new Option('--outcome <outcome>', 'only these').choices(OUTCOMES))
    .action((id: string, options: RowsOptions) => {
      const only = options.outcome === undefined ? '' : `?outcome=${options.outcome}`;
      return report(options, () =>
        list(io, options, `/imports/${encodeURIComponent(id)}/rows${only}`, rowLine),
      );
    });
}

function registerReviews({ group, io, report }: Shell): void {
  const verb = group('reviews', 'imported rows that wait for a person');
  withOrg(verb('list', 'rows that wait, with the records that each may be')).action(
    (options: ServerOptions) => report(options, () => list(io, options, '/reviews', rowLine)),
  );
  withOrg(verb('decide', 'say what a row is'))
    .argument('<import>', 'the id of its import')
    .argument('<row>', 'its number', rowNumber)
    .addArgument(new Argument('<verdict>', 'a new record, part of --record, or nothing').choices(VERDICTS))
    .option('--record <id>', 'the record to merge it into')
    .action((id: string, row: number, verdict: string, options: DecideOptions) => {
      const path = `/imports/${encodeURIComponent(id)}/rows/${row}/decision`;
      const body = { verdict, ...(options.record === undefined ? {} : { record: options.record }) };
      return report(options, () => decide(io, options, path, body));
    });
}

function registerKept({ group, io, report }: Shell): void {
  const verb = group('records', 'what an organization keeps records of');
  withOrg(verb('list', 'records of a type, older ones first'))
    .argument('<type>', 'such as member')
    .option('--filter <field:text...>', 'only records with this text in this field')
    .action((type: string, options: ListOptions) => {
      const query = (options.filter ?? []).map((each) => `filter=${encodeURIComponent(each)}`).join('&');
      const path = `/records/${encodeURIComponent(type)}${query === '' ? '' : `?${query}`}`;
      return report(options, () => list(io, options, path, recordLine));
    });
  withOrg(verb('show', 'a record, with where it comes from'))
    .argument('<type>', 'such as member')
    .argument('<record>', 'its id')
    .action((type: string, id: string, options: ServerOptions) =>
      report(options, () =>
        show(io, options, `/records/${encodeURIComponent(type)}/${encodeURIComponent(id)}`),
      ),
    );
}

function rowNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/u.test(text)) throw new InvalidArgumentError('This is no number of a row.');
  return Number(text);
}

async function open(io: Io, options: ServerOptions): Promise<{ client: ApiClient; org: string }> {
  return { client: await openClient(io, options), org: orgPath(requireOrg(io, options)) };
}

async function start(io: Io, kind: string, options: StartOptions): Promise<Report> {
  const { client, org } = await open(io, options);
  const form = new FormData();
  form.set('plugin', requirePluginId(options.plugin));
  if (options.options !== undefined) form.set('options', options.options);
  form.set('dryRun', String(options.dryRun ?? false));
  form.set('file', await openInput(io, options.file), basename(options.file));
  const answer = await client.form(`${org}/imports/${kind}`, form);
  return done([`import ${String(answer['id'])}, job ${String(answer['job'])}`], answer);
}

async function list(
  io: Io,
  options: ServerOptions,
  path: string,
  lineOf: (item: JsonObject) => string,
): Promise<Report> {
  const { client, org } = await open(io, options);
  const answer = await client.list<JsonObject>(`${org}${path}`);
  const items = answer.items;
  return done(items.length === 0 ? ['there are none'] : items.map((item) => oneLine(lineOf(item))), answer);
}

async function show(io: Io, options: ServerOptions, path: string): Promise<Report> {
  const { client, org } = await open(io, options);
  const answer = await client.get(`${org}${path}`);
  return done(
    Object.entries(answer).map(([name, value]) => `${name}: ${oneLine(JSON.stringify(value))}`),
    answer,
  );
}

async function decide(io: Io, options: ServerOptions, path: string, body: JsonValue): Promise<Report> {
  const { client, org } = await open(io, options);
  const answer = await client.send('POST', `${org}${path}`, body);
  return done([rowLine(answer)], answer);
}

function importLine({ id, state, mode, type, plugin, counts }: JsonObject): string {
  const said = Object.entries(counts as JsonObject).map(([outcome, rows]) => `${outcome} ${String(rows)}`);
  return [id, state, mode, type, plugin, ...said].map(String).join(' ');
}

function rowLine({ import: id, row, outcome, record, reasons, candidates }: JsonObject): string {
  const why = (reasons as JsonObject[]).map(
    ({ pointer, message }) => `${String(pointer)} ${String(message)}`,
  );
  const words = [id, row, outcome, record ?? '-', ...(candidates as string[])].map(String);
  return `${words.join(' ')}${why.length === 0 ? '' : `: ${why.join('; ')}`}`;
}

function recordLine({ id, type, data }: JsonObject): string {
  return `${String(id)} ${String(type)} ${JSON.stringify(data)}`;
}

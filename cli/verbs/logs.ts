/** `souk logs`: what a plugin logged, and what it logs from now on. */
import { InvalidArgumentError, Option } from 'commander';
import { visibleJson } from '../../spec/visible-json.ts';
import type { ApiClient } from '../api-client.ts';
import type { ServerOptions } from '../credentials.ts';
import { INSTALLED_PLUGIN, openInstalled } from '../installed.ts';
import { printable, type Io } from '../io.ts';
import type { Report } from '../report.ts';
import { done, withOrg } from '../server-verb.ts';
import type { AddVerb, Shell } from '../shell.ts';

type LogOptions = ServerOptions & {
  readonly follow?: boolean;
  readonly level?: string;
  readonly since?: string;
  readonly until?: string;
  readonly request?: string;
  readonly text?: string;
  readonly limit: string;
};

type Line = { readonly id: string; readonly at: string; readonly level: string; readonly text: string };

type Following = {
  readonly path: string;
  readonly options: LogOptions;
  /** What was there. */
  readonly before: readonly Line[];
  /** Id of the newest line when it was asked for. */
  readonly newest: string;
};

/** An event id that no line has: they count from 1. */
const BEFORE_ALL_LINES = '0';

export function registerLogs(shell: Shell): void {
  registerLogVerb(shell, shell.verb);
}

/** Under `souk` and under `souk plugin`: both are looked for. */
export function registerLogVerb({ io, report }: Shell, verb: AddVerb): void {
  withOrg(verb('logs', 'what the plugin logged, on all servers'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .option('-f, --follow', 'go on with what it logs from now on, until interrupted')
    .option('--level <level>', 'debug, info, warn or error: this and what is graver')
    .option('--since <time>', 'from then on: 2026-01-31T12:00:00Z, or 90s, 15m, 2h, 7d ago', readSince)
    .addOption(
      new Option('--until <time>', 'before then, in the same forms').argParser(readSince).conflicts('follow'),
    )
    .option('--request <id>', 'of this request only')
    .option('--text <text>', 'lines that hold this')
    .option('--limit <count>', 'how many of the newest', '50')
    .action((plugin: string, options: LogOptions) => report(options, () => logs(io, plugin, options)));
}

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function readSince(text: string): string {
  const [, count, unit] = /^(\d{1,6})([smhd])$/u.exec(text) ?? [];
  if (count !== undefined && unit !== undefined)
    return new Date(Date.now() - Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]).toISOString();
  if (/^\d{4}-\d\d-\d\dT.*Z$/u.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError('A time is written 2026-01-31T12:00:00Z, or 90s, 15m, 2h, 7d ago.');
}

async function logs(io: Io, named: string, options: LogOptions): Promise<Report> {
  const { client, path: installation } = await openInstalled(io, options, named);
  const path = `${installation}/logs`;
  const { since, until, limit } = options;
  const newest = options.follow ? await newestLineId(client, path) : BEFORE_ALL_LINES;
  const answer = await client.get<{ items: Line[] }>(
    `${path}?${queryOf({ ...filterOf(options), since, until, limit })}`,
  );
  const lines = answer.items;
  if (options.follow) return follow(io, client, { path, options, before: lines, newest });
  return done(lines.length === 0 ? ['it has logged nothing'] : lines.flatMap(linesOf), answer);
}

/** Of the whole log, whatever is wanted of it. */
async function newestLineId(client: ApiClient, path: string): Promise<string> {
  const { items } = await client.get<{ items: Line[] }>(`${path}?limit=1`);
  return items.at(-1)?.id ?? BEFORE_ALL_LINES;
}

/** Prints at once what is there, and everything that comes, until the command is ended from outside. */
async function follow(
  io: Io,
  client: ApiClient,
  { path, options, before, newest }: Following,
): Promise<Report> {
  const print = (line: Line): void =>
    io.writeOut(
      `${options.json ? visibleJson(JSON.stringify(line)) : linesOf(line).map(printable).join('\n')}\n`,
    );
  for (const line of before) print(line);
  const stream = `${path}/stream?${queryOf(filterOf(options))}`;
  // Where nothing that is wanted was there, what came since follows the newest line of before that answer.
  const last = before.at(-1)?.id ?? newest;
  for await (const { data } of client.follow(stream, last, io.signal)) print(data as unknown as Line);
  return { exitCode: 0, lines: [], data: null };
}

function filterOf({ level, request, text }: LogOptions): Record<string, string | undefined> {
  return { level, requestId: request, text };
}

function queryOf(parts: Readonly<Record<string, string | undefined>>): URLSearchParams {
  return new URLSearchParams(
    Object.entries(parts).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** A stack has many lines; none of them may pretend to be an entry of its own. */
function linesOf({ at, level, text }: Line): string[] {
  const [first, ...others] = text.split('\n');
  return [`${at} ${level} ${first}`, ...others.map((line) => `    ${line}`)];
}

/** `souk plugin run` and `souk plugin commands`: what installed plugins do when they are asked by name. */
import { basename } from 'node:path';
import type { Command } from 'commander';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { Refusal } from '../../spec/refusal.ts';
import { openClient, type ApiClient } from '../api-client.ts';
import { requireOrg, type ServerOptions } from '../credentials.ts';
import { openInput } from '../files.ts';
import type { Io } from '../io.ts';
import { installationPath, orgPath } from '../plugin-path.ts';
import type { Report } from '../report.ts';
import { done, withOrg } from '../server-verb.ts';
import type { AddVerb, Shell } from '../shell.ts';

type Offered = {
  readonly plugin: string;
  readonly name: string;
  readonly title: string | null;
  readonly access: string;
  readonly run: 'direct' | 'job';
  readonly arguments: JsonObject;
};

type RunOptions = ServerOptions & {
  readonly job: string;
  readonly file?: readonly string[];
  readonly background?: boolean;
  readonly timeout: string;
};

type Job = {
  readonly id: string;
  readonly state: string;
  readonly result: JsonValue;
  readonly failure: JsonValue;
  readonly endedAt: string | null;
};

/** What a command that runs at once answered. */
type Result = { readonly result: JsonValue };

const LOOK_MS = 250;
/** A job may be at work for ten minutes, and begins when there is room. */
const WAIT_SECONDS_DEFAULT = 15 * 60;
const WAIT_SECONDS_MAX = 86_400;

export function registerRunVerbs({ io, report }: Shell, verb: AddVerb): void {
  withOrg(verb('commands', 'the commands of active plugins')).action((options: ServerOptions) =>
    report(options, () => listCommands(io, options)),
  );
  withOrg(verb('run', 'run a command; further --name value pairs are its arguments'))
    .argument('<plugin>', 'publisher/name, or the name alone where one plugin has it')
    .requiredOption('--job <command>', 'the command')
    .option('--file <file...>', 'files that go with it')
    .option('--background', 'do not wait for it')
    .option('--timeout <seconds>', 'how long to wait for one that is a job', String(WAIT_SECONDS_DEFAULT))
    .allowUnknownOption()
    .allowExcessArguments()
    .action((plugin: string, options: RunOptions, command: Command) =>
      report(options, () => runCommand(io, plugin, command.args.slice(1), options)),
    );
}

async function listCommands(io: Io, options: ServerOptions): Promise<Report> {
  const client = await openClient(io, options);
  const offered = await loadCommands(client, requireOrg(io, options));
  const lines = offered.map(({ plugin, name, title, access }) =>
    `${plugin} ${name} (${access}) ${title ?? ''}`.trimEnd(),
  );
  return done(lines.length === 0 ? ['no active plugin has commands'] : lines, {
    items: offered,
  });
}

async function loadCommands(client: ApiClient, org: string): Promise<Offered[]> {
  return (await client.get<{ items: Offered[] }>(`${orgPath(org)}/commands`)).items;
}

async function runCommand(
  io: Io,
  plugin: string,
  words: readonly string[],
  options: RunOptions,
): Promise<Report> {
  const waitMs = waitOf(options.timeout);
  const client = await openClient(io, options);
  const org = requireOrg(io, options);
  const offered = findOffered(await loadCommands(client, org), plugin, options.job);
  const form = new FormData();
  form.set('args', JSON.stringify(argumentsOf(words, offered.arguments)));
  for (const path of options.file ?? []) form.append('file', await openInput(io, path), basename(path));
  const query = options.background ? '?background=true' : '';
  const path = `${installationPath(org, offered.plugin)}/commands/${encodeURIComponent(offered.name)}${query}`;
  const answer = await client.form<Job | Result>(path, form);
  if (!('state' in answer)) return done(resultLines(answer.result), answer);
  if (options.background) return done([`job ${answer.id}`], answer);
  return jobReport(await waitFor(client, org, answer, waitMs));
}

function findOffered(all: readonly Offered[], plugin: string, name: string): Offered {
  const [found, another] = all.filter(
    (each) => each.name === name && (each.plugin === plugin || each.plugin.split('/')[1] === plugin),
  );
  if (found && !another) return found;
  throw new Refusal(another ? 'command_ambiguous' : 'command_unknown', {
    detail: another
      ? `${found?.plugin} and ${another.plugin} both have a command ${name}.`
      : `${plugin} offers no command ${name} here.`,
    hint: another ? 'Name the plugin as publisher/name.' : 'souk plugin commands lists them.',
  });
}

/** `--organization green --limit 5`: typed as the command's own schema says; text where it says nothing. */
function argumentsOf(words: readonly string[], schema: JsonObject): JsonObject {
  const entries: [string, JsonValue][] = [];
  for (let at = 0; at < words.length; at += 2) {
    const [flag = '', value] = words.slice(at, at + 2);
    if (!flag.startsWith('--') || value === undefined) {
      throw new Refusal('command_arguments_invalid', {
        detail: `${JSON.stringify(flag)} is no pair of a name and a value.`,
        hint: 'Write arguments as --name value.',
      });
    }
    const name = flag.slice(2);
    entries.push([name, typed(value, schema, name)]);
  }
  return Object.fromEntries(entries);
}

function typed(value: string, { properties }: JsonObject, name: string): JsonValue {
  const known = properties as Readonly<Record<string, JsonObject>> | undefined;
  const type = known && Object.hasOwn(known, name) ? known[name]?.['type'] : 'string';
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  const number = Number(value);
  const isNumber =
    (type === 'number' || type === 'integer') && value.trim() !== '' && Number.isFinite(number);
  return isNumber ? number : value;
}

/** @returns milliseconds */
function waitOf(text: string): number {
  const seconds = Number(text);
  if (/^\d{1,6}$/u.test(text) && seconds >= 1 && seconds <= WAIT_SECONDS_MAX) return seconds * 1_000;
  throw new Refusal('timeout_invalid', {
    detail: `${JSON.stringify(text.slice(0, 50))} is not a whole number of seconds from 1 to ${WAIT_SECONDS_MAX}.`,
  });
}

/** @throws Refusal `job_not_ended` when it takes longer; it goes on */
async function waitFor(client: ApiClient, org: string, { id }: Job, waitMs: number): Promise<Job> {
  const untilMs = performance.now() + waitMs;
  for (;;) {
    const job = await client.get<Job>(`${orgPath(org)}/jobs/${id}`);
    if (job.endedAt !== null) return job;
    const leftMs = untilMs - performance.now();
    if (leftMs <= 0) throw notEnded(job, waitMs);
    await new Promise((wake) => setTimeout(wake, Math.min(LOOK_MS, leftMs)));
  }
}

function notEnded({ id, state }: Job, waitMs: number): Refusal {
  return new Refusal('job_not_ended', {
    detail: `job ${id} is ${state} after ${waitMs / 1_000} seconds, and goes on.`,
    hint: `souk jobs show ${id} tells how it ends, and souk jobs cancel ${id} ends it; --timeout waits longer.`,
    extensions: { job: id },
  });
}

function resultLines(result: JsonValue): string[] {
  return JSON.stringify(result ?? null, null, 2).split('\n');
}

function jobReport(job: Job): Report {
  const { id, state, result, failure } = job;
  if (state === 'succeeded') return done([`job ${id} succeeded`, ...resultLines(result)], job);
  throw new Refusal('command_failed', {
    detail: `job ${id} ${state}: ${JSON.stringify(failure)}`,
    extensions: { job: id },
  });
}

/** `souk jobs`, `souk events` and `souk schedules`: what an organization has done in the background. */
import { InvalidArgumentError } from 'commander';
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { openClient } from '../api-client.ts';
import { requireOrg, type ServerOptions } from '../credentials.ts';
import type { Io } from '../io.ts';
import { orgPath, requirePluginId } from '../plugin-path.ts';
import type { Report } from '../report.ts';
import { done, oneLine, withOrg } from '../server-verb.ts';
import type { Shell } from '../shell.ts';

type AddOptions = ServerOptions & {
  readonly name: string;
  readonly plugin: string;
  readonly command: string;
  readonly cron: string;
  readonly args: JsonValue;
  readonly timeZone: string;
  readonly missed: string;
};
type EmitOptions = ServerOptions & { readonly data: JsonValue; readonly key?: string };

export function registerWork(shell: Shell): void {
  registerJobs(shell);
  registerEvents(shell);
  registerSchedules(shell);
}

function registerJobs({ group, io, report }: Shell): void {
  const verb = group('jobs', 'work in the background');
  withOrg(verb('list', 'jobs, newest first')).action((options: ServerOptions) =>
    report(options, () => list(io, options, '/jobs', jobLine)),
  );
  withOrg(verb('show', 'a job: how far it is, and what came of it'))
    .argument('<job>', 'its id')
    .action((job: string, options: ServerOptions) =>
      report(options, () => ask(io, options, 'GET', `/jobs/${encodeURIComponent(job)}`)),
    );
  withOrg(verb('cancel', 'cancel a job that waits or is at work'))
    .argument('<job>', 'its id')
    .action((job: string, options: ServerOptions) =>
      report(options, () => ask(io, options, 'POST', `/jobs/${encodeURIComponent(job)}/cancel`)),
    );
}

function registerEvents({ group, io, report }: Shell): void {
  const verb = group('events', 'what plugins are told');
  withOrg(verb('emit', 'tell the plugins of the organization something'))
    .argument('<name>', 'such as invitations.send-requested')
    .option('--data <json>', 'what is told', readJson, {})
    .option('--key <key>', 'events of one key arrive in order')
    .action((name: string, options: EmitOptions) => {
      const body = { name, data: options.data, ...(options.key === undefined ? {} : { key: options.key }) };
      return report(options, () => ask(io, options, 'POST', '/events', body));
    });
  withOrg(verb('waiting', 'how many events wait for each plugin, and why')).action((options: ServerOptions) =>
    report(options, () => list(io, options, '/events/waiting', waitingLine)),
  );
  withOrg(verb('dead-letters', 'events that a handler failed on too often')).action(
    (options: ServerOptions) => report(options, () => list(io, options, '/events/dead-letters', letterLine)),
  );
  withOrg(verb('replay', 'deliver dead letters once more'))
    .argument('[letter]', 'its id; all of them where absent')
    .action((letter: string | undefined, options: ServerOptions) => {
      const one = letter === undefined ? '' : `/${encodeURIComponent(letter)}`;
      return report(options, () => ask(io, options, 'POST', `/events/dead-letters${one}/replay`));
    });
}

function registerSchedules({ group, io, report }: Shell): void {
  const verb = group('schedules', 'what runs by the clock');
  withOrg(verb('list', 'schedules, and when each runs next')).action((options: ServerOptions) =>
    report(options, () => list(io, options, '/schedules', scheduleLine)),
  );
  withOrg(verb('add', 'run a command of a plugin by the clock'))
    .argument('<name>', 'what you call it')
    .argument('<plugin>', 'publisher/name')
    .argument('<command>', 'a command that the plugin declares')
    .requiredOption('--cron <fields>', 'such as "30 6 * * MON-FRI"')
    .option('--args <json>', 'arguments of the command', readJson, {})
    .option('--time-zone <zone>', 'such as Europe/Berlin', 'UTC')
    .option('--missed <policy>', 'skip or once: what is done about missed ticks', 'skip')
    .action((name: string, plugin: string, command: string, options: AddOptions) => {
      const { cron, args, timeZone, missed } = options;
      const body = { name, plugin: requirePluginId(plugin), command, cron, args, timeZone, missed };
      return report(options, () => ask(io, options, 'POST', '/schedules', body));
    });
  for (const step of ['pause', 'resume'] as const) {
    withOrg(verb(step, `${step} a schedule`))
      .argument('<schedule>', 'its id')
      .action((id: string, options: ServerOptions) =>
        report(options, () => ask(io, options, 'POST', `/schedules/${encodeURIComponent(id)}/${step}`)),
      );
  }
  withOrg(verb('remove', 'remove a schedule that an administrator added'))
    .argument('<schedule>', 'its id')
    .action((id: string, options: ServerOptions) =>
      report(options, () => ask(io, options, 'DELETE', `/schedules/${encodeURIComponent(id)}`)),
    );
}

function readJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new InvalidArgumentError('This is not JSON.');
  }
}

/** Lists that are short, and have no pages. */
const AT_ONCE: ReadonlySet<string> = new Set(['/schedules', '/events/waiting']);

async function list(
  io: Io,
  options: ServerOptions,
  path: string,
  lineOf: (item: JsonObject) => string,
): Promise<Report> {
  const client = await openClient(io, options);
  const whole = `${orgPath(requireOrg(io, options))}${path}`;
  const answer = AT_ONCE.has(path)
    ? await client.get<{ items: JsonObject[] }>(whole)
    : await client.list<JsonObject>(whole);
  const items = answer.items;
  return done(items.length === 0 ? ['there are none'] : items.map(lineOf), answer);
}

async function ask(
  io: Io,
  options: ServerOptions,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: JsonValue,
): Promise<Report> {
  const client = await openClient(io, options);
  const whole = `${orgPath(requireOrg(io, options))}${path}`;
  const answer = method === 'GET' ? await client.get(whole) : await client.send(method, whole, body);
  const lines = Object.entries(answer).map(([name, value]) => `${name}: ${oneLine(JSON.stringify(value))}`);
  return done(lines.length === 0 ? ['done'] : lines, answer);
}

function jobLine({ id, state, plugin, kind, name, createdAt }: JsonObject): string {
  return `${String(id)} ${String(state)} ${String(plugin ?? kind)} ${String(name ?? '')} ${String(createdAt)}`;
}

function waitingLine({ plugin, waiting, deadLetters, waitingSince, error }: JsonObject): string {
  const since = typeof waitingSince === 'string' ? ` since ${waitingSince}` : '';
  const why = typeof error === 'string' ? `: ${error}` : '';
  return oneLine(
    `${String(plugin)} ${String(waiting)} waiting${since}, ${String(deadLetters)} dead letters${why}`,
  );
}

function letterLine({ id, plugin, event, error }: JsonObject): string {
  return oneLine(
    `${String(id)} ${String(plugin)} ${String((event as JsonObject)['name'])}: ${String(error)}`,
  );
}

function scheduleLine({ id, state, plugin, name, cron, timeZone, nextRuns, lastNote }: JsonObject): string {
  const next = (nextRuns as string[])[0] ?? '-';
  const words = [
    id,
    state,
    plugin,
    JSON.stringify(name),
    cron,
    timeZone,
    `next ${next}`,
    `last ${String(lastNote ?? '-')}`,
  ];
  return oneLine(words.map(String).join(' '));
}

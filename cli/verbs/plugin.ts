/** `souk plugin …`: what an organization has installed. */
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import { Refusal } from '../../spec/refusal.ts';
import { parseStrictJson } from '../../spec/strict-json.ts';
import { openClient } from '../api-client.ts';
import { requireOrg, type ServerOptions } from '../credentials.ts';
import { readInput } from '../files.ts';
import { grantLines, type Grant } from '../grant-text.ts';
import { INSTALLED_PLUGIN, openInstalled } from '../installed.ts';
import type { Io } from '../io.ts';
import { orgPath } from '../plugin-path.ts';
import type { Report } from '../report.ts';
import { done, withOrg } from '../server-verb.ts';
import type { AddVerb, Shell } from '../shell.ts';
import { registerLogVerb } from './logs.ts';
import { registerDangerVerbs } from './plugin-danger.ts';
import { registerDataVerb } from './plugin-data.ts';
import { registerGrantVerbs } from './plugin-grants.ts';
import { registerLockVerbs } from './plugin-lock.ts';
import { registerPendingVerbs } from './plugin-pending.ts';
import { registerPlanVerbs } from './plugin-plan.ts';
import { registerRequestVerbs } from './plugin-requests.ts';
import { registerRunVerbs } from './plugin-run.ts';
import { registerSecretVerbs } from './plugin-secrets.ts';
import { registerWatchVerbs } from './plugin-watch.ts';

type Installation = {
  readonly plugin: string;
  readonly version: string;
  readonly signed: 'yes' | 'no';
  readonly status: string;
  readonly reason: string | null;
  readonly grants: readonly Grant[];
  readonly config: JsonObject;
  readonly effectiveConfig: JsonObject;
};

type Cascading = ServerOptions & { readonly cascade?: boolean };

const CONFIG_BYTES_MAX = 256 * 1024;
const CONFIG_DEPTH_MAX = 32;

export function registerPlugin(shell: Shell): void {
  const verb = shell.group('plugin', 'the plugins that an organization has installed');
  registerPlanVerbs(shell, verb);
  registerPendingVerbs(shell, verb);
  registerRequestVerbs(shell, verb);
  registerLockVerbs(shell, verb);
  registerStateVerbs(shell, verb);
  registerSettingVerbs(shell, verb);
  registerSecretVerbs(shell, verb);
  registerGrantVerbs(shell, verb);
  registerDataVerb(shell, verb);
  registerDangerVerbs(shell, verb);
  registerViewVerbs(shell, verb);
  registerWatchVerbs(shell, verb);
  registerRunVerbs(shell, verb);
  registerLogVerb(shell, verb);
}

function registerViewVerbs({ io, report }: Shell, verb: AddVerb): void {
  withOrg(verb('list', 'what is installed, and whether it runs')).action((options: ServerOptions) =>
    report(options, () => list(io, options)),
  );
  withOrg(verb('info', 'one installation: version, state, grants, configuration'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .action((plugin: string, options: ServerOptions) => report(options, () => info(io, plugin, options)));
}

function registerStateVerbs({ io, report }: Shell, verb: AddVerb): void {
  withOrg(verb('activate', 'let the plugin answer calls'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .option('--cascade', 'what it needs first')
    .action((plugin: string, options: Cascading) =>
      report(options, () => switchState(io, 'activate', plugin, options)),
    );
  withOrg(verb('deactivate', 'let it answer no longer; its data stays'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .option('--cascade', 'what needs it first')
    .action((plugin: string, options: Cascading) =>
      report(options, () => switchState(io, 'deactivate', plugin, options)),
    );
  withOrg(verb('uninstall', 'take the plugin and its data away'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .option('--cascade', 'what needs it too')
    .action((plugin: string, options: Cascading) => report(options, () => uninstall(io, plugin, options)));
}

function registerSettingVerbs({ io, report }: Shell, verb: AddVerb): void {
  withOrg(verb('config', 'show the configuration, or replace that of the organization'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .option('--set <file>', 'a JSON file with the configuration of the organization')
    .action((plugin: string, options: ServerOptions & { set?: string }) =>
      report(options, () => config(io, plugin, options)),
    );
}

async function list(io: Io, options: ServerOptions): Promise<Report> {
  const client = await openClient(io, options);
  const answer = await client.list<Installation>(`${orgPath(requireOrg(io, options))}/installations`);
  const lines = answer.items.map(headline);
  return done(lines.length === 0 ? ['nothing is installed'] : lines, answer);
}

async function info(io: Io, named: string, options: ServerOptions): Promise<Report> {
  const { client, path } = await openInstalled(io, options, named);
  const installation = await client.get<Installation>(path);
  return done(
    [headline(installation), ...grantLines(installation.grants), ...configLines(installation)],
    installation,
  );
}

async function switchState(
  io: Io,
  step: 'activate' | 'deactivate',
  named: string,
  options: Cascading,
): Promise<Report> {
  const { client, path } = await openInstalled(io, options, named);
  const answer = await client.send<Installation>('POST', `${path}/${step}`, { others: others(options) });
  return done([headline(answer)], answer);
}

async function uninstall(io: Io, named: string, options: Cascading): Promise<Report> {
  const { client, org, plugin, path } = await openInstalled(io, options, named);
  await client.send('DELETE', `${path}?others=${others(options)}`);
  return done([`${org} has ${plugin} no longer`], { plugin, org });
}

async function config(io: Io, named: string, options: ServerOptions & { set?: string }): Promise<Report> {
  const { client, plugin, path } = await openInstalled(io, options, named);
  if (options.set !== undefined)
    await client.send('PUT', `${path}/config`, await readConfig(io, options.set));
  const installation = await client.get<Installation>(path);
  const { config: own, effectiveConfig: effective } = installation;
  return done(configLines(installation), { plugin, config: own, effectiveConfig: effective });
}

/** @throws Refusal `config_file_invalid` */
async function readConfig(io: Io, path: string): Promise<JsonValue> {
  const parsed = parseStrictJson(await readInput(io, path, CONFIG_BYTES_MAX), CONFIG_DEPTH_MAX);
  if (parsed.kind === 'value') return parsed.value;
  const [first] = parsed.faults;
  throw new Refusal('config_file_invalid', {
    detail: `${path}: ${first?.pointer ?? ''} ${first?.message ?? 'is not JSON'}.`,
    violations: parsed.faults,
  });
}

function others({ cascade }: Cascading): 'cascade' | 'refuse' {
  return cascade ? 'cascade' : 'refuse';
}

function headline({ plugin, version, status, reason, signed }: Installation): string {
  const unsigned = signed === 'no' ? ' (unsigned)' : '';
  return `${plugin} ${version} ${status}${unsigned}${reason ? `: ${reason}` : ''}`;
}

function configLines({ effectiveConfig: effective }: Installation): string[] {
  const entries = Object.entries(effective);
  if (entries.length === 0) return ['it has no configuration'];
  return entries.map(([name, value]) => `configured: ${name} = ${JSON.stringify(value)}`);
}

/** `souk plugin policy|radius|halt`: what is done about unsafe versions, what would stop, and the emergency brake. */
import { openClient } from '../api-client.ts';
import { requireOrg, type ServerOptions } from '../credentials.ts';
import { INSTALLED_PLUGIN, openInstalled } from '../installed.ts';
import type { Io } from '../io.ts';
import { orgPath } from '../plugin-path.ts';
import type { Report } from '../report.ts';
import { done, withOrg } from '../server-verb.ts';
import type { AddVerb, Shell } from '../shell.ts';

type Radius = {
  readonly plugin: string;
  readonly endpoints: readonly string[];
  readonly commands: readonly string[];
  readonly dependants: readonly string[];
};
type Affected = { plugin: string; version: string; kind: string; reason: string; blastRadius: Radius };
type Policy = { readonly reaction: string; readonly affected: readonly Affected[] };
type PolicyOptions = ServerOptions & { readonly set?: string };

export function registerDangerVerbs({ io, report }: Shell, verb: AddVerb): void {
  withOrg(verb('policy', 'what is done about unsafe versions, and what that means for those installed'))
    .option('--set <reaction>', 'warn, block or deactivate')
    .action((options: PolicyOptions) => report(options, () => policy(io, options)));
  withOrg(verb('radius', 'what stops when a plugin does; changes nothing'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .action((plugin: string, options: ServerOptions) => report(options, () => radius(io, plugin, options)));
  withOrg(verb('halt', 'the emergency brake: deactivate every plugin of the organization')).action(
    (options: ServerOptions) => report(options, () => halt(io, options)),
  );
}

async function policy(io: Io, options: PolicyOptions): Promise<Report> {
  const client = await openClient(io, options);
  const path = `${orgPath(requireOrg(io, options))}/revocation-policy`;
  const answer =
    options.set === undefined
      ? await client.get<Policy>(path)
      : await client.send<Policy>('PUT', path, { reaction: options.set });
  const affected = answer.affected;
  return done(
    [
      `reaction: ${answer.reaction}`,
      ...(affected.length === 0 ? ['nothing unsafe is installed'] : affected.flatMap(affectedLines)),
    ],
    answer,
  );
}

async function radius(io: Io, named: string, options: ServerOptions): Promise<Report> {
  const { client, path } = await openInstalled(io, options, named);
  const answer = await client.get<Radius>(`${path}/blast-radius`);
  return done(radiusLines(answer), answer);
}

async function halt(io: Io, options: ServerOptions): Promise<Report> {
  const path = `${orgPath(requireOrg(io, options))}/deactivate-all`;
  const answer = await (await openClient(io, options)).send<{ deactivated: string[] }>('POST', path);
  const stopped = answer.deactivated;
  return done(
    stopped.length === 0 ? ['nothing was active'] : stopped.map((id) => `deactivated ${id}`),
    answer,
  );
}

function affectedLines({ plugin, version, kind, reason, blastRadius }: Affected): string[] {
  return [
    `${plugin} ${version} is ${kind}: ${reason}`,
    ...radiusLines(blastRadius).map((line) => `  ${line}`),
  ];
}

function radiusLines({ endpoints, commands, dependants }: Radius): string[] {
  const lines = [
    ...dependants.map((id) => `stops with it: ${id}`),
    ...endpoints.map((endpoint) => `endpoint of ${endpoint}`),
    ...commands.map((command) => `command of ${command}`),
  ];
  return lines.length === 0 ? ['nothing stops'] : lines;
}

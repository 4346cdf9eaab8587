/** `souk availability`: how a plugin is offered, which administrators of the instance decide. */
import { InvalidArgumentError } from 'commander';
import { openClient } from '../api-client.ts';
import type { ServerOptions } from '../credentials.ts';
import type { Io } from '../io.ts';
import { packagePath } from '../plugin-path.ts';
import type { Report } from '../report.ts';
import { done, withServer } from '../server-verb.ts';
import type { Shell } from '../shell.ts';

type SetOptions = ServerOptions & {
  readonly visibility?: string;
  readonly default?: boolean;
  readonly builtin?: boolean;
  readonly scope?: string;
};

export function registerAvailability({ io, group, report }: Shell): void {
  const verb = group('availability', 'how a plugin is offered; needs the token of an instance admin');
  withServer(verb('show', 'how a plugin is offered, what its author proposes, and who else may see it'))
    .argument('<plugin>', 'publisher/name')
    .action((plugin: string, options: ServerOptions) => report(options, () => show(io, plugin, options)));
  withServer(verb('set', 'decide how a plugin is offered; what is installed stays as it is'))
    .argument('<plugin>', 'publisher/name')
    .option('--visibility <word>', 'public or private')
    .option('--default <yes or no>', 'whether new organizations get it installed and active', readYesNo)
    .option('--builtin <yes or no>', 'whether they get it installed and cannot uninstall it', readYesNo)
    .option('--scope <word>', 'organization, or global: the instance runs it for every organization')
    .action((plugin: string, options: SetOptions) => report(options, () => set(io, plugin, options)));
  withServer(verb('allow', 'let an organization see a private plugin'))
    .argument('<plugin>', 'publisher/name')
    .argument('<org>', 'its slug')
    .action((plugin: string, org: string, options: ServerOptions) =>
      report(options, () => access(io, 'PUT', { plugin, org }, options)),
    );
  withServer(verb('deny', 'take that back; what is installed stays as it is'))
    .argument('<plugin>', 'publisher/name')
    .argument('<org>', 'its slug')
    .action((plugin: string, org: string, options: ServerOptions) =>
      report(options, () => access(io, 'DELETE', { plugin, org }, options)),
    );
}

function readYesNo(text: string): boolean {
  if (text === 'yes' || text === 'no') return text === 'yes';
  throw new InvalidArgumentError('It is yes or no.');
}

type Availability = {
  readonly visibility: string;
  readonly enabledByDefault: boolean;
  readonly builtIn: boolean;
  readonly scope: string;
  readonly proposed: unknown;
};

async function show(io: Io, plugin: string, options: ServerOptions): Promise<Report> {
  const client = await openClient(io, options);
  const path = packagePath(plugin);
  const answer = await client.get<Availability>(`${path}/availability`);
  const { items } = await client.list<{ orgId: string }>(`${path}/grants`);
  const allowed = items.map(({ orgId }) => `visible to the organization ${orgId}`);
  return done([...availabilityLines(answer), ...allowed], {
    ...answer,
    grants: items,
  });
}

async function set(io: Io, plugin: string, options: SetOptions): Promise<Report> {
  const { visibility, default: enabledByDefault, builtin: builtIn, scope } = options;
  const change = {
    ...(visibility === undefined ? {} : { visibility }),
    ...(enabledByDefault === undefined ? {} : { enabledByDefault }),
    ...(builtIn === undefined ? {} : { builtIn }),
    ...(scope === undefined ? {} : { scope }),
  };
  const path = `${packagePath(plugin)}/availability`;
  const answer = await (await openClient(io, options)).send<Availability>('PATCH', path, change);
  return done(availabilityLines(answer), answer);
}

async function access(
  io: Io,
  method: 'PUT' | 'DELETE',
  { plugin, org }: { plugin: string; org: string },
  options: ServerOptions,
): Promise<Report> {
  const path = `${packagePath(plugin)}/grants/${encodeURIComponent(org)}`;
  await (await openClient(io, options)).send(method, path);
  const said = method === 'PUT' ? 'may see' : 'is no longer let see';
  return done([`${org} ${said} ${plugin}`], { plugin, org });
}

function availabilityLines({
  visibility,
  enabledByDefault,
  builtIn,
  scope,
  proposed,
}: Availability): string[] {
  return [
    `visibility: ${visibility}`,
    `enabled by default: ${enabledByDefault ? 'yes' : 'no'}`,
    `built-in: ${builtIn ? 'yes' : 'no'}`,
    `scope: ${scope}`,
    `its author proposes: ${JSON.stringify(proposed)}`,
  ];
}

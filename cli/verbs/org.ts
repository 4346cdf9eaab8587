import { InvalidArgumentError, Option } from 'commander';
import { openClient } from '../api-client.ts';
import { requireOrg, type ServerOptions } from '../credentials.ts';
import type { Io } from '../io.ts';
import { orgPath } from '../plugin-path.ts';
import type { Report } from '../report.ts';
import { done, withOrg, withServer } from '../server-verb.ts';
import type { Shell } from '../shell.ts';

/** `souk org …` and `souk publisher …`: the tenant, and the namespaces that it owns. */
export function registerOrg(shell: Shell): void {
  const org = shell.group('org', 'organizations');
  withServer(org('create', 'make an organization; needs the token of an instance admin'))
    .argument('<slug>', 'its name in addresses, for ever')
    .option('--name <text>', 'its name for people; the slug where absent')
    .action((slug: string, options: ServerOptions & { name?: string }) =>
      shell.report(options, () => createOrg(shell.io, slug, options)),
    );
  withServer(org('list', 'the organizations that you are a member of')).action((options: ServerOptions) =>
    shell.report(options, () => listOrgs(shell.io, options)),
  );
  withServer(org('defaults', 'install the defaults that it lacks; needs the token of an instance admin'))
    .argument('<slug>', 'the organization')
    .action((slug: string, options: ServerOptions) =>
      shell.report(options, () => applyDefaults(shell.io, slug, options)),
    );
  withServer(
    org('limits', 'how much an organization may use; deciding it needs the token of an instance admin'),
  )
    .argument('<slug>', 'the organization')
    .option(
      '--set <name=number...>',
      'kvKeysMax, kvBytesMax, runsMax, readsPerMinuteMax, writesPerMinuteMax; those not named are as for all',
      readLimit,
    )
    .addOption(new Option('--reset', 'all are as for all').conflicts('set'))
    .action((slug: string, options: LimitOptions) =>
      shell.report(options, () => limits(shell.io, slug, options)),
    );
  const publisher = shell.group('publisher', 'the publishers of an organization');
  withOrg(publisher('create', 'register a publisher for the organization, for ever'))
    .argument('<name>', 'the first half of the ids of its plugins')
    .action((name: string, options: ServerOptions) =>
      shell.report(options, () => createPublisher(shell.io, name, options)),
    );
  withOrg(publisher('list', 'the publishers that the organization owns')).action((options: ServerOptions) =>
    shell.report(options, () => listPublishers(shell.io, options)),
  );
}

async function createOrg(io: Io, slug: string, options: ServerOptions & { name?: string }): Promise<Report> {
  const client = await openClient(io, options);
  const answer = await client.send('POST', '/api/v1/orgs', { slug, name: options.name ?? slug });
  return done([`made the organization ${String(answer['slug'])}`], answer);
}

async function listOrgs(io: Io, options: ServerOptions): Promise<Report> {
  const answer = await (await openClient(io, options)).list<{ slug: string; name: string }>('/api/v1/orgs');
  const orgs = answer.items;
  return done(
    orgs.map(({ slug, name }) => `${slug}  ${name}`),
    answer,
  );
}

type LimitOptions = ServerOptions & {
  readonly set?: Readonly<Record<string, number>>;
  readonly reset?: boolean;
};

function readLimit(text: string, before: Readonly<Record<string, number>> = {}): Record<string, number> {
  const [, name, value] = /^([A-Za-z]+)=(\d{1,15})$/u.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError('A limit is written name=number, such as runsMax=16.');
  return { ...before, [name]: Number(value) };
}

async function limits(io: Io, slug: string, options: LimitOptions): Promise<Report> {
  const path = `${orgPath(slug)}/limits`;
  const client = await openClient(io, options);
  const wanted = options.set ?? (options.reset ? {} : undefined);
  const answer = wanted === undefined ? await client.get(path) : await client.send('PUT', path, wanted);
  const overrides = answer['overrides'] as Record<string, number | null>;
  const lines = Object.entries(answer['inForce'] as Record<string, number>).map(
    ([name, value]) =>
      `${name} = ${value}${overrides[name] === null ? '' : ' (decided for this organization)'}`,
  );
  return done(lines, answer);
}

async function applyDefaults(io: Io, slug: string, options: ServerOptions): Promise<Report> {
  const path = `${orgPath(slug)}/defaults`;
  const answer = await (
    await openClient(io, options)
  ).send<{ items: { plugin: string; outcome: string; reason: string | null }[] }>('POST', path);
  const items = answer.items;
  const lines = items.map(
    ({ plugin, outcome, reason }) => `${plugin}: ${outcome}${reason === null ? '' : `: ${reason}`}`,
  );
  return done(lines.length === 0 ? [`${slug} lacks none`] : lines, answer);
}

async function createPublisher(io: Io, name: string, options: ServerOptions): Promise<Report> {
  const client = await openClient(io, options);
  const org = requireOrg(io, options);
  const answer = await client.send('POST', publishersPath(org), { name });
  return done([`${org} owns the publisher ${String(answer['name'])}`], answer);
}

async function listPublishers(io: Io, options: ServerOptions): Promise<Report> {
  const client = await openClient(io, options);
  const answer = await client.list<{ name: string }>(publishersPath(requireOrg(io, options)));
  return done(
    answer.items.map(({ name }) => name),
    answer,
  );
}

function publishersPath(org: string): string {
  return `${orgPath(org)}/publishers`;
}

/** `souk plugin grants|actions|receipts`: what a plugin may do, who may use its rights, and who consented. */
import { InvalidArgumentError } from 'commander';
import { Refusal } from '../../spec/refusal.ts';
import type { ServerOptions } from '../credentials.ts';
import { createOutput } from '../files.ts';
import { grantLines, type Grant } from '../grant-text.ts';
import { INSTALLED_PLUGIN, openInstalled } from '../installed.ts';
import type { Io } from '../io.ts';
import type { Report } from '../report.ts';
import { done, withOrg } from '../server-verb.ts';
import type { AddVerb, Shell } from '../shell.ts';

type Pair = readonly [name: string, value: string];
type GrantOptions = ServerOptions & { readonly revoke?: string[]; readonly limit?: Pair[] };
type ActionOptions = ServerOptions & { readonly map?: Pair[] };
type ReceiptOptions = ServerOptions & { readonly out?: string };

export function registerGrantVerbs({ io, report }: Shell, verb: AddVerb): void {
  withOrg(verb('grants', 'show what was granted, take some of it back, or limit it to less, at once'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .option('--revoke <permission...>', 'names of permissions to take back')
    .option(
      '--limit <permission=scope...>',
      'what a permission is limited to; repeated for several',
      readPair,
    )
    .action((plugin: string, options: GrantOptions) => report(options, () => grants(io, plugin, options)));
  withOrg(verb('actions', 'the rights that a plugin defines, and from which role on each is held'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .option('--map <action=role...>', 'member, admin or owner', readPair)
    .action((plugin: string, options: ActionOptions) => report(options, () => actions(io, plugin, options)));
  withOrg(verb('receipts', 'who granted what, when, for which package; also after it was uninstalled'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .option('--out <file>', 'write them to a new file, as JSON')
    .action((plugin: string, options: ReceiptOptions) =>
      report(options, () => receipts(io, plugin, options)),
    );
}

/** `name=value`; the value may hold further equals signs, as an address may. */
function readPair(text: string, before: Pair[] = []): Pair[] {
  const [, name, value] = /^([^=]+)=(.+)$/su.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It is written name=value.');
  return [...before, [name, value]];
}

async function grants(io: Io, named: string, options: GrantOptions): Promise<Report> {
  const { client, plugin, path } = await openInstalled(io, options, named);
  const read = async (): Promise<readonly Grant[]> =>
    (await client.get<{ grants: readonly Grant[] }>(path)).grants;
  const before = await read();
  const left = narrowed(plugin, before, options);
  if (left !== before) await client.send('PUT', `${path}/grants`, { grants: left });
  const after = await read();
  return done(grantLines(after), { plugin, grants: after });
}

/** @throws Refusal `grant_not_held` for a name that was not granted */
function narrowed(
  plugin: string,
  held: readonly Grant[],
  { revoke = [], limit = [] }: GrantOptions,
): readonly Grant[] {
  const named = [...revoke, ...limit.map(([name]) => name)];
  const missing = named.filter((name) => !held.some((grant) => grant.name === name));
  if (missing.length > 0)
    throw new Refusal('grant_not_held', { detail: `${plugin} was not granted ${missing.join(', ')}.` });
  if (named.length === 0) return held;
  const scopes = Map.groupBy(limit, ([name]) => name);
  return held
    .filter(({ name }) => !revoke.includes(name))
    .map((grant) => {
      const scope = scopes.get(grant.name)?.map(([, entry]) => entry);
      return scope === undefined ? grant : { ...grant, scope };
    });
}

type Action = {
  readonly name: string;
  readonly title: string;
  readonly default: string;
  readonly role: string;
};

async function actions(io: Io, named: string, options: ActionOptions): Promise<Report> {
  const { client, path } = await openInstalled(io, options, named);
  for (const [action, role] of options.map ?? [])
    await client.send('PUT', `${path}/actions/${encodeURIComponent(action)}`, { role });
  const answer = await client.get<{ items: Action[] }>(`${path}/actions`);
  const items = answer.items;
  const lines = items.map(
    ({ name, title, role, default: proposed }) =>
      `${name}: from ${role} on${role === proposed ? '' : `, proposed was ${proposed}`} (${title})`,
  );
  return done(lines.length === 0 ? ['it defines no rights'] : lines, answer);
}

type Receipt = {
  readonly version: string;
  readonly digest: string;
  readonly granted: readonly Grant[];
  readonly grantedAt: string;
  readonly grantedBy: string;
};

const OUTPUT_MODE = 0o644;

async function receipts(io: Io, named: string, options: ReceiptOptions): Promise<Report> {
  const { client, plugin, path } = await openInstalled(io, options, named);
  const answer = await client.list<Receipt>(`${path}/receipts`);
  const items = answer.items;
  if (options.out !== undefined) {
    await createOutput(io, options.out, `${JSON.stringify(answer, null, 2)}\n`, OUTPUT_MODE);
    return done([`wrote ${items.length} receipt(s) to ${options.out}`], { plugin, file: options.out });
  }
  const lines = items.map(({ grantedAt, grantedBy, version, digest, granted }) => {
    const names = granted.map(({ name }) => name).join(', ') || 'nothing';
    return `${grantedAt} ${grantedBy} granted ${names} to ${version} (${digest})`;
  });
  return done(lines.length === 0 ? ['nobody granted it anything'] : lines, answer);
}

/** `souk plugin pending|accept|decline`: upgrades that ask for more than the version in place, and wait. */
import { Refusal } from '../../spec/refusal.ts';
import { openClient, type ApiClient } from '../api-client.ts';
import { requireOrg, type ServerOptions } from '../credentials.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { INSTALLED_PLUGIN, openInstalled } from '../installed.ts';
import type { Io } from '../io.ts';
import { consentTo, planLines, type ShownPlan } from '../plan-text.ts';
import { orgPath } from '../plugin-path.ts';
import type { Report } from '../report.ts';
import { done, withOrg } from '../server-verb.ts';
import type { AddVerb, Shell } from '../shell.ts';

type Pending = Pick<ShownPlan, 'changes' | 'permissions' | 'advisories' | 'conflicts'> & {
  readonly version: string;
  readonly since: string;
};
type Upgradable = {
  readonly plugin: string;
  readonly version: string;
  readonly pendingUpgrade: Pending | null;
};
/** What became of a wish to upgrade. */
type Renewal =
  | { readonly kind: 'current'; readonly heldBack?: { readonly message: string } }
  | { readonly kind: 'upgraded'; readonly version: string }
  | { readonly kind: 'pending'; readonly pending: Pending };
type Accepting = ServerOptions & { readonly yes?: boolean };
type Asking = ServerOptions & { readonly range?: string };

export function registerPendingVerbs({ io, report }: Shell, verb: AddVerb): void {
  withOrg(verb('renew', 'upgrade at once where nothing new is asked for; else the upgrade waits for consent'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .option('--range <range>', 'which versions to take, such as ^1.2.0')
    .action((plugin: string, options: Asking) => report(options, () => renew(io, plugin, options)));
  withOrg(verb('pending', 'upgrades that wait for consent')).action((options: ServerOptions) =>
    report(options, () => list(io, options)),
  );
  withOrg(verb('accept', 'show what an upgrade that waits asks for; with --yes also consent to it'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .option('--yes', 'grant every permission that it asks for')
    .action((plugin: string, options: Accepting) => report(options, () => accept(io, plugin, options)));
  withOrg(verb('decline', 'decline an upgrade that waits; the version in place stays'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .action((plugin: string, options: ServerOptions) => report(options, () => decline(io, plugin, options)));
}

async function renew(io: Io, named: string, options: Asking): Promise<Report> {
  const { client, plugin, path } = await openInstalled(io, options, named);
  const body = options.range === undefined ? {} : { range: options.range };
  const answer = await client.send<Renewal>('POST', `${path}/upgrade`, body);
  switch (answer.kind) {
    case 'current':
      return done(
        [`${plugin} is the newest that fits`, ...(answer.heldBack ? [answer.heldBack.message] : [])],
        answer,
      );
    case 'upgraded':
      return done([`${plugin} is ${answer.version} now`], answer);
    case 'pending': {
      const { pending } = answer;
      return waiting([`${plugin} ${pending.version} waits for consent:`, ...linesOf(pending)], answer);
    }
  }
}

async function list(io: Io, options: ServerOptions): Promise<Report> {
  const path = `${orgPath(requireOrg(io, options))}/installations`;
  const installed = await (await openClient(io, options)).list<Upgradable>(path);
  const items = installed.items.flatMap(({ plugin, version, pendingUpgrade }) =>
    pendingUpgrade === null ? [] : [{ plugin, version, pendingUpgrade }],
  );
  const lines = items.map(
    ({ plugin, version, pendingUpgrade }) =>
      `${plugin} ${version} → ${pendingUpgrade.version} since ${pendingUpgrade.since}, ` +
      `asks for ${pendingUpgrade.permissions.length} permission(s)`,
  );
  return done(lines.length === 0 ? ['nothing waits'] : lines, { items });
}

async function accept(io: Io, named: string, options: Accepting): Promise<Report> {
  const { client, plugin, path } = await openInstalled(io, options, named);
  const pending = await readPending(client, path, plugin);
  if (!options.yes) {
    return waiting([...linesOf(pending), 'Nothing was changed. To consent to this, repeat it with --yes.'], {
      pendingUpgrade: pending,
    });
  }
  const consent = { grants: consentTo(pending.permissions) };
  const answer = await client.send('POST', `${path}/pending-upgrade`, { consent });
  return done([...linesOf(pending), `${plugin} is ${String(answer['version'])} now`], answer);
}

async function decline(io: Io, named: string, options: ServerOptions): Promise<Report> {
  const { client, plugin, path } = await openInstalled(io, options, named);
  await client.send('DELETE', `${path}/pending-upgrade`);
  return done([`${plugin} stays as it is`], { plugin });
}

/** @throws Refusal `upgrade_not_pending` */
async function readPending(client: ApiClient, path: string, plugin: string): Promise<Pending> {
  const { pendingUpgrade } = await client.get<Upgradable>(path);
  if (pendingUpgrade) return pendingUpgrade;
  throw new Refusal('upgrade_not_pending', { detail: `No upgrade of ${plugin} waits.` });
}

function linesOf(pending: Pending): string[] {
  return planLines({ ...pending, id: '', missingConfig: [], missingSecrets: [] });
}

function waiting(lines: readonly string[], data: object): Report {
  return { exitCode: EXIT_CODES.consentAwaited, lines, data };
}

/** `souk plugin plan|apply|install|upgrade|rollback`: nothing changes before somebody has seen the plan. */
import type { JsonObject } from '../../spec/json.ts';
import type { PluginId } from '../../spec/plugin-id.ts';
import { openClient, type ApiClient } from '../api-client.ts';
import { requireOrg, type ServerOptions } from '../credentials.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { findInstalled, INSTALLED_PLUGIN } from '../installed.ts';
import type { Io } from '../io.ts';
import { consentTo, planLines, type ShownPlan } from '../plan-text.ts';
import { orgPath, requirePluginId } from '../plugin-path.ts';
import type { Report } from '../report.ts';
import { done, withOrg } from '../server-verb.ts';
import type { AddVerb, Shell } from '../shell.ts';

type PlanOptions = ServerOptions & {
  readonly range?: string;
  readonly version?: string;
  readonly yes?: boolean;
};

type Wish = { readonly kind: 'install' | 'upgrade' | 'rollback'; readonly plugin: PluginId };

export function registerPlanVerbs(shell: Shell, verb: AddVerb): void {
  withOrg(verb('plan', 'show what installing would change and ask for; changes nothing'))
    .argument('<plugin>', 'publisher/name')
    .option('--range <range>', 'which versions to take, such as ^1.2.0')
    .action((plugin: string, options: PlanOptions) =>
      shell.report(options, () => showPlan(shell.io, plugin, options)),
    );
  withOrg(verb('apply', 'consent to a plan exactly as it was shown, and carry it out'))
    .argument('<plan>', 'the id that souk plugin plan printed')
    .action((plan: string, options: ServerOptions) =>
      shell.report(options, () => applyShown(shell.io, plan, options)),
    );
  withOrg(verb('install', 'show the plan; with --yes also consent to it and carry it out'))
    .argument('<plugin>', 'publisher/name')
    .option('--range <range>', 'which versions to take, such as ^1.2.0')
    .option('--yes', 'grant every permission that the plan asks for')
    .action((plugin: string, options: PlanOptions) =>
      shell.report(options, () => planAndApply(shell.io, 'install', plugin, options)),
    );
  withOrg(verb('upgrade', 'show the plan of an upgrade; with --yes also carry it out'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .option('--range <range>', 'which versions to take, such as ^1.2.0')
    .option('--yes', 'grant every permission that the plan asks for')
    .action((plugin: string, options: PlanOptions) =>
      shell.report(options, () => planAndApply(shell.io, 'upgrade', plugin, options)),
    );
  withOrg(verb('rollback', 'show the plan of going back; with --yes also carry it out'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .option('--version <version>', 'a version that was kept; the one before where absent')
    .option('--yes', 'grant every permission that the plan asks for')
    .action((plugin: string, options: PlanOptions) =>
      shell.report(options, () => planAndApply(shell.io, 'rollback', plugin, options)),
    );
}

async function showPlan(io: Io, plugin: string, options: PlanOptions): Promise<Report> {
  const org = requireOrg(io, options);
  const wish: Wish = { kind: 'install', plugin: requirePluginId(plugin) };
  const plan = await createPlan(await openClient(io, options), org, wish, options);
  return done([...planLines(plan), `To consent to exactly this: ${applyCommand(plan, org)}`], plan);
}

async function applyShown(io: Io, id: string, options: ServerOptions): Promise<Report> {
  const org = requireOrg(io, options);
  const client = await openClient(io, options);
  const plan = await client.get<ShownPlan>(`${orgPath(org)}/plans/${encodeURIComponent(id)}`);
  const applied = await apply(client, org, plan);
  return done(appliedLines(plan, org), applied);
}

async function planAndApply(
  io: Io,
  kind: Wish['kind'],
  named: string,
  options: PlanOptions,
): Promise<Report> {
  const org = requireOrg(io, options);
  const client = await openClient(io, options);
  const plugin = kind === 'install' ? requirePluginId(named) : await findInstalled(client, org, named);
  return consentOrShow(client, org, await createPlan(client, org, { kind, plugin }, options), options);
}

/** With `yes` consents to the plan and carries it out; else shows it, and says how to consent to exactly this. */
export async function consentOrShow(
  client: ApiClient,
  org: string,
  plan: ShownPlan,
  options: { readonly yes?: boolean },
): Promise<Report> {
  if (options.yes) {
    const applied = await apply(client, org, plan);
    return done([...planLines(plan), ...appliedLines(plan, org)], { plan, ...applied });
  }
  return {
    exitCode: EXIT_CODES.consentAwaited,
    lines: [
      ...planLines(plan),
      `Nothing was changed. To consent to exactly this: ${applyCommand(plan, org)}`,
    ],
    data: { plan, items: null },
  };
}

function createPlan(
  client: ApiClient,
  org: string,
  wish: Wish,
  { range, version }: PlanOptions,
): Promise<ShownPlan> {
  return client.send<ShownPlan>('POST', `${orgPath(org)}/plans`, {
    ...wish,
    ...(range === undefined ? {} : { range }),
    ...(version === undefined ? {} : { version }),
  });
}

function apply(client: ApiClient, org: string, plan: ShownPlan): Promise<JsonObject> {
  const grants = consentTo(plan.permissions);
  return client.send('POST', `${orgPath(org)}/installations`, { plan: plan.id, consent: { grants } });
}

function appliedLines({ changes, permissions }: ShownPlan, org: string): string[] {
  const moved = changes.filter(({ kind }) => kind !== 'keep');
  return [
    `done in ${org}: ${moved.map(({ kind, plugin }) => `${kind} ${plugin}`).join(', ') || 'nothing'}; ` +
      `granted ${permissions.length} permission(s)`,
  ];
}

function applyCommand({ id }: ShownPlan, org: string): string {
  return `souk plugin apply ${id} --org ${org}`;
}

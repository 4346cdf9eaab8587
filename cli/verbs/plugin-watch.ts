/** `souk plugin providers|events|test|metrics`: what can be connected, how a plugin is, and how it has run. */
import { openClient } from '../api-client.ts';
import { requireOrg, type ServerOptions } from '../credentials.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { INSTALLED_PLUGIN, openInstalled } from '../installed.ts';
import type { Io } from '../io.ts';
import { orgPath } from '../plugin-path.ts';
import type { Report } from '../report.ts';
import { done, withOrg } from '../server-verb.ts';
import type { AddVerb, Shell } from '../shell.ts';

type ProviderOptions = ServerOptions & { readonly type?: string; readonly category?: string };
type MetricsOptions = ServerOptions & { readonly days: string };

export function registerWatchVerbs({ io, report }: Shell, verb: AddVerb): void {
  withOrg(verb('providers', 'what can be connected, and how what is connected is'))
    .option('--type <type>', 'such as integration or import')
    .option('--category <category>', 'such as communication')
    .action((options: ProviderOptions) => report(options, () => providers(io, options)));
  withOrg(verb('events', 'what happened to a plugin, newest first; also after it was uninstalled'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .option('--limit <count>', 'how many', '50')
    .action((plugin: string, options: ServerOptions & { limit: string }) =>
      report(options, () => events(io, plugin, options)),
    );
  withOrg(verb('test', 'ask the plugin how it is; ends with 1 where it is not well'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .action((plugin: string, options: ServerOptions) => report(options, () => test(io, plugin, options)));
  withOrg(verb('metrics', 'how often it ran, how that ended, and what it was denied'))
    .argument('<plugin>', INSTALLED_PLUGIN)
    .option('--days <count>', 'today (UTC) and the days before it, together', '7')
    .action((plugin: string, options: MetricsOptions) => report(options, () => metrics(io, plugin, options)));
}

type Provider = {
  readonly plugin: string;
  readonly version: string;
  readonly type: string | null;
  readonly category: string | null;
  readonly name: string;
  readonly installed: {
    readonly version: string;
    readonly status: string;
    readonly reason: string | null;
  } | null;
};

async function providers(io: Io, options: ProviderOptions): Promise<Report> {
  const { type, category } = options;
  const query = new URLSearchParams({
    ...(type === undefined ? {} : { type }),
    ...(category === undefined ? {} : { category }),
  });
  const path = `${orgPath(requireOrg(io, options))}/providers?${query}`;
  const answer = await (await openClient(io, options)).list<Provider>(path);
  const items = answer.items;
  const lines = items.map(({ plugin, version, type: kind, category: group, name, installed }) => {
    const state = installed
      ? `${installed.version} ${installed.status}${installed.reason === null ? '' : `: ${installed.reason}`}`
      : 'not installed';
    return `${plugin} ${version} (${[kind, group, name].filter(Boolean).join(', ')}) ${state}`;
  });
  return done(lines.length === 0 ? ['nothing can be connected'] : lines, answer);
}

type Happened = { readonly at: string; readonly event: string; readonly detail: unknown };

async function events(io: Io, named: string, options: ServerOptions & { limit: string }): Promise<Report> {
  const query = new URLSearchParams({ limit: options.limit });
  const { client, path } = await openInstalled(io, options, named);
  const answer = await client.get<{ items: Happened[] }>(`${path}/events?${query}`);
  const items = answer.items;
  const lines = items.map(({ at, event, detail }) => `${at} ${event} ${JSON.stringify(detail)}`);
  return done(lines.length === 0 ? ['nothing happened to it'] : lines, answer);
}

async function test(io: Io, named: string, options: ServerOptions): Promise<Report> {
  const { client, plugin, path } = await openInstalled(io, options, named);
  const answer = await client.send('POST', `${path}/test`);
  if (answer['kind'] === 'done') return done([`${plugin} is well`], answer);
  const line = `${plugin} is not well: ${String(answer['reason'])}`;
  return { exitCode: EXIT_CODES.refused, lines: [line], data: answer };
}

type Metrics = {
  readonly calls: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly cpuMs: number;
  readonly latency: { readonly p50Ms: number | null; readonly p99Ms: number | null };
  readonly memory: { readonly runnerPeakBytes: number | null };
  readonly egress: { readonly requests: Readonly<Record<string, number>> };
  readonly denied: readonly { capability: string; permission: string; count: number; lastAt: string }[];
};

async function metrics(io: Io, named: string, options: MetricsOptions): Promise<Report> {
  const query = new URLSearchParams({ days: options.days });
  const { client, path } = await openInstalled(io, options, named);
  const answer = await client.get<Metrics>(`${path}/metrics?${query}`);
  return done(metricLines(answer), answer);
}

function metricLines({ calls, outcomes, cpuMs, latency, memory, egress, denied }: Metrics): string[] {
  const { p50Ms, p99Ms } = latency;
  const peak = memory.runnerPeakBytes;
  return [
    `calls: ${calls}${countsOf(outcomes)}`,
    `processor time: ${cpuMs} ms`,
    ...(calls === 0 ? [] : [`latency: half within ${bound(p50Ms)}, 99 of 100 within ${bound(p99Ms)}`]),
    ...(peak === null ? [] : [`largest runner process: ${Math.round(peak / 2 ** 20)} MiB`]),
    `requests out:${countsOf(egress.requests) || ' none'}`,
    ...denied.map(
      ({ capability, permission, count, lastAt }) =>
        `denied: ${capability} ${count} times for want of ${permission}, last ${lastAt}`,
    ),
  ];
}

function countsOf(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function bound(ms: number | null): string {
  return ms === null ? 'no bound' : `${ms} ms`;
}

/** `souk schedules`: commands that run by the clock. */
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import type { ServerOptions } from '../credentials.ts';
import { readJson } from '../json-argument.ts';
import { askItem, listItems } from '../org-items.ts';
import { requirePluginId } from '../plugin-path.ts';
import { withOrg } from '../server-verb.ts';
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

export function registerSchedules({ group, io, report }: Shell): void {
  const verb = group('schedules', 'what runs by the clock');
  withOrg(verb('list', 'schedules, and when each runs next')).action((options: ServerOptions) =>
    report(options, () =>
      listItems(io, options, { path: '/schedules', paging: 'whole', lineOf: scheduleLine }),
    ),
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
      return report(options, () => {
        const body = { name, plugin: requirePluginId(plugin), command, cron, args, timeZone, missed };
        return askItem(io, options, { method: 'POST', path: '/schedules', body });
      });
    });
  for (const step of ['pause', 'resume'] as const) {
    withOrg(verb(step, `${step} a schedule`))
      .argument('<schedule>', 'its id')
      .action((id: string, options: ServerOptions) =>
        report(options, () =>
          askItem(io, options, { method: 'POST', path: `/schedules/${encodeURIComponent(id)}/${step}` }),
        ),
      );
  }
  withOrg(verb('remove', 'remove a schedule that an administrator added'))
    .argument('<schedule>', 'its id')
    .action((id: string, options: ServerOptions) =>
      report(options, () =>
        askItem(io, options, { method: 'DELETE', path: `/schedules/${encodeURIComponent(id)}` }),
      ),
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
  return words.map(String).join(' ');
}

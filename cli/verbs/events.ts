/** `souk events`: what plugins are told, what waits, and what failed. */
import type { JsonObject, JsonValue } from '../../spec/json.ts';
import type { ServerOptions } from '../credentials.ts';
import { readJson } from '../json-argument.ts';
import { askItem, listItems } from '../org-items.ts';
import { withOrg } from '../server-verb.ts';
import type { Shell } from '../shell.ts';

type EmitOptions = ServerOptions & { readonly data: JsonValue; readonly key?: string };

export function registerEvents({ group, io, report }: Shell): void {
  const verb = group('events', 'what plugins are told');
  withOrg(verb('emit', 'tell the plugins of the organization something'))
    .argument('<name>', 'such as invitations.send-requested')
    .option('--data <json>', 'what is told', readJson, {})
    .option('--key <key>', 'events of one key arrive in order')
    .action((name: string, options: EmitOptions) => {
      const body = { name, data: options.data, ...(options.key === undefined ? {} : { key: options.key }) };
      return report(options, () => askItem(io, options, { method: 'POST', path: '/events', body }));
    });
  withOrg(verb('waiting', 'how many events wait for each plugin, and why')).action((options: ServerOptions) =>
    report(options, () =>
      listItems(io, options, { path: '/events/waiting', paging: 'whole', lineOf: waitingLine }),
    ),
  );
  withOrg(verb('dead-letters', 'events that a handler failed on too often')).action(
    (options: ServerOptions) =>
      report(options, () =>
        listItems(io, options, { path: '/events/dead-letters', paging: 'pages', lineOf: letterLine }),
      ),
  );
  withOrg(verb('replay', 'deliver dead letters once more'))
    .argument('[letter]', 'its id; all of them where absent')
    .action((letter: string | undefined, options: ServerOptions) => {
      const one = letter === undefined ? '' : `/${encodeURIComponent(letter)}`;
      return report(options, () =>
        askItem(io, options, { method: 'POST', path: `/events/dead-letters${one}/replay` }),
      );
    });
}

function waitingLine({ plugin, waiting, deadLetters, waitingSince, error }: JsonObject): string {
  const since = typeof waitingSince === 'string' ? ` since ${waitingSince}` : '';
  const why = typeof error === 'string' ? `: ${error}` : '';
  return `${String(plugin)} ${String(waiting)} waiting${since}, ${String(deadLetters)} dead letters${why}`;
}

function letterLine({ id, plugin, event, error }: JsonObject): string {
  return `${String(id)} ${String(plugin)} ${String((event as JsonObject)['name'])}: ${String(error)}`;
}

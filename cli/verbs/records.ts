/** `souk records`: what an organization keeps records of. */
import type { JsonObject } from '../../spec/json.ts';
import type { ServerOptions } from '../credentials.ts';
import { askItem, listItems } from '../org-items.ts';
import { withOrg } from '../server-verb.ts';
import type { Shell } from '../shell.ts';

type ListOptions = ServerOptions & { readonly filter?: readonly string[] };

export function registerRecords({ group, io, report }: Shell): void {
  const verb = group('records', 'what an organization keeps records of');
  withOrg(verb('list', 'records of a type, older ones first'))
    .argument('<type>', 'such as member')
    .option('--filter <field:text...>', 'only records with this text in this field')
    .action((type: string, options: ListOptions) => {
      const query = (options.filter ?? []).map((each) => `filter=${encodeURIComponent(each)}`).join('&');
      const path = `/records/${encodeURIComponent(type)}${query === '' ? '' : `?${query}`}`;
      return report(options, () => listItems(io, options, { path, paging: 'pages', lineOf: recordLine }));
    });
  withOrg(verb('show', 'a record, with where it comes from'))
    .argument('<type>', 'such as member')
    .argument('<record>', 'its id')
    .action((type: string, id: string, options: ServerOptions) =>
      report(options, () =>
        askItem(io, options, {
          method: 'GET',
          path: `/records/${encodeURIComponent(type)}/${encodeURIComponent(id)}`,
        }),
      ),
    );
}

function recordLine({ id, type, data }: JsonObject): string {
  return `${String(id)} ${String(type)} ${JSON.stringify(data)}`;
}
